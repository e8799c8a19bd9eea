"""The dates of a foreign RRULE, as RFC 5545 means it, and whether a series of ours has the very same.

A series of ours has a last day for short months, where the RFC skips them: such a rule becomes single games. dateutil
is of no use here: a rule that never comes takes it ten seconds, which a file could have five hundred times.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from games.imports.found import refuse
from games.series.recurrence import EVERY, Frequency, Recurrence, Unreadable, read_recurrence
from games.series.rules import RULE_MAX
from gamesched.lib.moments import is_usable

COMPARED = timedelta(days=2 * 366)
SINGLE_GAMES_WITHIN = timedelta(days=90)
DAYS_LOOKED_AT_MAX = 300_000  # of all rules of one file, which takes some seconds
_OWN_TIME = re.compile(r";BY(HOUR|MINUTE|SECOND)=([0-9,]*)")


class BadRule(ValueError):
    """Raised for a rule that nobody can follow."""


class TooOften(BadRule):
    """Raised for a rule with several dates a day."""


class Budget:
    """How many days may still be looked at in a file: a few hundred rules from long ago would take minutes."""

    def __init__(self) -> None:
        self.left = DAYS_LOOKED_AT_MAX

    def spend(self, days: int) -> None:
        """Count days. Raises Refused for too many."""
        self.left -= max(days, 0)
        if self.left < 0:
            raise refuse("too_much")


class ForeignRule:
    """An RRULE counted from its first start, a local time of a zone."""

    def __init__(self, text: str, first: datetime, zone: str, budget: Budget) -> None:
        """Raises BadRule."""
        text = _without_own_time(text.strip().upper(), first)
        try:
            rule = read_recurrence(text, first.time(), zone)
        except Unreadable:
            raise BadRule(text) from None
        if not is_usable(first):
            raise BadRule(text)
        self.first, self.budget = first, budget
        self.rule = _with_implied(rule, first)

    def starts(self, since: datetime, until: datetime) -> Iterator[tuple[int, datetime]]:
        """Yield the local starts from one local time to another, each with its number, which only a COUNT needs.

        The first start of all has number 0. Raises Refused for too many days.
        """
        anchor = self._anchor(since.date())
        last = min(until.date(), self.rule.until or until.date())
        self.budget.spend((last - anchor).days)
        for number, day in enumerate(self.rule.dates(anchor, last)):
            at = datetime.combine(day, self.first.time())
            if since <= at <= min(until, datetime.combine(last, time.max)) and (day > anchor or at == self.first):
                yield number, at

    def _anchor(self, since: date) -> date:
        """Return a day some periods before another, from which the rule gives the same dates: long ago takes long."""
        first, step = self.first.date(), self.rule.interval
        if self.rule.count is not None:
            return first
        if self.rule.frequency in {Frequency.DAILY, Frequency.WEEKLY}:
            step *= 7 if self.rule.frequency is Frequency.WEEKLY else 1
            periods = (since - first).days // step - 2
            return first + timedelta(days=periods * step) if periods > 0 else first
        step *= 12 if self.rule.frequency is Frequency.YEARLY else 1
        month = first.year * 12 + first.month - 1
        periods = (since.year * 12 + since.month - 1 - month) // step - 2
        month += periods * step
        return date(month // 12, month % 12 + 1, 1) if periods > 0 else first

    def as_series(self, first: datetime, number: int) -> Recurrence | None:
        """Return our rule with the same dates from one of its starts on; None where we have none.

        `number`: which of all starts it is, from 0.
        """
        theirs, day = self.rule, first.date()
        if theirs.count is not None:
            theirs = replace(theirs, count=theirs.count - number)
        ours, last = theirs.anchored(day), day + COMPARED
        self.budget.spend(2 * COMPARED.days)
        days = list(theirs.dates(day, last))
        return ours if len(days) > 1 and len(str(ours)) <= RULE_MAX and days == list(ours.dates(day, last)) else None


def _without_own_time(text: str, first: datetime) -> str:
    """Return a rule without the time of its first start, which some programs repeat in it. Raises TooOften."""
    own = {"HOUR": first.hour, "MINUTE": first.minute, "SECOND": first.second}
    for name, values in _OWN_TIME.findall(text):
        if not values.isdigit() or len(values) > 2 or int(values) != own[name]:
            raise TooOften(text)
    if re.search(r"FREQ=(HOURLY|MINUTELY|SECONDLY)", text):
        raise TooOften(text)
    return _OWN_TIME.sub("", text)


def _with_implied(rule: Recurrence, first: datetime) -> Recurrence:
    """Return a rule with what RFC 5545 takes from its first start; unlike `anchored`, short months stay short."""
    if rule.frequency is Frequency.WEEKLY and not rule.weekdays:
        return replace(rule, weekdays=((EVERY, first.weekday()),))
    if rule.frequency in {Frequency.MONTHLY, Frequency.YEARLY} and not (rule.weekdays or rule.month_days):
        months = rule.months or ((first.month,) if rule.frequency is Frequency.YEARLY else ())
        return replace(rule, months=months, month_days=(first.day,))
    return rule
