"""The next game of a series is made when it is due, once, whoever makes it and whatever ends meanwhile."""

import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django_q.models import Success

from conftest import World
from games.core.codes import AuditAction, NotificationKind
from games.core.freezing import freeze_started_games
from games.core.states import State
from games.models import AuditEntry, Game, Series
from games.privacy.actions import forget_person
from games.scheduling import cancellation
from games.series import actions, expansion
from games.series.expansion import make_due_games, make_next_game
from games.series.recurrence import Unreadable
from games.series.tests.scene import WEEK, bob, local_start, repeat
from games.server_settings.removals import purge_departed_guilds
from games.tests.test_same_instant import in_threads
from gamesched.lib.scheduled_tasks import run_soon
from gamesched.testing.kills import kill_at
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.directory.upsert import mark_member_left
from guilds.models import Guild
from notifications.models import Notification

TASK = "games.scheduled_tasks.make_repeating_games"
MINUTE = timedelta(minutes=1)


def starts(series: Series) -> list[Any]:
    return [game.starts_at for game in series.games.order_by("series_date")]


@pytest.mark.parametrize(("zone", "weeks"), [("Europe/Berlin", 53), ("Australia/Lord_Howe", 33)])
def test_for_a_year_each_week_is_made_once_at_its_local_time(world: World, zone: str, weeks: int) -> None:
    """For a year, and in the second zone until its clocks have changed; test_rules has two years in eight zones."""
    series, now = repeat(world, world.create_game(zone=zone, reminders=())), world.now
    while now < world.now + weeks * WEEK + timedelta(days=3):
        assert series.make_at is not None
        now = series.make_at
        make_due_games(now)
        series.refresh_from_db()
    games = list(series.games.order_by("starts_at"))
    days = [local_start(game).date() for game in games]
    assert len(days) >= weeks
    assert {later - day for day, later in pairwise(days)} == {WEEK}
    assert len({local_start(game).time() for game in games}) == 1
    assert len({(game.starts_at - games[0].starts_at) % WEEK for game in games}) == 2, "clocks have changed"


def test_the_next_game_appears_as_early_as_announced(world: World) -> None:
    game = world.create_game(seats=7, title="Strahd")
    series = repeat(world, game)
    due = series.make_at
    assert due is not None
    assert due - game.starts_at < timedelta(hours=2), "a week before the next start"
    assert make_due_games(due - timedelta(hours=2)) == 0
    at = due - 5 * MINUTE  # the task runs every hour
    assert make_due_games(at) == 1
    made = series.games.latest("pk")
    assert (made.title, made.settings.seats, made.host, made.channel) == ("Strahd", 7, world.bob, world.channel)
    assert local_start(made) == local_start(game) + WEEK
    assert (made.series_date, made.series_start) == (local_start(made).date(), made.starts_at)
    assert (made.state(at), made.announce_at) == (State.UNANNOUNCED, due), "announced to the second by notifyd"
    assert Notification.objects.open().get(game=made, kind=NotificationKind.AUTO_ANNOUNCE).due_at == due
    assert not Notification.objects.filter(game=made, recipient=world.bob).exists(), "the host knows"
    assert make_due_games(due) == 0
    series.refresh_from_db()
    assert series.make_at is not None
    assert series.make_at > due + timedelta(days=6)


def test_one_that_is_late_is_announced_at_once(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game)
    assert series.make_at is not None
    assert make_due_games(series.make_at + timedelta(days=2)) == 1
    assert series.games.latest("pk").state(series.make_at + timedelta(days=2)) is State.SCHEDULED


def test_a_worker_that_was_away_makes_those_that_can_still_start(world: World) -> None:
    series = repeat(world, world.create_game(), "FREQ=DAILY", lead_days=2)
    first = starts(series)[0]
    now = first + timedelta(days=10, minutes=-5)
    assert make_due_games(now) == 3
    made = starts(series)[1:]
    assert [round((start - now) / timedelta(days=1)) for start in made] == [0, 1, 2]


