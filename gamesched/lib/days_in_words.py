"""Days in words: reads a day as people write it, `3 January` or `in 4 weeks`, by the grammar of times in words."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from gamesched.lib.times_in_words import TimeProblem, find_time
from gamesched.lib.zones import zone_info

DAY_MAX = 100  # characters that are looked at
_UNTIL = re.compile(r"^\W*(?:until|till?)\b", re.IGNORECASE)
_LATE = " 23:59"  # so that a day without a time is today's until it is over


@dataclass(frozen=True)
class FoundDay:
    """The day that words mean, or why there is no single one."""

    day: date | None
    problem: TimeProblem | None = None


def find_day(text: str, now: datetime, zone: str) -> FoundDay:
    """Return the day that words mean in a zone; `until` before them, and a time of that day, change nothing."""
    words = _UNTIL.sub("", text[:DAY_MAX])
    found = find_time(words, now, zone)
    if found.at is None and found.problem is TimeProblem.NO_TIME:
        found = find_time(words + _LATE, now, zone)
    # 8 or 20 o'clock, or a time that clocks show twice: that is one day.
    days = {at.astimezone(zone_info(zone)).date() for at in found.moments}
    return FoundDay(days.pop()) if len(days) == 1 else FoundDay(None, found.problem)
