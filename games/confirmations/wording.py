"""All wording about edits, confirmations and scheduling again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _

from games.core.codes import AuditAction
from games.core.payloads import ConfirmationSummaryPayload
from games.core.settings import SETTINGS
from games.core.wording import DELETED_CHANNEL, NAMES_SHOWN, listed, timestamp
from games.signups.notification_wording import your_guest_left
from gamesched.lib.durations import minutes_text
from gamesched.lib.sentences import join_and
from guilds.templatetags.zoned_times import when

# --- what was changed ------------------------------------------------------------------------------------

CHANGE_LABELS = {
    "title": gettext_noop("Title"),
    "start": gettext_noop("Start"),
    "duration": gettext_noop("Lasts"),
    "location": gettext_noop("Where"),
    "channel": gettext_noop("Channel"),
    "host": gettext_noop("Host"),
    "instructions": gettext_noop("For players only"),
}
CHANGED = gettext_noop("Changed")
REWRITTEN = gettext_noop("rewritten")  # for a text too long to show before and after, and not for everybody to read
ARROW = "→"
NOTHING = gettext_noop("none")


def value_text(word: str, value: Any, time: Callable[[datetime], str], channel: Callable[[int], str]) -> str:
    """Return a value before or after a change as text; `time` and `channel` format for the reader's place."""
    match word:
        case "start":
            return time(datetime.fromisoformat(value))
        case "duration":
            return minutes_text(value)
        case "channel":
            return channel(value)
    return str(value) or gettext(NOTHING)


def change_text(word: str, before: str, after: str, strike: str = "~~") -> str:
    """Return `Lasts: ~~2 hours~~ → 3 hours`; `before` and `after` are escaped already."""
    label = gettext(CHANGE_LABELS[word])
    if word == "instructions":
        return f"{label}: {gettext(REWRITTEN)}"
    return f"{label}: {strike}{before}{strike} {ARROW} {after}"


def edited(title: str, guild: str, starts_at: datetime, url: str, lines: Sequence[str], instructions: str) -> str:
    """Return the message about edits to a game that the reader is in."""
    text = _("✏️ **%(title)s** in %(guild)s, %(when)s, was changed.")
    game = {"title": title, "guild": guild, "when": timestamp(starts_at)}
    return f"{text % game}\n{_change_list(lines, instructions)}{url}"


def _change_list(lines: Sequence[str], instructions: str) -> str:
    text = "".join(f"- {line}\n" for line in lines)
    return text + "".join(f"> {line}\n" for line in instructions.split("\n") if instructions)


# --- confirmations ---------------------------------------------------------------------------------------

CAN_YOU_STILL = gettext_noop("Can you still make it?")
YES, NO = gettext_noop("Yes, I'm in"), gettext_noop("I can't")
CONFIRMED = gettext_noop("You're in. The host sees that you can make it.")
ALREADY_CONFIRMED = gettext_noop("You already answered, and you're in.")
NO_OPEN_CONFIRMATION = gettext_noop("There's no open question for you. See the game's page.")
TO_CONFIRM = gettext_noop("(to confirm)")
UNCONFIRMED_LABEL = gettext_noop("If someone doesn't confirm the new start")
UNCONFIRMED_HELP = gettext_noop("If you move the start far, we ask everyone seated again.")
UNCONFIRMED_CHOICES = {"yes": gettext_noop("they lose the seat"), "no": gettext_noop("they keep the seat")}


def asked_again(names: Sequence[str]) -> str:
    """Return whom an edit asks to confirm; starts with a space, or is ''."""
    if not names:
        return ""
    named = join_and(names) if len(names) <= NAMES_SHOWN else listed(names)
    text = ngettext(
        "We ask %(names)s again whether they can make it.",
        "We ask %(names)s again whether they can make it.",
        len(names),
    )
    return " " + text % {"names": named}


