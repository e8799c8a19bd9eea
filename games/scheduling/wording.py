"""All wording about announcing a game later, cancelling and undoing it, and a deleted post."""

from collections.abc import Mapping
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import quote, timestamp
from guilds.templatetags.zoned_times import when

# --- announcing ------------------------------------------------------------------------------------------

ANNOUNCE_CHOICES = {"now": "At once", "later": "At this time", "draft": "Not yet: keep it as a draft"}
ANNOUNCE_HELP = "Until then only its hosts and those who manage the server see the game."
ANNOUNCE_AT_HELP = "In the game's time zone."


def zone_help(own: str) -> str:
    """Return the help beside a game's time zone; `own` is the viewer's, or ''."""
    return f"The zone in which this time is meant.{f' Yours is {own}.' if own else ''}"


def host_help(manages: bool) -> str:
    """Return the help beside a new game's host, for who manages the server and for who does not."""
    told = "They are told." if manages else "They are asked; until they say yes, you host it."
    return f"Who runs it: @ and a member's name. Empty: you. {told}"


NO_TIME = "Choose the day and the time when it is announced."
ANNOUNCE_PAST = "That time is past. Choose a later one, or announce it at once."
ANNOUNCE_AFTER_START = "That is not before the game starts. Choose an earlier time."
START_PAST = "The game's start is past. Choose a later one, then announce it."
DRAFTED = "The game is kept as a draft. Only its hosts and those who manage the server see it."
ANNOUNCED = "The game is announced. It is in Discord in a moment."
NOT_ANNOUNCED_YET = "Only its hosts and those who manage the server see this game."


def planned(at: datetime, zone: str) -> str:
    return f"The game is kept, and will be announced {when(at, zone)}."


def too_many_posts(count: int) -> str:
    return f"{count} posts within a day, moved ones among them, are the most for one host. Keep a draft, or wait."


UNDONE_TOO_OFTEN = "It was called off and on too often today. Those who manage the server can still undo it."


def invited(count: int) -> str:
    """Return how many players of somebody else's game are asked; starts with a space, or is ''."""
    who = "1 player of that game is" if count == 1 else f"{count} players of that game are"
    return f" {who} asked whether they want to play; you do not run it, so nobody is carried over." if count else ""


def invitation(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message that asks players of an earlier game to join the next."""
    who = by or "Somebody"
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    return f"🎲 {who} schedules a game again that you were in: {about}. Join on its page.\n{url}"


def kept_hidden(at: datetime | None, zone: str) -> str:
    """Return the reply to scheduling a game that players do not see yet."""
    return planned(at, zone) if at else DRAFTED


def hidden_until(at: datetime | None, zone: str) -> str:
    """Return what a hidden game's page says."""
    return (
        f"{NOT_ANNOUNCED_YET} It will be announced {when(at, zone)}." if at else f"{NOT_ANNOUNCED_YET} It is a draft."
    )


def announced_text(at: datetime | None) -> str:
    """Return the time of the announcement as the audit log stores it."""
    return at.isoformat() if at else "not yet"


def not_announced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"**{title}** in {guild} was not announced: its start, {timestamp(starts_at)}, was past when its time came. "
        f"Nobody else sees it. Choose another start on its page, then announce it.\n{url}"
    )


# --- cancelling, and undoing it --------------------------------------------------------------------------

CANCELLED = "The game is cancelled. Everyone who signed up is told in a minute. You can undo it for ten minutes."
CANCELLED_HIDDEN = "The game is cancelled. Nobody else knew of it, so nobody is told. You can undo it for ten minutes."
UNDO_TOO_LATE = (
    "A cancellation can be undone for ten minutes. That is past: people have made other plans. Schedule the game again."
)
CLONED_ONCE_OVER = "Until this game is over, only those who run it schedule it again."
UNDO_OVER = "This game would be over by now, so it is not brought back. Schedule it again."


def undone(notified: bool, hidden: bool) -> str:
    if hidden:
        return "The game is as it was. Nobody else knows of it yet."
    if notified:
        return "The game is on again, with everyone in their place. Who heard that it was cancelled is told."
    return "The game is on again, with everyone in their place. Nobody had been told that it was cancelled."


def on_again(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return f"✅ **{title}** in {guild}, {timestamp(starts_at)}, is on after all: it was not to be cancelled.\n{url}"


# --- ending a running game -------------------------------------------------------------------------------

ENDED = "The game is over."
ALREADY_OVER = "The game is over already."

# --- a deleted post --------------------------------------------------------------------------------------

PUT_BACK, CANCEL = "Put it back", "Cancel the game"


# --- history ---------------------------------------------------------------------------------------------

SCHEDULE_NAME = "The schedule"
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.CREATE: "scheduled the game",
    AuditAction.CANCEL: "cancelled the game",
    AuditAction.REPOST: "had it announced again",
    AuditAction.ANNOUNCE: "announced the game",
    AuditAction.END: "ended the game",
    AuditAction.UNDO_CANCELLATION: "undid the cancellation",
    AuditAction.POST_DELETED: "deleted the announcement there, so it was put back",
    AuditAction.POST_DELETED_ASK_HOST: "deleted the announcement there, so the host is asked what to do",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    if action == AuditAction.ANNOUNCE and changes.get("past"):
        return "It was not announced: its start was past"
    if action == AuditAction.ANNOUNCE and changes.get("no_host"):
        return "It was not announced: its host may not host or see it there any more"
    return f"{who} {AUDIT_ACTIONS[action]}"


def cancellation(title: str, guild: str, starts_at: datetime, url: str, reason: str) -> str:
    why = f"\n{quote(reason)}" if reason else ""
    return f"❌ **{title}** in {guild}, {timestamp(starts_at)}, was cancelled.{why}\n{url}"
