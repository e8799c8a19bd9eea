"""All wording about edits that players hear of, being asked again, and scheduling again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from games.core.wording import stamp
from gamesched.lib.durations import minutes_text
from guilds.templatetags.when import when

# --- what was changed ------------------------------------------------------------------------------------

LABELS = {
    "title": "Title",
    "start": "Start",
    "duration": "Lasts",
    "location": "Where",
    "channel": "Channel",
    "host": "Host",
    "instructions": "For those who signed up",
}
CHANGED = "Changed"
REWRITTEN = "written anew"  # of a text too long to stand beside what it was, and not for everybody to read
ARROW = "→"
NOTHING = "none"


def value_text(word: str, value: Any, time: Callable[[datetime], str], channel: Callable[[int], str]) -> str:
    """One value before or after a change, in words; times and channels as the reader's place shows them."""
    match word:
        case "start":
            return time(datetime.fromisoformat(value))
        case "duration":
            return minutes_text(value)
        case "channel":
            return channel(value)
    return str(value) or NOTHING


def changed_line(word: str, before: str, after: str, strike: str = "~~") -> str:
    """`Lasts: ~~2 hours~~ → 3 hours`, of texts that are escaped already."""
    if word == "instructions":
        return f"{LABELS[word]}: {REWRITTEN}"
    return f"{LABELS[word]}: {strike}{before}{strike} {ARROW} {after}"


def edited(title: str, guild: str, starts_at: datetime, url: str, lines: Sequence[str], instructions: str) -> str:
    """What was changed of a game that somebody is in."""
    return f"✏️ **{title}** in {guild}, {stamp(starts_at)}, was changed.\n{_listed(lines, instructions)}{url}"


def _listed(lines: Sequence[str], instructions: str) -> str:
    text = "".join(f"- {line}\n" for line in lines)
    return text + "".join(f"> {line}\n" for line in instructions.split("\n") if instructions)


# --- asking ----------------------------------------------------------------------------------------------

YES, NO = "I still come", "I can't"
CONFIRMED = "Good, you are in. The host sees that you still come."
ALREADY_CONFIRMED = "You are in already, so there is nothing more to answer."
NOT_ASKED = "You are not asked about this game at the moment. Its page shows how things stand."
TO_CONFIRM = "(to confirm)"
SILENCE_LABEL = "Who is asked again and does not answer"
SILENCE_HELP = "If the start moves far by this edit, everyone seated is asked whether they still come."
SILENCE_CHOICES = {"yes": "loses the seat", "no": "keeps the seat"}


def silence_inherits(frees: bool) -> str:
    return f"as set: {SILENCE_CHOICES['yes' if frees else 'no']}"


def asked(
    title: str,
    guild: str,
    starts_at: datetime,
    url: str,
    lines: Sequence[str],
    instructions: str,
    until: str,
    ends: bool,
    again: bool,
) -> str:
    """The question to one person, with what else was changed."""
    what = "is scheduled again" if again else "was moved"
    silence = " Without an answer your place goes to others." if ends else ""
    return (
        f"❓ **{title}** in {guild} {what}: it starts {stamp(starts_at)}. Do you {'' if again else 'still '}come? "
        f"Answer until {until}.{silence}\n{_listed(lines, instructions)}{url}"
    )


def lost_by_silence(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"You did not answer whether you come to **{title}** in {guild}, {stamp(starts_at)}, so your place is free for "
        f"others. You can sign up again on its page.\n{url}"
    )


def answered_sum(title: str, guild: str, starts_at: datetime, url: str, facts: Mapping[str, Any]) -> str:
    """To the host, what those asked said."""
    silent = facts["silent"]
    what = "" if not silent else ", and lost their place" if facts["freed"] else ", and keep their place"
    return (
        f"📋 **{title}** in {guild}, {stamp(starts_at)}: {facts['come']} come, {facts['left']} left, "
        f"{silent} did not answer{what}.\n{url}"
    )


# --- scheduling again ------------------------------------------------------------------------------------

CARRY_LABEL = "Carry players over"
CARRY_HELP = "Those who have left the server, are blocked, or lost the role to play are left out."
NAMED_HELP = (
    "One in each line: @ and a member's name, or a plain name for somebody not in Discord. They come after those "
    "carried over, in this order, and are told."
)
CARRY = {
    "no": "No",
    "yes": "Yes: they keep seats and order, and are told",
    "ask": "Yes, if they confirm: who does not answer in time loses the place",
}


def carried(count: int, left_out: Sequence[str], asked: bool) -> str:
    """Who came along; starts with a space, or is ''."""
    text = ""
    if count:
        people = "1 player is" if count == 1 else f"{count} players are"
        text = f" {people} carried over{', and asked to confirm' if asked else ''}."
    return text + (f" Left out: {', '.join(left_out)}." if left_out else "")


def template_made(name: str) -> str:
    return f"The template {name} is made. Look it through under Templates before hosts use it."


# --- history ---------------------------------------------------------------------------------------------

VERBS = ("confirm", "question_end", "carry", "again")
LONGEST = 80  # characters of a value in one line of a history


def line(verb: str, who: str, changes: Mapping[str, Any]) -> str:
    """One line of a game's history."""
    match verb:
        case "confirm":
            return f"{who} still comes"
        case "question_end":
            lost = ", and lost their places" if changes.get("left") else ""
            return f"No answer came from {changes.get('for', '')}{lost}"
        case "carry":
            left_out = changes.get("left_out")
            return f"{who} carried over {changes.get('for') or 'nobody'}{f'; left out: {left_out}' if left_out else ''}"
        case _:
            return f"{who} scheduled it again"


def edit_line(who: str, changes: Mapping[str, Any], zone: str, channels: Mapping[int, str] | None) -> str:
    """What was edited, in one line of a game's history; times by a clock in the zone, channels by the names given."""
    said = "; ".join(_pair_text(word, changes[word], zone, channels or {}) for word in sorted(changes))
    return f"{who} changed {said or 'nothing'}"


def _pair_text(word: str, pair: Any, zone: str, channels: Mapping[int, str]) -> str:
    """What one word of an edit says: before and after, where that fits a line and nobody must look anything up."""
    label = LABELS.get(word, word.capitalize())
    short = word in {*LABELS, "seats", "co-hosts"} - {"instructions"}
    if not short or not isinstance(pair, list) or None in pair or (word == "channel" and not channels):
        return label

    def value(one: Any) -> str:
        if isinstance(one, list):
            one = ", ".join(one)
        if word == "seats" and not one:
            return "unlimited"
        text = value_text(word, one, lambda at: when(at, zone), lambda pk: channels.get(pk, "a deleted channel"))
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

    return f"{label}: {value(pair[0])} {ARROW} {value(pair[1])}"
