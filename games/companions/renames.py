"""How often Discord takes a new name of a channel or thread from a bot: twice in ten minutes.

https://github.com/discord/discord-api-docs/issues/1900
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

RENAMES, RENAMES_WITHIN = 2, timedelta(minutes=10)


def renamed_again_at(renamed_at: Sequence[str], now: datetime) -> datetime | None:
    """Return when Discord takes the next name, by the times of the latest ones; None for now."""
    if len(renamed_at) < RENAMES:
        return None
    free_at = datetime.fromisoformat(renamed_at[-RENAMES]) + RENAMES_WITHIN
    return free_at if free_at > now else None


def with_rename(renamed_at: Sequence[str], now: datetime) -> tuple[str, ...]:
    """Return the times that count from now on, this rename among them."""
    return (*renamed_at[1 - RENAMES :], now.isoformat())
