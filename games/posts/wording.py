"""Wording about deleted posts and the archive."""

from collections.abc import Mapping
from datetime import datetime

from games.core import wording
from games.core.wording import timestamp
from games.models.announcement import PublishProblem
from games.signups import wording as signup_wording

ARCHIVED = "Game archived. Its post moves to {channel} in a moment."


ALREADY_ARCHIVED = "This game is already archived."


NO_ARCHIVE = "This game has no archive channel, or it's gone. Managers choose one in the server's settings."


THE_ARCHIVE = "the archive channel"  # where its name must not be told


def archive_shows_more(channel: str) -> str:
    return f"More people can see {channel} than the game's own channel, so the post stays."


def not_archived(channel: str, missing: list[str]) -> str:
    """Return why the post stays where it was."""
    if missing:
        needs = " and ".join(missing)
        return f"Not archived: the bot needs {needs} in {channel}. Allow it in Discord, then choose Archive now."
    return f"Not archived: the bot can't post in {channel}. Allow it in Discord, then choose Archive now."


def archive_refused(why: str) -> str:
    return f"Not archived: Discord refused it ({why})."


def deleted(title: str, guild: str, starts_at: datetime, url: str) -> str:
    return (
        f"🗑️ Someone deleted the announcement of **{title}** in {guild}, {timestamp(starts_at)}. "
        f"The game is still on, and everyone keeps their place. What would you like to do?\n{url}"
    )


PUBLISH_PROBLEMS: Mapping[str, str] = {
    PublishProblem.MISSING_PERMISSION: "Not published to following servers: the bot can't send messages there.",
    PublishProblem.REFUSED: "Not published to following servers: Discord refused it.",
}


OPEN = "Open"
BUTTONS = {
    "join": signup_wording.JOIN,
    "maybe": signup_wording.LABELS["tentative"],
    "cant": signup_wording.LABELS["absent"],
    "leave": "Leave",
}
WAIT_LIST = "Wait list"
NOBODY_YET = "Nobody yet. Be the first!"
NOBODY = "Nobody."


def hosted_by(host: str) -> str:
    return f"Hosted by {host}"


def reminders(text: str) -> str:
    return f"Reminders {text}"


def rewards(spoiler: str) -> str:
    return f"Rewards: {spoiler}"


def calendar_links(file_url: str, google_url: str) -> str:
    return f"[.ics file]({file_url}) · [Google Calendar]({google_url})"


def read_more(url: str) -> str:
    """Return the link that stands for a description without room; '' without an address."""
    return f"[Read the description]({url})" if url else ""


def more_people(number: int, url: str) -> str:
    text = wording.more(number)
    return f"[{text}]({url})" if url else text


CALENDAR_INSTRUCTIONS = "For people who signed up:"


def calendar_state(cancelled: bool, cancel_reason: str, waiting: bool) -> str:
    """Return the first line of an event's description; '' for a seat in a game that takes place."""
    if cancelled:
        return f"Cancelled: {cancel_reason}" if cancel_reason else "Cancelled."
    return "You're on the wait list." if waiting else ""
