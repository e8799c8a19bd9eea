"""All wording about announcing a game later, cancelling and undoing it, and a deleted post."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from games.core.codes import AuditAction
from games.core.wording import quote, relative_time, timestamp
from gamesched.lib.moments import in_zone
from gamesched.lib.zones import zone_info
from guilds.templatetags.zoned_times import when

# --- announcing ------------------------------------------------------------------------------------------

ANNOUNCE_CHOICES = {"now": "Now", "later": "At this time", "draft": "Not yet: keep a draft"}
ANNOUNCE_HELP = "Until then only hosts and managers see it."
ANNOUNCE_AT_HELP = "In the game's time zone."


def host_help(manages: bool) -> str:
    """Return the help beside a new game's host, for who manages the server and for who does not."""
    if manages:
        return "@ and a member's name. Empty: you. We notify them."
    return "@ and a member's name. Empty: you. You host until they say yes."


NO_TIME = "Choose when we announce it: a day and a time."
ANNOUNCE_PAST = "That time is past. Choose a later one, or announce now."
ANNOUNCE_AFTER_START = "That's not before the start. Choose an earlier time."
START_PAST = "The start is past. Choose a later one, then announce it."
DRAFTED = "Draft saved. Only hosts and managers see it."
ANNOUNCED = "Announced. The post is in Discord in a moment."
NOT_ANNOUNCED_YET = "Only hosts and managers see this game."


def planned(at: datetime, zone: str) -> str:
    return f"Saved. We announce it {when(at, zone)}."


def too_many_posts(count: int) -> str:
    return f"You've posted {count} games today, the most for one host. Keep a draft, or wait until tomorrow."


UNDONE_TOO_OFTEN = "This game was cancelled and restored too often today. Ask a manager of the server to undo it."


def invited(count: int) -> str:
    """Return how many players of somebody else's game are asked; starts with a space, or is ''."""
    if not count:
        return ""
    if count == 1:
        return " We ask 1 player of that game whether they want to play."
    return f" We ask {count} players of that game whether they want to play."


def invitation(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message that asks players of an earlier game to join the next."""
    about = f"**{title}** in {guild}, {timestamp(starts_at)}"
    return f"🎲 {by or 'Someone'} runs a game again that you were in: {about}. Join on its page.\n{url}"


def kept_hidden(at: datetime | None, zone: str) -> str:
    """Return the reply to scheduling a game that players do not see yet."""
    return planned(at, zone) if at else DRAFTED


def hidden_until(at: datetime | None, zone: str) -> str:
    """Return what a hidden game's page says."""
    return f"{NOT_ANNOUNCED_YET} We announce it {when(at, zone)}." if at else f"{NOT_ANNOUNCED_YET} It's a draft."


def announced_text(at: datetime | None) -> str:
    """Return the time of the announcement as the audit log stores it."""
    return at.isoformat() if at else "not yet"


def not_announced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"We didn't announce **{title}** in {guild}: its start, {timestamp(starts_at)}, is past. "
        f"Nobody else sees it. Choose another start, then announce it.\n{url}"
    )


# --- the form ----------------------------------------------------------------------------------------------

NO_TITLE = "Give the game a title."
NO_DATE, BAD_DATE = "Choose a date.", "Write the date as 2026-12-31."
NO_CLOCK, BAD_TIME = "Choose a time.", "Write the time as 19:30."
WHICH_TIME, FIRST_TIME, SECOND_TIME = "Which one?", "The first", "The second"
NO_CHANNEL = "Choose a channel."
DESCRIPTION_HELP = "What to bring, what to expect. Discord's formatting works."
CHANNEL_HELP = "Where we post it."
TEMPLATE_HELP = "Fills every setting that you leave empty."
GROUPS = {
    "details": "Details",
    "where": "Where",
    "people": "People",
    "announcement": "Announcement",
    "more": "More settings",
}
NO_PICTURE, OWN_PICTURE = "none", "chosen"


