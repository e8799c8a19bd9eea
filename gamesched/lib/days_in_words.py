"""Days in words: reads a day as people write it, `3 January` or `in 4 weeks`, by the grammar of times in words."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gamesched.lib.times_in_words import TimeProblem, find_time
from gamesched.lib.zones import zone_info

DAY_MAX = 100  # characters that are looked at
_UNTIL = re.compile(r"^\W*(?:until|till?)\b", re.IGNORECASE)
WEEK = timedelta(days=7)
_LATE = " 23:59"  # so that a day without a time is today's until it is over


@dataclass(frozen=True)
class FoundDay:
    """The day that words mean, or why there is no single one."""

    day: date | None
    problem: TimeProblem | None = None


def find_day(text: str, now: datetime, zone: str) -> FoundDay:
    """Return the day that words mean in a zone; `until` before them, and a time of that day, change nothing.

    The weekday that is today means the one a week later: nobody waits until the day that it is.
    """
    words, tz = _UNTIL.sub("", text[:DAY_MAX]), zone_info(zone)
    days, problem = _read(words, now, tz)
    today = now.astimezone(tz).date()
    if today in days:
        after_today, _ = _read(words, datetime.combine(today, time(23, 59, 59), tzinfo=tz), tz)
        # Of a date, that would be the one a month or a year later.
        days = after_today if after_today == {today + WEEK} else days
    return FoundDay(days.pop()) if len(days) == 1 else FoundDay(None, problem)


def _read(words: str, now: datetime, zone: ZoneInfo) -> tuple[set[date], TimeProblem | None]:
    """Return the days that words may mean, and why there are several or none."""
    found = find_time(words, now, zone.key)
    if found.at is None and found.problem is TimeProblem.NO_TIME:
        found = find_time(words + _LATE, now, zone.key)
    # 8 or 20 o'clock, or a time that clocks show twice: that is one day.
    return {at.astimezone(zone).date() for at in found.moments}, found.problem
