"""Wording of the notifications about too few players."""

from datetime import datetime

from games.core.wording import timestamp


def nudge(title: str, guild: str, starts_at: datetime, url: str, minimum: int, seated: int) -> str:
    return (
        f"🙋 **{title}** in {guild}, {timestamp(starts_at)}, needs at least {minimum} players and has {seated}. "
        f"Can you come? Join on its page.\n{url}"
    )


def too_few_players(title: str, guild: str, starts_at: datetime, url: str, minimum: int, seated: int) -> str:
    return (
        f"⚠️ **{title}** in {guild}, {timestamp(starts_at)}, needs at least {minimum} players and has {seated}. "
        f"What would you like to do?\n{url}"
    )
