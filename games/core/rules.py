"""Pure decisions about games, over plain values and `now`. No database, no clock."""

import zoneinfo
from collections.abc import Iterable
from datetime import datetime, timedelta

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
    """Each reminder, in minutes before the start, with its time."""
    return [(minutes, starts_at - timedelta(minutes=minutes)) for minutes in reminders]


# --- asking again ----------------------------------------------------------------------------------------


def confirmation_deadline(starts_at: datetime, now: datetime) -> datetime:
    """Until when people may say whether they still come: an hour before the start, and within a day.

    They have half an hour at least, but for games that start before that.
    """
    at = min(starts_at - timedelta(hours=1), now + timedelta(days=1))
    return min(max(at, now + timedelta(minutes=30)), starts_at)


def agreed_start(
    moves: Iterable[tuple[datetime, datetime]], starts_at: datetime, seated_at: datetime, confirmed_at: datetime | None
) -> datetime:
    """The start that held when somebody last agreed to one: when seated, or by their answer.

    `moves`: when the start was moved, and from where, the first first.
    """
    for at, start in moves:
        if at >= seated_at and (confirmed_at is None or at > confirmed_at):
            return start
    return starts_at


def next_week(starts_at: datetime, zone: str, now: datetime) -> datetime:
    """The wall clock in the zone on the same weekday, the next to come. It need not exist: see `resolve`."""
    tz = zoneinfo.ZoneInfo(zone)
    local = starts_at.astimezone(tz).replace(tzinfo=None)
    weeks = max((now.astimezone(tz).replace(tzinfo=None) - local) // timedelta(days=7), 0) + 1
    return local + timedelta(days=7 * weeks)


UNDO_WINDOW = timedelta(minutes=10)  # after cancelling
