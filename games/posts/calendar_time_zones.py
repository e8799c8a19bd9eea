"""Time zones as calendars want them told: a VTIMEZONE with each change of the clocks (RFC 5545, 3.6.5).

Written here, since icalendar 7.3 puts the beginning of summer time an hour late: it gives the new local time, where
the old one belongs.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@lru_cache(maxsize=256)
def zone_component(key: str, first_year: int, last_year: int) -> Timezone:
    """Return a zone with its changes from the first of these years to the end of the last. Do not change it."""
    zone, begin = ZoneInfo(key), datetime(first_year, 1, 1, tzinfo=UTC)
    component = Timezone()
    component.add("tzid", key)
    before = begin.astimezone(zone)
    _add_onset(component, before, before)
    for at in _changes(zone, begin, datetime(last_year + 1, 1, 2, tzinfo=UTC)):
        _add_onset(component, (at - SECOND).astimezone(zone), at.astimezone(zone))
    return component


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield each moment, to the second, at which a zone's clocks or their name change."""

    def clock(at: datetime) -> tuple[object, ...]:
        local = at.astimezone(zone)
        return local.utcoffset(), local.dst(), local.tzname()

    for day in range((end - begin) // DAY):
        low = begin + day * DAY
        high = low + DAY
        if clock(low) == clock(high):
            continue
        while high - low > SECOND:
            middle = low + (high - low) // 2
            middle = middle.replace(microsecond=0)
            low, high = (low, middle) if clock(middle) != clock(low) else (middle, high)
        yield high


def _add_onset(component: Timezone, before: datetime, after: datetime) -> None:
    """Add what begins at `after`. It begins by the clock as it was before."""
    part = TimezoneDaylight() if after.dst() else TimezoneStandard()
    offset_before, offset_after = before.utcoffset(), after.utcoffset()
    assert offset_before is not None
    assert offset_after is not None
    part.add("dtstart", after.astimezone(UTC).replace(tzinfo=None) + offset_before)
    part.add("tzoffsetfrom", offset_before)
    part.add("tzoffsetto", offset_after)
    part.add("tzname", after.tzname())
    component.add_component(part)