def test_games_are_made_until_the_series_ends(world: World) -> None:
    series = repeat(world, world.create_game(), "FREQ=DAILY;COUNT=4", lead_days=30)
    assert make_due_games(world.now) == 3
    series.refresh_from_db()
    assert series.make_at is None
    assert make_due_games(world.now + timedelta(days=40)) == 0
    assert len(starts(series)) == 4


def test_each_date_once_however_many_workers_run(committed_world: World) -> None:
    world = committed_world
    series = [repeat(world, world.create_game(), "FREQ=DAILY;COUNT=4", lead_days=30) for _ in range(2)]
    done = in_threads(*[lambda: make_due_games(world.now)] * 6)
    assert sum(done) == 6, done
    while make_due_games(world.now):  # who found a row locked leaves it to the next run
        pass
    for one in series:
        assert len(starts(one)) == len(set(starts(one))) == 4


def test_a_date_changed_in_the_same_instant_as_it_is_made(committed_world: World, monkeypatch: Any) -> None:
    world = committed_world
    game = world.create_game()
    series = repeat(world, game, lead_days=10)
    day = local_start(game).date() + WEEK
    making, go_on = threading.Event(), threading.Event()
    real = expansion._make_game

    def make_slowly(*args: Any) -> Game:
        making.set()
        go_on.wait(10)
        return real(*args)

    def skip() -> str:
        making.wait(10)
        threading.Timer(0.3, go_on.set).start()
        return actions.skip_date(game.pk, day, bob(world), world.now).text

    monkeypatch.setattr(expansion, "_make_game", make_slowly)
    made, refused = in_threads(lambda: make_next_game(series.pk, world.now), skip)
    assert isinstance(made, Game)
    assert refused.refusal.code == "made", "it waited, and then there was a game"


