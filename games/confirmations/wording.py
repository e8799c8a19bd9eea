"""All wording about edits, confirmations and scheduling again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from games.core.codes import AuditAction
from games.core.payloads import ConfirmationSummaryPayload
from games.core.wording import DELETED_CHANNEL, listed, timestamp
from games.signups.notification_wording import your_guest_left
from gamesched.lib.durations import minutes_text
from guilds.templatetags.zoned_times import when

# --- what was changed ------------------------------------------------------------------------------------

CHANGE_LABELS = {
    "title": "Title",
    "start": "Start",
    "duration": "Lasts",
    "location": "Where",
    "channel": "Channel",
    "host": "Host",
    "instructions": "For players only",
}
CHANGED = "Changed"
REWRITTEN = "rewritten"  # for a text too long to show before and after, and not for everybody to read
ARROW = "→"
NOTHING = "none"


def value_text(word: str, value: Any, time: Callable[[datetime], str], channel: Callable[[int], str]) -> str:
    """Return a value before or after a change as text; `time` and `channel` format for the reader's place."""
    match word:
        case "start":
            return time(datetime.fromisoformat(value))
        case "duration":
            return minutes_text(value)
        case "channel":
            return channel(value)
    return str(value) or NOTHING


def change_text(word: str, before: str, after: str, strike: str = "~~") -> str:
    """Return `Lasts: ~~2 hours~~ → 3 hours`; `before` and `after` are escaped already."""
    if word == "instructions":
        return f"{CHANGE_LABELS[word]}: {REWRITTEN}"
    return f"{CHANGE_LABELS[word]}: {strike}{before}{strike} {ARROW} {after}"


def edited(title: str, guild: str, starts_at: datetime, url: str, lines: Sequence[str], instructions: str) -> str:
    """Return the message about edits to a game that the reader is in."""
    return f"✏️ **{title}** in {guild}, {timestamp(starts_at)}, was changed.\n{_change_list(lines, instructions)}{url}"


def _change_list(lines: Sequence[str], instructions: str) -> str:
    text = "".join(f"- {line}\n" for line in lines)
    return text + "".join(f"> {line}\n" for line in instructions.split("\n") if instructions)


# --- confirmations ---------------------------------------------------------------------------------------

YES, NO = "I still come", "I can't"
CONFIRMED = "You're in. The host sees that you still come."
ALREADY_CONFIRMED = "You already answered, and you're in."
NO_OPEN_CONFIRMATION = "There's no open question for you. See the game's page."
TO_CONFIRM = "(to confirm)"
UNCONFIRMED_LABEL = "If someone doesn't confirm the new start"
UNCONFIRMED_HELP = "If you move the start far, we ask everyone seated whether they still come."
UNCONFIRMED_CHOICES = {"yes": "they lose the seat", "no": "they keep the seat"}


def unconfirmed_inherited(frees: bool) -> str:
    return f"as set: {UNCONFIRMED_CHOICES['yes' if frees else 'no']}"


def confirmation_request(
    title: str,
    guild: str,
    starts_at: datetime,
    url: str,
    lines: Sequence[str],
    instructions: str,
    until: str,
    drops_unconfirmed: bool,
    rescheduled: bool,
) -> str:
    """Return the message that asks one player to confirm, with what else was changed."""
    what = "is scheduled again" if rescheduled else "was moved"
    consequence = " Without an answer you lose your place." if drops_unconfirmed else ""
    still = "" if rescheduled else "still "
    return (
        f"❓ **{title}** in {guild} {what}: it starts {timestamp(starts_at)}. Do you {still}come? "
        f"Answer until {until}.{consequence}\n{_change_list(lines, instructions)}{url}"
    )


def dropped_unconfirmed(title: str, guild: str, starts_at: datetime, url: str, guest: str) -> str:
    too = f" {your_guest_left(guest)}" if guest else ""
    return (
        f"You didn't confirm **{title}** in {guild}, {timestamp(starts_at)}, so you lost your place.{too} "
        f"You can sign up again on its page.\n{url}"
    )


