"""All wording of the letters about a game.

Times are Discord's own timestamps, which each reader's client shows in the reader's zone:
https://discord.com/developers/docs/reference#message-formatting
"""

from datetime import datetime

from games.core.wording import timestamp


def with_late_notice(text: str, due_at: datetime) -> str:
    """A letter that was due some time ago, with a small line that says so."""
    return f"{text}\n-# Late: this was to reach you {timestamp(due_at)}."


def with_preferences_link(text: str, url: str) -> str:
    """A letter with a small line that leads to where one changes what one is told; without a preview of it."""
    return f"{text}\n-# [Change what you are told](<{url}>)"
