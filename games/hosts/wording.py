"""All wording about hosts: seating and messaging players, taking a game over, and late leavers."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import quote, timestamp

MAY_NOT_TAKE_OVER = "Only managers of the server and co-hosts can take it over. Ask one of them."
HOST_LEFT = "The host left the server. A manager of the server or a co-host can take over."


# --- handing over ------------------------------------------------------------------------------------------

ACCEPT_LABEL, DECLINE_LABEL = "Run it", "No, thanks"
HANDED_OVER_TOO_OFTEN = "The host changed too often today. Wait, or ask a manager of the server."
HAND_OVER_DECLINED = "You said no, so the host stays. We notify them."


def invited_to_host(name: str, already: bool) -> str:
    """Return the reply to the host who hands a game over."""
    if already:
        return f"We already asked {name}. You stay the host until they say yes."
    return f"We ask {name} to run it. You stay the host until they say yes."


def hosts_it(name: str) -> str:
    """Return the addition to the reply to whoever schedules a game for somebody."""
    return f"{name} is its host."


def host_chosen(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message to the host whom somebody who manages the server chose."""
    who = by or "A manager of the server"
    return f"🎩 {who} chose you to run **{title}** in {guild}, {timestamp(starts_at)}. Edit it on its page.\n{url}"


def hand_over_withdrawn(name: str) -> str:
    return f"We no longer ask {name}. You stay the host."


def host_asks(name: str) -> str:
    """Return what the person asked reads on the game's page."""
    return f"{name} asks you to run this game. Until you say yes, {name} stays the host."


def waits_for_answer(name: str) -> str:
    return f"We asked {name} to run this game. There's no answer yet."


def hand_over(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message that asks somebody to run a game."""
    who = by or "Its host"
    return (
        f"🎩 {who} asks you to run **{title}** in {guild}, {timestamp(starts_at)}. "
        f"Until you say yes, the host stays.\n{url}"
    )


def hand_over_answered(title: str, guild: str, starts_at: datetime, url: str, who: str, accepted: bool) -> str:
    """Return the message that tells the old host what became of handing over."""
    what = "runs it now; you're a co-host" if accepted else "doesn't want to run it, so you stay the host"
    return f"{who} {what}: **{title}** in {guild}, {timestamp(starts_at)}.\n{url}"


# --- who left late -----------------------------------------------------------------------------------------


def left_late(names: Iterable[str]) -> str:
    """Return `Left late: charlie, dora.`; '' for nobody."""
    listed = list(names)
    return f"Left late: {', '.join(listed)}." if listed else ""


# --- notes about people ----------------------------------------------------------------------------------

NOTE_SAVED, NOTE_DELETED, NOTE_UNCHANGED = "Note saved.", "Note deleted.", "Nothing changed."
NOTE_UNREADABLE = "We can't show a character in this note. Type it again without."


def note_too_long(length: int, most: int) -> str:
    return f"This note has {length:,} characters. Shorten it to {most:,}."


# --- history -----------------------------------------------------------------------------------------------

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.SEAT: "gave {for} a seat",
    AuditAction.UNSEAT: "put {for} on the wait list",
    AuditAction.REORDER: "moved {for} to number {to}",
    AuditAction.CLOSE_SIGNUPS: "closed the sign-ups",
    AuditAction.REOPEN_SIGNUPS: "opened the sign-ups again",
    AuditAction.KEEP_GAME: "kept the game with too few players",
    AuditAction.HAND_OVER: "asked {for} to run the game",
    AuditAction.HAND_OVER_ENDED: "no longer asks who runs the game",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    instead = f" instead of {changes['instead']}" if changes.get("instead") else ""
    return f"{who} {AUDIT_ACTIONS[action].format(**changes)}{instead}"


MESSAGE_TOO_LATE = "This game ended more than a day ago, so you can't message people. Write in Discord."


NO_MESSAGE_RECIPIENTS = "Nobody there is in Discord, except you. Choose others."


MESSAGE_HELP = (
    "Up to 1,000 characters, sent as a direct message in your name. If we can't reach someone, we post it "
    "publicly in the channel. You can send three messages in 24 hours."
)


AUDIENCES = {
    "all": "Everyone",
    "seated": "Everyone with a seat",
    "waiting": "The wait list",
    "unanswered": "Everyone who didn't answer",
}


def messaged_too_often(again: str) -> str:
    return f"You can send three messages in 24 hours. You can send the next from {again} on."


def count_people(count: int) -> str:
    return "nobody" if not count else "1 person" if count == 1 else f"{count} people"


def audience_choice(to: str, count: int) -> str:
    """Return `Those with a seat: 3 people`."""
    return f"{AUDIENCES[to]}: {count_people(count)}"


def message_sent(count: int) -> str:
    return f"Your message is on its way to {count_people(count)}."


def player_message(title: str, guild: str, starts_at: datetime, url: str, by: str, text: str) -> str:
    return f"💬 {by} about **{title}** in {guild}, {timestamp(starts_at)}:\n{quote(text)}\n{url}"
