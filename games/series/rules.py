"""Pure rules of series: which dates come next, at which moment each starts, and when it is announced.

A start is the same local time in the series' own zone, whatever the clocks do. A time that they skip is as much later
as they go forward: 02:30 is 03:30 that day. Of a time that comes twice it is the first.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from games.scheduling.rules import MIN_LEAD_TIME
from games.series import wording
from games.series.recurrence import TEXT_MAX, Frequency, Recurrence
from gamesched.lib.moments import is_skipped
from gamesched.lib.refusal import Refusal
from gamesched.lib.zones import zone_info

LEAD_DAYS_MAX = 365
# A game is made so long before it is announced, and then announced to the second, however rarely the task runs.
MADE_BEFORE = timedelta(minutes=75)
AHEAD_MAX = 200  # games of one series that may be announced at a time
RULE_MAX = TEXT_MAX - 10  # moved to other days, it may have to say on which its weeks start
DATES_SHOWN = 6
PLAYERS_MAX = 100
SKIPPED_MAX = 200
# A rule with no second date within this time is taken for one that never comes.
LOOKED_AHEAD = timedelta(days=10 * 366)


@dataclass(frozen=True)
class SeriesPlan:
    """What a person decides about a series. `first_date` is the date that the rule counts from."""

    recurrence: Recurrence
    first_date: date
    start_time: time
    zone: str
    lead_days: int
    host_confirms: bool = False
    asks_regulars: bool = True
    regulars: tuple[int, ...] = ()
    substitutes: tuple[int, ...] = ()
    skipped: Collection[date] = ()
    paused_until: date | None = None

    def start_on(self, day: date) -> datetime:
        """Return the moment, in UTC, at which the game of a date starts."""
        return moment(day, self.start_time, self.zone)

    def announced_on(self, day: date) -> datetime:
        """Return when the game of a date is announced: some days before, at the same local time."""
        return moment(day - timedelta(days=self.lead_days), self.start_time, self.zone)

    def is_left_out(self, day: date) -> bool:
        """Return whether no game is made of a date: it is skipped, or falls into a break."""
        return day in self.skipped or (self.paused_until is not None and day < self.paused_until)

    def days_to_come(self, now: datetime) -> Iterator[date]:
        """Yield the dates whose game would start in more than a minute, those left out among them."""
        for day in self.recurrence.dates(self.first_date, self.last_looked_at(now)):
            if self.start_on(day) >= now + MIN_LEAD_TIME:
                yield day

    def last_looked_at(self, now: datetime) -> date:
        """Return until when dates are looked for: ten years from now, and from the last one that is left out."""
        return max(self.first_date, now.date(), self.paused_until or date.min, *self.skipped) + LOOKED_AHEAD


def moment(day: date, at: time, zone: str) -> datetime:
    """Return the moment, in UTC, of a local time: the first of two, and of a skipped one as much later."""
    # PEP 495: with fold 0, a time in a gap is read by the offset from before it.
    return datetime.combine(day, at, tzinfo=zone_info(zone)).replace(fold=0).astimezone(UTC)


def next_day(plan: SeriesPlan, made: Collection[date], now: datetime) -> date | None:
    """Return the date of which the next game is to be made; None if the series has no more.

    `made`: the dates that have a game already.
    """
    return next((day for day in plan.days_to_come(now) if day not in made and not plan.is_left_out(day)), None)


@dataclass(frozen=True)
class ShownDate:
    """One of the next dates, as people see it before they decide.

    `clocks`: "" or what the clocks do: `changed` since the date before, `skipped` or `twice` for this very time.
    """

    day: date
    starts_at: datetime
    left_out: bool
    clocks: str = ""


def next_dates(plan: SeriesPlan, now: datetime, number: int = DATES_SHOWN) -> list[ShownDate]:
    """Return the next dates, those left out among them."""
    found = list[ShownDate]()
    zone = zone_info(plan.zone)
    before = plan.start_on(plan.first_date).astimezone(zone)
    for day in plan.recurrence.dates(plan.first_date, plan.last_looked_at(now)):
        starts_at = plan.start_on(day)
        local = starts_at.astimezone(zone)
        if starts_at >= now + MIN_LEAD_TIME:
            planned = datetime.combine(day, plan.start_time, tzinfo=zone)
            clocks = "changed" if local.utcoffset() != before.utcoffset() else ""
            if is_skipped(planned):
                clocks = "skipped"
            elif planned.utcoffset() != planned.replace(fold=1).utcoffset():
                clocks = "twice"
            found.append(ShownDate(day, starts_at, plan.is_left_out(day), clocks))
        before = local
        if len(found) == number:
            break
    return found


def check_plan(plan: SeriesPlan, now: datetime) -> Refusal | None:
    """Return the refusal for a series, with a sentence for a field; None for a good one."""
    rule = plan.recurrence
    if not 1 <= plan.lead_days <= LEAD_DAYS_MAX:
        return _refusal("bad_lead", "lead_days", wording.bad_lead(LEAD_DAYS_MAX))
    if len(plan.regulars) + len(plan.substitutes) > PLAYERS_MAX:
        return _refusal("too_many_players", "substitutes", wording.too_many_players(PLAYERS_MAX))
    if {*plan.regulars} & {*plan.substitutes}:
        return _refusal("in_both", "substitutes", wording.IN_BOTH)
    if len(str(rule)) > RULE_MAX:
        return _refusal("too_long", "rule", wording.TOO_LONG)
    if rule.until is not None and rule.until < plan.first_date:
        return _refusal("ends_before_beginning", "until", wording.ends_before_beginning(plan.first_date))
    second = next(islice(rule.dates(plan.first_date, plan.last_looked_at(now)), 1, 2), None)
    if second is None:
        if rule.until is not None or rule.count is not None:
            return _refusal("ends_at_once", "until" if rule.until else "count", wording.ENDS_AT_ONCE)
        return _refusal("never", "rule", wording.NEVER)
    if next(plan.days_to_come(now), None) is None:
        return _refusal("over", "until" if rule.until else "count", wording.OVER)
    if _has_too_many_ahead(plan, now):
        return _refusal("too_many_ahead", "lead_days", wording.too_many_ahead(AHEAD_MAX))
    return None


def _has_too_many_ahead(plan: SeriesPlan, now: datetime) -> bool:
    """Return whether too many games would be announced at a time, at any time to come."""
    first = next(plan.days_to_come(now), plan.first_date)
    days = [day for day in plan.recurrence.dates(plan.first_date, plan.last_looked_at(now)) if day >= first]
    lead = timedelta(days=plan.lead_days)
    return any(later - day < lead for day, later in zip(days, days[AHEAD_MAX:], strict=False))


def check_break(until: date | None, today: date) -> Refusal | None:
    """Return the refusal for a break until a date, or None."""
    if until is None:
        return _refusal("no_date", "until", wording.NO_DATE)
    if until <= today:
        return _refusal("past_break", "until", wording.BREAK_PAST)
    if until > today + LOOKED_AHEAD:
        return _refusal("long_break", "until", wording.BREAK_TOO_LONG)
    return None


def _refusal(code: str, field: str, sentence: str) -> Refusal:
    return Refusal(code, sentence, {field: sentence})


def moved_plan(plan: SeriesPlan, day: date, starts_at: datetime, zone: str) -> SeriesPlan:
    """Return the plan in which the game of a date, and all later ones, start when this one now does.

    The local time and the zone are the new ones. A weekly game moved to another day moves to that weekday for good, and
    with it each date that is skipped; of other rules the dates stay.
    """
    local = starts_at.astimezone(zone_info(zone))
    rule, first, days = plan.recurrence, day, (local.date() - day).days
    skipped = plan.skipped
    if days and rule.frequency is Frequency.WEEKLY:
        weekdays = tuple(sorted((nth, (weekday + days) % 7) for nth, weekday in rule.weekdays))
        has_one_weekday = {weekday for _, weekday in rule.weekdays} == {day.weekday()}  # so no week begins between two
        rule, first = replace(rule, weekdays=weekdays), local.date()
        if not has_one_weekday and (rule.interval > 1 or rule.positions):
            # Its week too, or a Sunday that becomes a Monday would be in the week after the next, or the first of one.
            rule = replace(rule, week_start=(rule.week_start + days) % 7)
        skipped = frozenset(one + timedelta(days=days) for one in skipped)
    if rule.count is not None:
        # It counts from the new first date on. One that a shorter rule left over is beyond all that it counts.
        before = sum(one < day for one in plan.recurrence.dates(plan.first_date, day))
        rule = replace(rule, count=max(1, rule.count - before))
    return replace(plan, recurrence=rule, first_date=first, start_time=local.time(), zone=zone, skipped=skipped)


def shifted_dates(days: Collection[date], first: date, shift: timedelta) -> dict[date, date]:
    """Return the new date of each date from the first on, which become as many days later."""
    return {day: day + shift for day in days if day >= first}


def check_move(moved: SeriesPlan, made: Collection[date], day: date) -> Refusal | None:
    """Return the refusal for moving the game of a date and the later ones to a plan, or None.

    `made`: the dates that have a game, which move along.
    """
    until, shift = moved.recurrence.until, moved.first_date - day
    if until is not None and day <= until < moved.first_date:
        return _refusal("ends_before_beginning", "date", wording.ends_before_beginning(moved.first_date))
    if {*shifted_dates(made, day, shift).values()} & {one for one in made if one < day}:
        return _refusal("date_taken", "date", wording.DATE_TAKEN)
    return None