def start_note(at: datetime, zone: str, now: datetime) -> str:
    """Return when a game starts for the reader, whose zone it is, and how far ahead that is."""
    own, utc = in_zone(at, zone_info(zone)), in_zone(at, UTC)
    ahead = relative_time(at, now)
    if own.utcoffset() == utc.utcoffset():
        return f"{own:%a %H:%M} UTC, {ahead}"
    if own.date() == utc.date():
        return f"{own:%a %H:%M} your time, {utc:%H:%M} UTC, {ahead}"
    return f"{own:%a %H:%M} your time, {utc:%a %H:%M} UTC, {ahead}"


def details_summary(length: int, cover: str) -> str:
    if not length:
        return f"Description none · Cover {cover}"
    if length == 1:
        return f"Description 1 character · Cover {cover}"
    return f"Description {length:,} characters · Cover {cover}"


def where_summary(channel: str, location: str, template: str) -> str:
    return f"Channel {channel or 'none'} · Place {location or 'none'} · Template {template or 'none'}"


def people_summary(named: int, host: str) -> str:
    return f"Participants {named or 'none'} · Host {host or 'you'}"


def added_summary(named: int) -> str:
    return f"Participants to add {named or 'none'}"


def announcement_summary(announce: str, at: str) -> str:
    if announce == "later":
        return f"At {at}" if at else "At a time you choose"
    return ANNOUNCE_CHOICES.get(announce, ANNOUNCE_CHOICES["now"])


def more_summary(reminders: str, source: str, changed: int) -> str:
    """Return the reminders and where they come from, '' for this game, and how many settings are the game's own."""
    shown = f"Reminders {reminders} — from {source}" if source else f"Reminders {reminders}"
    return f"{shown} · {changed} set here" if changed else shown


# --- the preview -------------------------------------------------------------------------------------------

UNTITLED = "Your game"
TITLE_METER, DESCRIPTION_METER, POST_METER = "Title", "Description", "Whole post"
NO_PREVIEW = "There's no channel here in which you may announce games."
DESCRIPTION_CUT = "The description doesn't fit the post. It's whole on the game's page."
DRAWN_COVER = "Cover drawn from the title"


def meter(used: int, most: int) -> str:
    return f"{used:,} of {most:,}"


def not_previewed(labels: Sequence[str]) -> str:
    """Return which fields the preview leaves out, since they are wrong or not finished."""
    return f"Not in the preview yet: {', '.join(labels)}."


# --- cancelling, and undoing it --------------------------------------------------------------------------

CANCELLED = "Cancelled. We notify everyone in a minute. Undo it within ten."
CANCELLED_HIDDEN = "Cancelled. Nobody else knew of it. Undo it within ten minutes."
UNDO_TOO_LATE = "You can undo a cancellation for ten minutes, and those are over. Schedule the game again."
CLONED_ONCE_OVER = "Only its hosts can schedule this game again until it's over."
UNDO_OVER = "This game would be over by now. Schedule it again."


def undone(notified: bool, hidden: bool) -> str:
    if hidden:
        return "The game is back. Nobody else knows of it yet."
    if notified:
        return "The game is on again, with everyone in their place. We notify everyone who heard it was cancelled."
    return "The game is on again, with everyone in their place. We hadn't notified anyone yet."


def on_again(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return f"✅ **{title}** in {guild}, {timestamp(starts_at)}, is on after all.\n{url}"


# --- ending a running game -------------------------------------------------------------------------------

ENDED = "The game is over."
ALREADY_OVER = "The game is already over."

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
    AuditAction.POST_DELETED: "deleted the post, so we put it back",
    AuditAction.POST_DELETED_ASK_HOST: "deleted the post, so we ask the host what to do",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    if action == AuditAction.ANNOUNCE and changes.get("past"):
        return "We didn't announce it: its start was past"
    if action == AuditAction.ANNOUNCE and changes.get("no_host"):
        return "We didn't announce it: its host may no longer host it or see the channel"
    return f"{who} {AUDIT_ACTIONS[action]}"


def cancellation(title: str, guild: str, starts_at: datetime, url: str, reason: str) -> str:
    why = f"\n{quote(reason)}" if reason else ""
    return f"❌ **{title}** in {guild}, {timestamp(starts_at)}, was cancelled.{why}\n{url}"