def test_what_dies_in_the_middle_leaves_nothing_behind(world: World, monkeypatch: Any) -> None:
    series = repeat(world, world.create_game(), lead_days=10)

    def die(*args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(expansion, "copy_cohosts", die)
        with pytest.raises(SystemExit), transaction.atomic():
            make_due_games(world.now)
    assert len(starts(series)) == 1
    assert make_due_games(world.now) == 1
    assert make_due_games(world.now) == 0
    assert len(starts(series)) == 2


@pytest.mark.processes
@pytest.mark.parametrize(("statement", "held"), [("SELECT", "guilds_guild"), ("INSERT", "games_signup")])
def test_a_worker_killed_in_the_middle_makes_it_neither_twice_nor_never(
    committed_world: World, statement: str, held: str
) -> None:
    """With the series locked and no game yet; and with the game's row written, when its regulars are to be seated."""
    world = committed_world
    series = repeat(world, world.create_game(), lead_days=10, regulars=(world.charlie.pk,))
    run_soon(TASK)
    with Stack() as stack:
        kill_at(stack, "worker", statement, held, lambda: stack.start("worker", wait=False))
        assert series.games.count() == 1
        for _ in range(2):
            run_soon(TASK)
        stack.start("worker")
        eventually(lambda: Success.objects.filter(func=TASK).count() >= 2)
        assert series.games.count() == 2


def test_a_cancelled_game_is_not_made_again_and_the_others_follow(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, "FREQ=DAILY", lead_days=1)
    cancellation.cancel_game(game.pk, "ill", bob(world), world.now)
    later = game.starts_at + timedelta(hours=1)
    assert make_due_games(later) == 1
    assert starts(series)[1] > game.starts_at
    assert make_due_games(later) == 0


def test_a_host_who_left_is_no_host_and_the_next_is_made_once_there_is_one(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=10)
    mark_member_left(world.guild.pk, world.bob.pk, world.now)
    for _ in range(2):
        assert make_due_games(world.now) == 0
    series.refresh_from_db()
    assert series.problem_code == "not_a_member"
    assert AuditEntry.objects.filter(action=AuditAction.NOT_REPEATED).count() == 1, "told once"
    notification = Notification.objects.get(kind=NotificationKind.SERIES_NOT_MADE)
    assert notification.recipient_id == world.bob.pk
    Game.objects.filter(pk=game.pk).update(host=world.alice)
    assert make_due_games(world.now) == 1
    series.refresh_from_db()
    assert series.problem_code == ""
    assert series.games.latest("pk").host == world.alice


def test_a_start_that_passes_while_it_is_refused_is_passed_over(world: World) -> None:
    game = world.create_game()
    series = repeat(world, game, "FREQ=DAILY", lead_days=1)
    mark_member_left(world.guild.pk, world.bob.pk, world.now)
    now = game.starts_at + timedelta(days=3, minutes=-1)
    assert make_due_games(now) == 0
    series.refresh_from_db()
    assert series.problem_code == "not_a_member"
    Game.objects.filter(pk=game.pk).update(host=world.alice)
    later = game.starts_at + timedelta(days=5, minutes=-1, seconds=-30)
    assert make_due_games(later) == 2
    assert min(starts(series)[1:]) > later


def test_a_series_of_a_server_without_the_bot_waits(world: World) -> None:
    series = repeat(world, world.create_game(), lead_days=10)
    Guild.objects.update(bot_removed_at=world.now)
    assert make_due_games(world.now) == 0
    Guild.objects.update(bot_removed_at=None)
    assert make_due_games(world.now) == 1
    assert series.games.count() == 2


def test_settings_that_the_game_inherits_stay_inherited(world: World) -> None:
    game = world.create_game(seats=None, duration=None)
    series = repeat(world, game, lead_days=10)
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - WEEK, ends_at=world.now - WEEK / 2)
    freeze_started_games(world.now)
    assert make_due_games(world.now) == 1, Series.objects.values()
    made = series.games.latest("pk")
    assert made.seats is None


def test_a_series_with_an_error_keeps_no_other_waiting(world: World) -> None:
    broken, *others = [repeat(world, world.create_game(), lead_days=10) for _ in range(3)]
    Series.objects.filter(pk=broken.pk).update(rule="no rule", make_at=world.now - WEEK)
    with pytest.raises(Unreadable):
        make_due_games(world.now)
    assert [one.games.count() for one in (broken, *others)] == [1, 2, 2]


@pytest.mark.parametrize("over", [False, True])
def test_a_forgotten_host_is_told_of_no_problem(world: World, over: bool) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=10)
    if over:
        Game.objects.filter(pk=game.pk).update(starts_at=world.now - WEEK, ends_at=world.now - WEEK / 2)
    forget_person(world.bob.pk, world.now)
    assert make_due_games(world.now) == 0
    series.refresh_from_db()
    assert series.problem_code == "not_a_member"
    assert not Notification.objects.filter(kind=NotificationKind.SERIES_NOT_MADE).exists()


def test_a_server_is_deleted_with_its_series(world: World) -> None:
    repeat(world, world.create_game(), lead_days=10, regulars=(world.charlie.pk,))
    assert make_due_games(world.now) == 1
    Guild.objects.update(bot_removed_at=world.now - timedelta(days=400))
    assert purge_departed_guilds(world.now) == 1
    assert not Series.objects.exists()


def test_a_cancellation_undone_makes_no_second_game(world: World) -> None:
    series = repeat(world, world.create_game(), lead_days=10)
    assert make_due_games(world.now) == 1
    made = series.games.latest("pk")
    cancellation.cancel_game(made.pk, "ill", bob(world), world.now)
    assert make_due_games(world.now) == 0
    cancellation.undo_cancellation(made.pk, bob(world), world.now)
    assert make_due_games(world.now) == 0
    assert series.games.count() == 2
