"""Wording about deleted posts and the archive."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core import wording
from games.core.named_places import game_places
from games.models.announcement import PublishProblem
from games.signups import wording as signup_wording
from gamesched.lib.sentences import join_and

ARCHIVED = gettext_noop("Game archived. Its post moves to {channel} in a moment.")


ALREADY_ARCHIVED = gettext_noop("This game is already archived.")


NO_ARCHIVE = gettext_noop(
    "This game has no archive channel, or it's gone. Managers choose one in the server's settings."
)


THE_ARCHIVE = gettext_noop("the archive channel")  # where its name must not be told


def archive_shows_more(channel: str) -> str:
    return _("More people can see %(channel)s than the game's own channel, so the post stays.") % {"channel": channel}


def not_archived(channel: str, missing: list[str]) -> str:
    """Return why the post stays where it was."""
    if missing:
        text = _(
            "Not archived: the bot needs %(permissions)s in %(channel)s. Allow it in Discord, then choose Archive now."
        )
        return text % {"permissions": join_and(missing), "channel": channel}
    text = _("Not archived: the bot can't post in %(channel)s. Allow it in Discord, then choose Archive now.")
    return text % {"channel": channel}


def archive_refused(why: str) -> str:
    return _("Not archived: Discord refused it (%(why)s).") % {"why": why}


def deleted(title: str, guild: str, starts_at: datetime, url: str) -> str:
    text = _(
        "🗑️ Someone deleted the announcement of **%(title)s** in %(guild)s, %(when)s. "
        "The game is still on, and everyone keeps their place. What would you like to do?"
    )
    return text % game_places(title, guild, starts_at) + f"\n{url}"


PUBLISH_PROBLEMS: Mapping[str, str] = {
    PublishProblem.MISSING_PERMISSION: gettext_noop(
        "Not published to following servers: the bot can't send messages there."
    ),
    PublishProblem.REFUSED: gettext_noop("Not published to following servers: Discord refused it."),
}


OPEN = gettext_noop("Open")
BUTTONS = {
    "join": signup_wording.JOIN,
    "maybe": signup_wording.LABELS["tentative"],
    "cant": signup_wording.LABELS["absent"],
    "leave": gettext_noop("Leave"),
}
WAIT_LIST = gettext_noop("Wait list")
NOBODY_YET = gettext_noop("Nobody yet. Be the first!")
NOBODY = gettext_noop("Nobody.")


def hosted_by(host: str) -> str:
    return _("Hosted by %(host)s") % {"host": host}


def reminders(text: str) -> str:
    return _("Reminders %(reminders)s") % {"reminders": text}


def rewards(spoiler: str) -> str:
    return _("Rewards: %(spoiler)s") % {"spoiler": spoiler}


def calendar_links(file_url: str, google_url: str) -> str:
    return "[" + _(".ics file") + f"]({file_url}) · [Google Calendar]({google_url})"


def read_more(url: str) -> str:
    """Return the link that stands for a description without room; '' without an address."""
    return "[" + _("Read the description") + f"]({url})" if url else ""


def more_people(number: int, url: str) -> str:
    text = wording.more(number)
    return f"[{text}]({url})" if url else text


CALENDAR_INSTRUCTIONS = gettext_noop("For people who signed up:")


def calendar_state(cancelled: bool, cancel_reason: str, waiting: bool) -> str:
    """Return the first line of an event's description; '' for a seat in a game that takes place."""
    if cancelled:
        return _("Cancelled: %(reason)s") % {"reason": cancel_reason} if cancel_reason else _("Cancelled.")
    return _("You're on the wait list.") if waiting else ""
