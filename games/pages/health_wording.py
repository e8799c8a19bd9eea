"""Wording of a guild's health, its people and its history."""

from collections.abc import Sequence
from datetime import timedelta

from gamesched.lib.durations import time_span

ALL_WELL = "All is well."


def summary(count: int) -> str:
    if not count:
        return ALL_WELL
    return "1 thing needs you." if count == 1 else f"{count} things need you."


BOT_SILENT = "The bot doesn't hear Discord, so its buttons and commands don't answer."
BOT_SILENT_ADVICE = "Tell the people who run this site. Pages still work."
OUTAGE = "Discord reports an outage of this server."
OUTAGE_ADVICE = "Wait. Posts and messages follow when it's back."
NOT_SET_UP = "Only managers can schedule games."
NOT_SET_UP_ADVICE = "Choose who else may."
SET_UP = "Set it up"
NO_CHANNEL = "No channel is open for games."
NO_CHANNEL_ADVICE = "Open a channel, or allow the bot View Channel in one."
CHECK_CHANNELS, CHECK_CHANNEL = "Check the channels", "Check this channel"
FEATURE_ADVICE = "Discord asks you for exactly that."
GIVE = "Allow it"
POST_PROBLEM = "The post is missing or out of date."
POST_ADVICE = "Fix the cause, then announce it again on the game's page."
OPEN, OPEN_CHANNEL, CHOOSE, SHOW = "Open the game", "Open the channel", "Choose a channel", "Show them"
TEMPLATE_ADVICE = "Choose another channel. Until then the host chooses."
FAILED_ADVICE = "Send them again, or tell these people yourself."
LATE_ADVICE = "Tell the people who run this site if it goes on."


def bot_lacks(channel: str, missing: Sequence[str]) -> str:
    return f"The bot lacks {' and '.join(missing)} in {channel}."


def feature_lacks(feature: str, missing: Sequence[str]) -> str:
    return f"{feature}: the bot lacks {' and '.join(missing)}."


def of_game(title: str, problem: str) -> str:
    return f"{title}: {problem}"


def of_channel(channel: str, problem: str) -> str:
    return f"{channel}: {problem}"


def template_channel_deleted(name: str) -> str:
    return f"Someone deleted the channel of the template {name}."


def messages_failed(count: int) -> str:
    if count == 1:
        return "1 message failed in the last 7 days."
    return f"{count} messages failed in the last 7 days."


def messages_late(count: int, worst: timedelta) -> str:
    if count == 1:
        return f"1 message came {time_span(worst)} late in the last 7 days."
    return f"{count} messages came late in the last 7 days, up to {time_span(worst)}."


def lateness(worst: timedelta) -> str:
    """Return the longest that a message was late, as the page shows it."""
    return time_span(worst)


# --- people ------------------------------------------------------------------------------------------------

NO_PEOPLE = "Nobody has played here in the last 12 months."
NOBODY_FOUND = "No member has that name."


def games_played(count: int) -> str:
    return "1 game" if count == 1 else f"{count} games"


def no_shows(count: int) -> str:
    return "missed 1" if count == 1 else f"missed {count}"


def left_late(count: int) -> str:
    return "left late once" if count == 1 else f"left late {count} times"
