"""A series whose dates are skipped, paused, cancelled and moved for good in any order: each has one game or none."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from conftest import World
from games.models import AuditEntry, Game, Series
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import MIN_LEAD_TIME, change_plan
from games.series import actions, rules
from games.series.expansion import make_due_games
from games.series.later_edits import edit_this_and_later
from games.series.tests.scene import bob, repeat
from gamesched.lib.refusal import Refused
from gamesched.lib.zones import zone_info

pytestmark = pytest.mark.slow

BERLIN = zone_info("Europe/Berlin")
DAY, WEEK, LEAD = timedelta(days=1), timedelta(days=7), 16
EXAMPLES, STEPS = 8, 15
nth = st.integers(0, 3)


class OneSeries(RuleBasedStateMachine):
    """A weekly series, week by week; `when_from` has from which week on its games have which day and time."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.now = self.world.now
        start = (self.now + 3 * DAY).astimezone(BERLIN).replace(hour=18, minute=0, second=0, microsecond=0)
        self.first = self.world.create_game(starts_at=start, seats=0).pk
        self.series = repeat(self.world, Game.objects.get(pk=self.first), lead_days=LEAD).pk
        self.when_from: list[tuple[int, date, time]] = [(0, start.date(), start.time())]
        self.made, self.cancelled, self.skipped = {0}, set[int](), set[int]()
        self.paused_until = date.min

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    def do(self, action: Callable[[], Any]) -> bool:
        """Return whether it was done: a refusal is a valid result too."""
        self.now += timedelta(seconds=1)
        try:
            with transaction.atomic():
                action()
        except Refused:
            return False
        AuditEntry.objects.all().delete()  # which no rule reads
        return True

    def day(self, week: int) -> date:
        since, first, _ = [one for one in self.when_from if one[0] <= week][-1]
        return first + (week - since) * WEEK

    def start(self, week: int) -> datetime:
        at = [one for one in self.when_from if one[0] <= week][-1][2]
        return datetime.combine(self.day(week), at, tzinfo=BERLIN)

    def weeks(self, wanted: Callable[[int], bool]) -> list[int]:
        """Return the first weeks to come that are wanted, of those that the rule counts by now."""
        since = self.when_from[-1][0]
        return [
            week for week in range(since, since + 60) if self.start(week) >= self.now + MIN_LEAD_TIME and wanted(week)
        ][:4]

    def game(self, week: int) -> Game:
        return Game.objects.get(series=self.series, series_date=self.day(week))

    # --- what its host does ------------------------------------------------------------------------------

    @rule(which=nth)
    def skip(self, which: int) -> None:
        week = self.weeks(lambda one: one not in self.made)[which]
        if self.do(lambda: actions.skip_date(self.first, self.day(week), bob(self.world), self.now)):
            self.skipped.add(week)

    @rule(which=nth)
    def take_in_again(self, which: int) -> None:
        if (weeks := self.weeks(lambda one: one in self.skipped))[which:]:
            assert self.do(lambda: actions.unskip_date(self.first, self.day(weeks[which]), bob(self.world), self.now))
            self.skipped.remove(weeks[which])

    @rule(days=st.integers(1, 40))
    def pause(self, days: int) -> None:
        until = self.now.astimezone(BERLIN).date() + days * DAY
        assert self.do(lambda: actions.pause_series(self.first, until, bob(self.world), self.now))
        self.paused_until = until

    @rule()
    def resume(self) -> None:
        assert self.do(lambda: actions.resume_series(self.first, bob(self.world), self.now))
        self.paused_until = date.min

    @rule(which=nth)
    def cancel_one(self, which: int) -> None:
        if (weeks := self.weeks(lambda one: one in self.made - self.cancelled))[which:]:
            week = weeks[which]
            assert self.do(lambda: cancellation.cancel_game(self.game(week).pk, "", bob(self.world), self.now))
            self.cancelled.add(week)

    @rule(which=nth, days=st.integers(-9, 9), hours=st.integers(-2, 2))
    def edit_this_and_later_ones(self, which: int, days: int, hours: int) -> None:
        weeks = self.weeks(lambda one: one in self.made - self.cancelled)
        if not weeks[which:]:
            return
        week, game = weeks[which], self.game(weeks[which])
        moved = self.start(week) + timedelta(days=days, hours=hours)  # by the local clock
        plan = change_plan(scheduling.plan_from_game(game), starts_at=moved, title=f"Part {week}")
        if self.do(lambda: edit_this_and_later(game.pk, plan, bob(self.world), self.now)):
            self.when_from = [one for one in self.when_from if one[0] < week]
            self.when_from.append((week, moved.date(), moved.time()))

    @rule(days=st.integers(0, 10))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY
        make_due_games(self.now)
        for week in self.weeks(self.is_due_one_day):
            announced = datetime.combine(self.day(week) - LEAD * DAY, self.start(week).time(), tzinfo=BERLIN)
            if announced <= self.now + rules.MADE_BEFORE:
                self.made.add(week)

    def is_due_one_day(self, week: int) -> bool:
        return week not in self.made | self.skipped and self.day(week) >= self.paused_until

    # --- what is always so -------------------------------------------------------------------------------

    @invariant()
    def each_date_has_one_game_or_none(self) -> None:
        games = {game.series_date: game for game in Game.objects.filter(series=self.series)}
        assert sorted(day for day in games if day) == sorted(self.day(week) for week in self.made)
        for week in self.made - self.cancelled:
            assert games[self.day(week)].starts_at == self.start(week)

    @invariant()
    def the_next_one_is_planned(self) -> None:
        series = Series.objects.get(pk=self.series)
        assert series.make_at is not None
        day = rules.next_day(actions.plan_of(series), actions.made_dates(series), self.now)
        assert day == self.day(self.weeks(self.is_due_one_day)[0])


@pytest.mark.django_db
def test_whatever_is_skipped_paused_and_moved(world: World) -> None:
    OneSeries.world = world
    run_state_machine_as_test(
        OneSeries,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
