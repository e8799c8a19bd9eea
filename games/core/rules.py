"""Pure rules about games, over plain values and `now`: no database, no clock."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from gamesched.lib.zones import zone_info

DESCRIPTION_MAX = 2000
SEATS_MAX = 100
LOCATION_MAX, INSTRUCTIONS_MAX = 200, 1000
DURATION_MIN, DURATION_MAX = 5, 7 * 24 * 60  # minutes
REMINDERS_MAX = 10
OFFER_MIN, OFFER_MAX = 5, 24 * 60  # minutes
PRIORITY_ROLES_MAX = 8
REMINDER_MIN, REMINDER_MAX = 1, 30 * 24 * 60  # minutes before the start


# --- reminders -------------------------------------------------------------------------------------------


def reminder_times(starts_at: datetime, reminders: Iterable[int]) -> list[tuple[int, datetime]]:
    """Return each reminder, in minutes before the start, with its time."""
    return [(minutes, starts_at - timedelta(minutes=minutes)) for minutes in reminders]


# --- confirmations ---------------------------------------------------------------------------------------


def confirmation_deadline(starts_at: datetime, now: datetime) -> datetime:
    """Return until when players may confirm: an hour before the start, and within a day.

    They have at least half an hour, unless the game starts earlier.
    """
    at = min(starts_at - timedelta(hours=1), now + timedelta(days=1))
    return min(max(at, now + timedelta(minutes=30)), starts_at)


def agreed_start(
    moves: Iterable[tuple[datetime, datetime]], starts_at: datetime, seated_at: datetime, confirmed_at: datetime | None
) -> datetime:
    """Return the start that a player last agreed to: when seated, or by confirming.

    `moves`: when the start was moved, and from which start, the first move first.
    """
    for at, start in moves:
        if at >= seated_at and (confirmed_at is None or at > confirmed_at):
            return start
    return starts_at


def next_week(starts_at: datetime, zone: str, now: datetime) -> datetime:
    """Return the same weekday and local time in the next week that is still ahead of `now`.

    The local time may not exist there: see `resolve_local_time`.
    """
    tz = zone_info(zone)
    local = starts_at.astimezone(tz).replace(tzinfo=None)
    weeks = max((now.astimezone(tz).replace(tzinfo=None) - local) // timedelta(days=7), 0) + 1
    return local + timedelta(days=7 * weeks)


UNDO_WINDOW = timedelta(minutes=10)  # after cancelling
