"""Pure rules of a game's life: when players come to see it, and until when a cancellation can be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from games.scheduling import wording as schedule_wording

UNDO_FOR = timedelta(minutes=10)  # after cancelling
# Whoever undoes a slip within it has disturbed nobody.
TOLD_AFTER = timedelta(minutes=1)
# What is planned for a game and closed with this word comes back when the cancellation is undone.
CANCELLED_WHY = "the game was cancelled"


class When(StrEnum):
    """When a game is announced."""

    NOW = "now"
    LATER = "later"
    DRAFT = "draft"


@dataclass(frozen=True)
class Announce:
    """When players come to see a game; `at` is the time, for LATER."""

    when: When = When.NOW
    at: datetime | None = None


def check_announce(announce: Announce, starts_at: datetime, now: datetime) -> dict[str, str]:
    """What is wrong with it, a sentence for each field; where the start itself is wrong, its own rule says so."""
    if announce.when is When.NOW:
        return {} if starts_at > now else {"time": schedule_wording.START_PAST}
    if announce.when is When.DRAFT:
        return {}
    if announce.at is None:
        return {"announce_time": schedule_wording.NO_TIME}
    if announce.at <= now:
        return {"announce_time": schedule_wording.ANNOUNCE_PAST}
    return {} if announce.at < starts_at else {"announce_time": schedule_wording.ANNOUNCE_AFTER_START}


def undo_until(cancelled_at: datetime, ends_at: datetime) -> datetime:
    """Until when a cancellation can be undone: for a while, and not once the game would be over."""
    return min(cancelled_at + UNDO_FOR, ends_at)