def asks_again(asked: int, askable: int, beyond: timedelta) -> str:
    """Return what saving a moved start asks of the players, or from how far a move on; '' for nothing."""
    if asked:
        text = ngettext("We ask %(count)d player again.", "We ask %(count)d players again.", asked)
        return text % {"count": asked}
    if not askable:
        return ""
    return _("A move of more than %(time)s asks everyone again.") % {
        "time": minutes_text(beyond // timedelta(minutes=1))
    }


def unconfirmed_inherited(frees: bool) -> str:
    return _("as set: %(choice)s") % {"choice": gettext(UNCONFIRMED_CHOICES["yes" if frees else "no"])}


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
    if rescheduled:
        text = _(
            "❓ **%(title)s** in %(guild)s is scheduled again: it starts %(when)s. "
            "Can you make it? Answer by %(until)s."
        )
    else:
        text = _(
            "❓ **%(title)s** in %(guild)s was moved: it starts %(when)s. Can you still make it? Answer by %(until)s."
        )
    text %= {"title": title, "guild": guild, "when": timestamp(starts_at), "until": until}
    if drops_unconfirmed:
        warning = _("Without an answer you lose your place.")
        text = f"{text} {warning}"
    return f"{text}\n{_change_list(lines, instructions)}{url}"


def dropped_unconfirmed(title: str, guild: str, starts_at: datetime, url: str, guest: str) -> str:
    lost = _("You didn't confirm **%(title)s** in %(guild)s, %(when)s, so you lost your place.") % {
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
    }
    too = [your_guest_left(guest)] if guest else []
    return "\n".join([" ".join([lost, *too, _("You can sign up again on its page.")]), url])


def confirmation_summary(
    title: str, guild: str, starts_at: datetime, url: str, counts: ConfirmationSummaryPayload
) -> str:
    """Return the message that tells the host the result of a confirmation."""
    if not counts.unconfirmed:
        text = _(
            "📋 **%(title)s** in %(guild)s, %(when)s: %(confirmed)d come, %(left)d left, %(unconfirmed)d didn't answer."
        )
    elif counts.dropped:
        text = ngettext(
            "📋 **%(title)s** in %(guild)s, %(when)s: %(confirmed)d come, %(left)d left, %(unconfirmed)d didn't "
            "answer, and lost their place.",
            "📋 **%(title)s** in %(guild)s, %(when)s: %(confirmed)d come, %(left)d left, %(unconfirmed)d didn't "
            "answer, and lost their place.",
            counts.unconfirmed,
        )
    else:
        text = ngettext(
            "📋 **%(title)s** in %(guild)s, %(when)s: %(confirmed)d come, %(left)d left, %(unconfirmed)d didn't "
            "answer, and keep their place.",
            "📋 **%(title)s** in %(guild)s, %(when)s: %(confirmed)d come, %(left)d left, %(unconfirmed)d didn't "
            "answer, and keep their place.",
            counts.unconfirmed,
        )
    text %= {
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
        "confirmed": counts.confirmed,
        "left": counts.left,
        "unconfirmed": counts.unconfirmed,
    }
    return f"{text}\n{url}"


# --- scheduling again ------------------------------------------------------------------------------------

CARRY_LABEL = gettext_noop("Carry players over")
CARRY_HELP = gettext_noop(
    "We leave out people who left, are blocked or lost the role to play. If you don't run this "
    "game, we ask its players to join instead."
)
CLONE_PARTICIPANTS_HELP = gettext_noop(
    "One per line: @ and a member's name, or any name from outside Discord. They come after "
    "everyone carried over, in this order. We notify them."
)
CARRY = {
    "no": gettext_noop("No"),
    "yes": gettext_noop("Yes: they keep seats and order, and we notify them"),
    "ask": gettext_noop("Yes, if they confirm in time"),
}


def carried(count: int, left_out: Sequence[str], confirming: bool) -> str:
    """Return who was carried over; starts with a space, or is ''."""
    text = ""
    if count and confirming:
        text = " " + ngettext(
            "We carried over %(count)d player and ask them to confirm.",
            "We carried over %(count)d players and ask them to confirm.",
            count,
        ) % {"count": count}
    elif count:
        text = " " + ngettext("We carried over %(count)d player.", "We carried over %(count)d players.", count) % {
            "count": count
        }
    return text + (" " + _("Left out: %(names)s.") % {"names": listed(left_out)} if left_out else "")


def template_made(name: str) -> str:
    return _("The template %(name)s is saved. Check it under Templates before hosts use it.") % {"name": name}


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (AuditAction.CONFIRM, AuditAction.CONFIRMATION_ENDED, AuditAction.CARRY_PLAYERS, AuditAction.CLONE)
HISTORY_VALUE_MAX = 80  # characters of a value in one line of a history


def describe_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return one line of a game's history."""
    match action:
        case AuditAction.CONFIRM:
            return _("%(who)s still comes") % {"who": who}
        case AuditAction.CONFIRMATION_ENDED:
            names = {"names": changes.get("for", "")}
            if changes.get("left"):
                return _("No answer from %(names)s, and lost their places") % names
            return _("No answer from %(names)s") % names
        case AuditAction.CARRY_PLAYERS:
            names = {"who": who, "names": changes.get("for"), "left_out": changes.get("left_out")}
            if names["names"] and names["left_out"]:
                return _("%(who)s carried over %(names)s; left out: %(left_out)s") % names
            if names["left_out"]:
                return _("%(who)s carried over nobody; left out: %(left_out)s") % names
            if names["names"]:
                return _("%(who)s carried over %(names)s") % names
            return _("%(who)s carried over nobody") % names
        case _:
            return _("%(who)s scheduled it again") % {"who": who}


def edit_text(who: str, changes: Mapping[str, Any], zone: str, channels: Mapping[int, str] | None) -> str:
    """Return an edit as one line of a game's history; times in the zone, channels by the names given."""
    changes_text = "; ".join(_pair_text(word, changes[word], zone, channels or {}) for word in sorted(changes))
    if not changes_text:
        return _("%(who)s changed nothing") % {"who": who}
    return _("%(who)s changed %(changes)s") % {"who": who, "changes": changes_text}


# What else may be edited, besides settings.
_OTHER_LABELS = {
    "co-hosts": gettext_noop("Co-hosts"),
    "description": gettext_noop("Description"),
    "time zone": gettext_noop("Time zone"),
    "template": gettext_noop("Template"),
}
_SETTING_LABELS = {setting.audit_key: setting.label for setting in SETTINGS.values()}


def _label(word: str) -> str:
    if word in CHANGE_LABELS or word in _OTHER_LABELS:
        return gettext(CHANGE_LABELS.get(word) or _OTHER_LABELS[word])
    # English has the word that the audit log has; other languages what forms call the setting.
    label = _SETTING_LABELS.get(word, "")
    translated = gettext(label)
    return translated if translated != label else word.capitalize()


def _pair_text(word: str, pair: Any, zone: str, channels: Mapping[int, str]) -> str:
    """Return one word of an edit, with before and after if they fit and need no lookup."""
    label = _label(word)
    short = word in {*CHANGE_LABELS, "seats", "co-hosts"} - {"instructions"}
    if not short or not isinstance(pair, list) or None in pair or (word == "channel" and not channels):
        return label

    def value(one: Any) -> str:
        if isinstance(one, list):
            one = ", ".join(one)
        if word == "seats" and not one:
            return _("unlimited")
        text = value_text(word, one, lambda at: when(at, zone), lambda pk: channels.get(pk) or gettext(DELETED_CHANNEL))
        return text if len(text) <= HISTORY_VALUE_MAX else f"{text[: HISTORY_VALUE_MAX - 1]}…"

    return f"{label}: {value(pair[0])} {ARROW} {value(pair[1])}"
