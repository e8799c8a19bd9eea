"""Wording of a guild's health, its people and its history."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _

from gamesched.lib.durations import time_span
from gamesched.lib.sentences import join_and

ALL_WELL = gettext_noop("All is well.")


def summary(count: int) -> str:
    if not count:
        return gettext(ALL_WELL)
    return ngettext("%(count)d thing needs you.", "%(count)d things need you.", count) % {"count": count}


BOT_SILENT = gettext_noop("The bot doesn't hear Discord, so its buttons and commands don't answer.")
BOT_SILENT_ADVICE = gettext_noop("Tell the people who run this site. Pages still work.")
OUTAGE = gettext_noop("Discord reports an outage of this server.")
OUTAGE_ADVICE = gettext_noop("Wait. Posts and messages follow when it's back.")
NOT_SET_UP = gettext_noop("Only managers can schedule games.")
NOT_SET_UP_ADVICE = gettext_noop("Choose who else may.")
SET_UP = gettext_noop("Set it up")
NO_CHANNEL = gettext_noop("No channel is open for games.")
NO_CHANNEL_ADVICE = gettext_noop("Open a channel, or allow the bot View Channel in one.")
CHECK_CHANNELS, CHECK_CHANNEL = gettext_noop("Check the channels"), gettext_noop("Check this channel")
FEATURE_ADVICE = gettext_noop("Discord asks you for exactly that.")
GIVE = gettext_noop("Allow it")
POST_PROBLEM = gettext_noop("The post is missing or out of date.")
POST_ADVICE = gettext_noop("Fix the cause, then announce it again on the game's page.")
OPEN, OPEN_CHANNEL, CHOOSE, SHOW = (
    gettext_noop("Open the game"),
    gettext_noop("Open the channel"),
    gettext_noop("Choose a channel"),
    gettext_noop("Show them"),
)
TEMPLATE_ADVICE = gettext_noop("Choose another channel. Until then the host chooses.")
FAILED_ADVICE = gettext_noop("Send them again, or tell these people yourself.")
LATE_ADVICE = gettext_noop("Tell the people who run this site if it goes on.")


def bot_lacks(channel: str, missing: Sequence[str]) -> str:
    return _("The bot lacks %(permissions)s in %(channel)s.") % {"permissions": join_and(missing), "channel": channel}


def feature_lacks(feature: str, missing: Sequence[str]) -> str:
    return _("%(feature)s: the bot lacks %(permissions)s.") % {"feature": feature, "permissions": join_and(missing)}


def of_game(title: str, problem: str) -> str:
    return f"{title}: {problem}"


def of_channel(channel: str, problem: str) -> str:
    return f"{channel}: {problem}"


def template_channel_deleted(name: str) -> str:
    return _("Someone deleted the channel of the template %(name)s.") % {"name": name}


def messages_failed(count: int) -> str:
    return ngettext(
        "%(count)d message failed in the last 7 days.", "%(count)d messages failed in the last 7 days.", count
    ) % {"count": count}


def messages_late(count: int, worst: timedelta) -> str:
    return ngettext(
        "%(count)d message came %(time)s late in the last 7 days.",
        "%(count)d messages came late in the last 7 days, up to %(time)s.",
        count,
    ) % {"count": count, "time": time_span(worst)}


def lateness(worst: timedelta) -> str:
    """Return the longest that a message was late, as the page shows it."""
    return time_span(worst)


# --- people ------------------------------------------------------------------------------------------------

NO_PEOPLE = gettext_noop("Nobody has played here in the last 12 months.")
NOBODY_FOUND = gettext_noop("No member has that name.")


def games_played(count: int) -> str:
    return ngettext("%(count)d game", "%(count)d games", count) % {"count": count}


def no_shows(count: int) -> str:
    return ngettext("missed %(count)d", "missed %(count)d", count) % {"count": count}


def left_late(count: int) -> str:
    if count == 1:
        return _("left late once")
    return ngettext("left late %(count)d time", "left late %(count)d times", count) % {"count": count}
