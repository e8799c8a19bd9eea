"""Rules by which dates repeat, as RRULE of RFC 5545 writes them: read, written, and the dates that they give.

Of `dateutil.rrule` only the tests make use, to compare. A rule that never comes takes it ten seconds: it looks until
the year 9999. And it leaves out short months, where people want their last day.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from gamesched.lib.moments import is_usable
from gamesched.lib.zones import zone_info

INTERVAL_MAX, COUNT_MAX, TEXT_MAX = 99, 9999, 300
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # by `date.weekday`
EVERY, LAST = 0, -1  # which of a month's weekdays
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_FOLDED = re.compile(r"\r?\n[ \t](?=[^:\n]*$)", re.MULTILINE)  # as RFC 5545 breaks long lines
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")


class Frequency(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Unreadable(ValueError):
    """Raised for a text that is no rule that we can keep; `part` is what is wrong in it."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True)
class Recurrence:
    """A rule; what is empty does not limit it.

    `weekdays` are pairs of which one in a month (EVERY, 1 to 4, LAST and further back) and the day from 0, Monday.
    `month_days` and `positions` count from the end where they are negative.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0
    count: int | None = None
    until: date | None = None

    def __str__(self) -> str:
        """Return the text of the rule, which `read_recurrence` reads."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(f"{nth or ''}{WEEKDAYS[day]}" for nth, day in self.weekdays))
        for name, numbers in (
            ("BYMONTHDAY", self.month_days),
            ("BYMONTH", self.months),
            ("BYSETPOS", self.positions),
        ):
            if numbers:
                parts.append(f"{name}={','.join(map(str, numbers))}")
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)

    @property
    def is_by_month(self) -> bool:
        """Return whether a period of the rule has days of one month only."""
        return self.frequency is Frequency.MONTHLY or (self.frequency is Frequency.YEARLY and len(self.months) == 1)

    def anchored(self, first: date) -> "Recurrence":
        """Return the rule with what it takes from its first date said; short months have their last day instead.

        Of the fifth weekday of a month it makes the last, since most months have four.
        """
        rule = self
        if rule.frequency is Frequency.WEEKLY and not rule.weekdays:
            rule = replace(rule, weekdays=((EVERY, first.weekday()),))
        if rule.frequency is Frequency.YEARLY and not (rule.weekdays or rule.months or rule.month_days):
            rule = replace(rule, months=(first.month,))
        if rule.frequency in {Frequency.MONTHLY, Frequency.YEARLY} and not (rule.weekdays or rule.month_days):
            rule = replace(rule, month_days=(first.day,))
        if rule.month_days == (31,):
            rule = replace(rule, month_days=(-1,))
        elif rule.month_days in {(29,), (30,)} and rule.is_by_month and not (rule.positions or rule.weekdays):
            # The last of these that a month has.
            rule = replace(rule, month_days=tuple(range(28, rule.month_days[0] + 1)), positions=(-1,))
        fifth = {5: LAST, -5: 1}
        return replace(rule, weekdays=tuple((fifth.get(nth, nth), day) for nth, day in rule.weekdays))

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Yield the dates from the first, which always counts, until `last` at most."""
        last = min(last, self.until) if self.until else last
        yield first
        number = 1
        for period in self._periods(first, last):
            for day in self._dates_of(period):
                if day > last or (self.count is not None and number >= self.count):
                    return
                if day > first:
                    number += 1
                    yield day

    def _periods(self, first: date, last: date) -> Iterator[list[date]]:
        """Yield the days of each day, week, month or year whose turn it is, until `last`."""
        if self.frequency in {Frequency.DAILY, Frequency.WEEKLY}:
            week = self.frequency is Frequency.WEEKLY
            start = first - timedelta(days=(first.weekday() - self.week_start) % 7) if week else first
            while start <= last:
                yield [start + timedelta(days=number) for number in range(7 if week else 1)]
                start += timedelta(days=self.interval * (7 if week else 1))
            return
        step = 12 if self.frequency is Frequency.YEARLY else 1
        month = first.year * 12 + (first.month - 1 if step == 1 else 0)
        while month <= last.year * 12 + last.month - 1:
            yield [day for number in range(month, month + step) for day in _days_of(number)]
            month += self.interval * step

    def _dates_of(self, period: list[date]) -> list[date]:
        days = [day for day in period if self._has(day)]
        if not self.positions:
            return days
        found = {days[at - 1 if at > 0 else at] for at in self.positions if abs(at) <= len(days)}
        return sorted(found)

    def _has(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        length = calendar.monthrange(day.year, day.month)[1]
        if self.month_days and not {day.day, day.day - length - 1} & {*self.month_days}:
            return False
        numbers = {EVERY, (day.day - 1) // 7 + 1, -((length - day.day) // 7) - 1}
        return not self.weekdays or any(nth in numbers and day.weekday() == one for nth, one in self.weekdays)


def _days_of(month: int) -> list[date]:
    """Return the days of a month, counted from year 0."""
    year, number = month // 12, month % 12 + 1
    return [date(year, number, day) for day in range(1, calendar.monthrange(year, number)[1] + 1)]


def read_recurrence(text: str, start_time: time = time(), zone: str = "UTC") -> Recurrence:
    """Return the rule that a text says: an RRULE as calendars write it, with or without that word and a DTSTART.

    `start_time` and `zone` are those of the dates, by which an end in UTC is told. Raises Unreadable.
    """
    lines = [line.strip() for line in _FOLDED.sub("", text.strip().upper()).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("DTSTART")]  # the game has its own
    if len(lines) != 1:
        others = [line for line in lines if not line.startswith("RRULE")]
        raise Unreadable((others or lines)[-1].split(":")[0][:40] if lines else "")
    parts = {}
    line = re.sub(r"\s*([:;=,])\s*", r"\1", lines[0])
    for part in line.removeprefix("RRULE:").strip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise Unreadable(part[:40])
        parts[name] = value
    rule = _read_parts(parts, start_time, zone)
    if len(str(rule)) > TEXT_MAX:
        raise Unreadable(text.strip()[:40])
    return rule


def _read_parts(parts: dict[str, str], start_time: time, zone: str) -> Recurrence:
    readers: dict[str, Callable[[str], tuple[str, Any]]] = {
        "FREQ": lambda text: ("frequency", Frequency(text)),
        "INTERVAL": lambda text: ("interval", _number(text, 1, INTERVAL_MAX)),
        "COUNT": lambda text: ("count", _number(text, 1, COUNT_MAX)),
        "UNTIL": lambda text: ("until", _read_until(text, start_time, zone)),
        "BYDAY": lambda text: ("weekdays", tuple(dict.fromkeys(map(_read_weekday, text.split(","))))),
        "BYMONTHDAY": lambda text: ("month_days", _numbers(text, 31, negative=True)),
        "BYMONTH": lambda text: ("months", _numbers(text, 12)),
        "BYSETPOS": lambda text: ("positions", _numbers(text, 366, negative=True)),
        "WKST": lambda text: ("week_start", WEEKDAYS.index(text)),
    }
    values: dict[str, Any] = {}
    for name, text in parts.items():
        try:
            field, value = readers[name](text)
        except (KeyError, ValueError):
            raise Unreadable(f"{name}={text}"[:40]) from None
        values[field] = value
    if "frequency" not in values:
        raise Unreadable("FREQ")
    if "count" in values and "until" in values:
        raise Unreadable("COUNT and UNTIL")
    rule = Recurrence(**values)
    if any(nth != EVERY for nth, _ in rule.weekdays) and not rule.is_by_month:
        raise Unreadable(f"BYDAY={parts['BYDAY']}"[:40])  # counted in a year, or in a week
    if rule.month_days and rule.frequency is Frequency.WEEKLY:
        raise Unreadable(f"BYMONTHDAY={parts['BYMONTHDAY']}"[:40])
    return rule


def _number(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,5}", text) or not least <= int(text) <= most:
        raise ValueError
    return int(text)


def _numbers(text: str, most: int, *, negative: bool = False) -> tuple[int, ...]:
    numbers = {_number(one, -most if negative else 1, most) for one in text.split(",")}
    if 0 in numbers:
        raise ValueError
    return tuple(sorted(numbers))


def _read_weekday(text: str) -> tuple[int, int]:
    found = _WEEKDAY.fullmatch(text)
    if found is None:
        raise ValueError
    nth = _number(found[1], -5, 5) if found[1] else EVERY
    if found[1] and nth == 0:
        raise ValueError
    return nth, WEEKDAYS.index(found[2])


def _read_until(text: str, start_time: time, zone: str) -> date:
    """Return the last date on which a game may start."""
    found = _UNTIL.fullmatch(text)
    if found is None:
        raise ValueError
    day = datetime.strptime(found[1], "%Y%m%d")
    if not is_usable(day):
        raise ValueError
    if found[2] is None:
        return day.date()
    at = datetime.combine(day, datetime.strptime(found[2], "%H%M%S").time())
    if found[3]:
        at = at.replace(tzinfo=UTC).astimezone(zone_info(zone)).replace(tzinfo=None)
    return at.date() if at.time() >= start_time else at.date() - timedelta(days=1)