def confirmation_summary(
    title: str, guild: str, starts_at: datetime, url: str, counts: ConfirmationSummaryPayload
) -> str:
    """Return the message that tells the host the result of a confirmation."""
    what = ", and lost their place" if counts.dropped else ", and keep their place"
    return (
        f"📋 **{title}** in {guild}, {timestamp(starts_at)}: {counts.confirmed} come, {counts.left} left, "
        f"{counts.unconfirmed} didn't answer{what if counts.unconfirmed else ''}.\n{url}"
    )


# --- scheduling again ------------------------------------------------------------------------------------

CARRY_LABEL = "Carry players over"
CARRY_HELP = (
    "We leave out people who left, are blocked or lost the role to play. If you don't run this game, we ask "
    "its players to join instead."
)
CLONE_PARTICIPANTS_HELP = (
    "One per line: @ and a member's name, or any name from outside Discord. They come after everyone "
    "carried over, in this order. We notify them."
)
CARRY = {
    "no": "No",
    "yes": "Yes: they keep seats and order, and we notify them",
    "ask": "Yes, if they confirm in time",
}


def carried(count: int, left_out: Sequence[str], confirming: bool) -> str:
    """Return who was carried over; starts with a space, or is ''."""
    text = ""
    if count:
        people = "1 player" if count == 1 else f"{count} players"
        text = f" We carried over {people}."
        if confirming:
            text = f" We carried over {people} and ask them to confirm."
    return text + (f" Left out: {listed(left_out)}." if left_out else "")


def template_made(name: str) -> str:
    return f"The template {name} is saved. Check it under Templates before hosts use it."


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (AuditAction.CONFIRM, AuditAction.CONFIRMATION_ENDED, AuditAction.CARRY_PLAYERS, AuditAction.CLONE)
HISTORY_VALUE_MAX = 80  # characters of a value in one line of a history


def describe_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return one line of a game's history."""
    match action:
        case AuditAction.CONFIRM:
            return f"{who} still comes"
        case AuditAction.CONFIRMATION_ENDED:
            lost = ", and lost their places" if changes.get("left") else ""
            return f"No answer from {changes.get('for', '')}{lost}"
        case AuditAction.CARRY_PLAYERS:
            left_out = changes.get("left_out")
            return f"{who} carried over {changes.get('for') or 'nobody'}{f'; left out: {left_out}' if left_out else ''}"
        case _:
            return f"{who} scheduled it again"


def edit_text(who: str, changes: Mapping[str, Any], zone: str, channels: Mapping[int, str] | None) -> str:
    """Return an edit as one line of a game's history; times in the zone, channels by the names given."""
    changes_text = "; ".join(_pair_text(word, changes[word], zone, channels or {}) for word in sorted(changes))
    return f"{who} changed {changes_text or 'nothing'}"


def _pair_text(word: str, pair: Any, zone: str, channels: Mapping[int, str]) -> str:
    """Return one word of an edit, with before and after if they fit and need no lookup."""
    label = CHANGE_LABELS.get(word, word.capitalize())
    short = word in {*CHANGE_LABELS, "seats", "co-hosts"} - {"instructions"}
    if not short or not isinstance(pair, list) or None in pair or (word == "channel" and not channels):
        return label

    def value(one: Any) -> str:
        if isinstance(one, list):
            one = ", ".join(one)
        if word == "seats" and not one:
            return "unlimited"
        text = value_text(word, one, lambda at: when(at, zone), lambda pk: channels.get(pk, DELETED_CHANNEL))
        return text if len(text) <= HISTORY_VALUE_MAX else f"{text[: HISTORY_VALUE_MAX - 1]}…"

    return f"{label}: {value(pair[0])} {ARROW} {value(pair[1])}"
