"""The dates of a foreign RRULE, and whether a series of ours has the very same.

Python's dateutil says what RFC 5545 means. A rule becomes a series where `games.series.recurrence` gives the same dates
for two years: ours has a last day for short months where the RFC skips them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile

from dateutil.rrule import rrulestr

from games.imports.found import refuse
from games.series.recurrence import Recurrence, Unreadable, read_recurrence
from games.series.rules import RULE_MAX
from gamesched.lib.moments import FIRST_YEAR
from gamesched.lib.zones import zone_info

COMPARED = timedelta(days=2 * 366)
SINGLE_GAMES_WITHIN = timedelta(days=90)
LOOKED_AT_MAX = 150_000  # periods of all rules of one file
PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYYEARDAY", "BYWEEKNO", "WKST"}
_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}
_COST = {"DAILY": 1, "WEEKLY": 2, "MONTHLY": 6, "YEARLY": 60}


class BadRule(ValueError):
    """Raised for a rule that nobody can follow."""


class TooOften(BadRule):
    """Raised for a rule with several dates a day."""


class Budget:
    """How many periods may still be looked at in a file: a few hundred rules from long ago would take minutes."""

    def __init__(self, left: int = LOOKED_AT_MAX) -> None:
        self.left = left

    def spend(self, periods: int) -> None:
        """Count periods. Raises Refused for too many."""
        self.left -= periods
        if self.left < 0:
            raise refuse("too_much")


class ForeignRule:
    """An RRULE counted from its first start, a local time without a zone."""

    def __init__(self, text: str, first: datetime, zone: str, budget: Budget) -> None:
        self.text, self.first, self.zone, self.budget = text.strip().upper(), first, zone, budget
        pairs = [part.partition("=") for part in self.text.removeprefix("RRULE:").split(";") if part]
        self.parts = {name.strip(): value.strip() for name, _, value in pairs}
        if self.parts.get("FREQ") in {"HOURLY", "MINUTELY", "SECONDLY"}:
            raise TooOften(text)
        if self.parts.keys() & {"BYHOUR", "BYMINUTE", "BYSECOND"}:
            self._drop_own_time()
        if self.parts.get("FREQ") not in _DAYS or self.parts.keys() - PARTS or first.year < FIRST_YEAR:
            raise BadRule(text)
        self.interval = self._number("INTERVAL", 1)
        self.count = self._number("COUNT", 0)
        self.until = self._until()

    def _drop_own_time(self) -> None:
        """Leave out the time of the first start, which some programs repeat in the rule. Raises TooOften."""
        own = {"BYHOUR": self.first.hour, "BYMINUTE": self.first.minute, "BYSECOND": self.first.second}
        for name, value in own.items():
            if self.parts.get(name, str(value)).lstrip("0") not in {str(value), "" if value == 0 else str(value)}:
                raise TooOften(self.text)
            self.parts.pop(name, None)

    def _number(self, name: str, default: int) -> int:
        text = self.parts.get(name, str(default))
        if not text.isascii() or not text.isdigit() or len(text) > 5 or (name in self.parts and int(text) == 0):
            raise BadRule(self.text)
        return int(text)

    def _until(self) -> datetime:
        text = self.parts.get("UNTIL", "")
        if not text:
            return datetime.max
        try:
            if "T" not in text:
                return datetime.combine(datetime.strptime(text, "%Y%m%d").date(), time.max)
            at = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")
            if text.endswith("Z"):
                at = at.replace(tzinfo=UTC).astimezone(zone_info(self.zone)).replace(tzinfo=None)
        except (ValueError, OverflowError):
            raise BadRule(self.text) from None
        return at

    def starts(self, until: datetime) -> Iterator[datetime]:
        """Yield the local starts until a local time, the first one too. Raises BadRule, and Refused for too many."""
        end = min(self.until, until)
        if end < self.first:
            return
        frequency = self.parts["FREQ"]
        periods = (end - self.first).days // (_DAYS[frequency] * self.interval) + 1
        self.budget.spend(periods * _COST[frequency])
        kept = {name: value for name, value in self.parts.items() if name not in {"COUNT", "UNTIL"}}
        text = ";".join(f"{name}={value}" for name, value in kept.items()) + f";UNTIL={end:%Y%m%dT%H%M%S}"
        try:
            rule = rrulestr(text, dtstart=self.first)
            # RFC 5545: the first start counts, whether or not the rule has it.
            found = (at for at in rule if at != self.first)
            most = self.count - 1 if self.count else None
            yield self.first
            yield from islice(found, most)
        except (ValueError, TypeError, OverflowError, IndexError, KeyError):
            raise BadRule(self.text) from None

    def as_series(self, first: datetime, number: int) -> Recurrence | None:
        """Return our rule with the same dates from one of its starts on; None where we have none.

        `number`: which of all starts it is, from 0.
        """
        if self.parts.keys() & {"BYYEARDAY", "BYWEEKNO"}:
            return None
        text = ";".join(f"{name}={value}" for name, value in self.parts.items() if name != "COUNT")
        try:
            rule = read_recurrence(text, self.first.time(), self.zone).anchored(self.first.date())
        except Unreadable:
            return None
        if self.count:
            rule = replace(rule, count=self.count - number)
        if len(str(rule)) > RULE_MAX:
            return None
        last = first + COMPARED
        theirs = [at.date() for at in self.starts(last) if at >= first]
        ours = list(takewhile(lambda day: day <= last.date(), rule.dates(first.date(), last.date())))
        return rule if len(theirs) > 1 and _up_to(theirs, last) == _up_to(ours, last) else None


def _up_to(days: list[date], last: datetime) -> list[date]:
    return [day for day in days if day < last.date()]
