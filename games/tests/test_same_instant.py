"""Rules that compare a person's games, or count them, and forms hold for two actions in the same instant."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.offers import schedule_conflicts
from games.offers.schedule_conflicts import ConflictPolicy, ScheduleConflict
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, limits, rules
from games.scheduling.cloning import CarryPlayers
from games.signups import actions as signups
from games.signups import standby, swaps
from games.tests.stage import make_stage, rows
from games.tests.test_sent_twice import ONCE, send
from gamesched.lib.refusal import Refused
from gamesched.testing.page_forms import form_to
from guilds.models import SentForm, User
from notifications.daemon import outcomes
from notifications.messages import OutgoingMessage, PermanentError, SentMessage


def in_threads(*work: Callable[[], Any]) -> list[Any]:
    """Run functions at the same instant, and return their results or exceptions."""
    results: list[Any] = [None] * len(work)
    together = threading.Barrier(len(work))

    def run(number: int) -> None:
        together.wait()
        try:
            results[number] = work[number]()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass between a check and what follows from it, so that without a lock both always pass."""
    find, check = schedule_conflicts.find_conflict, rules.check_game_limits

    def find_slowly(*args: Any, **kwargs: Any) -> Any:
        found = find(*args, **kwargs)
        time.sleep(0.4)
        return found

    def check_slowly(*args: Any) -> Any:
        refusal = check(*args)
        time.sleep(0.4)
        return refusal

    monkeypatch.setattr(schedule_conflicts, "find_conflict", find_slowly)
    monkeypatch.setattr(swaps, "find_conflict", find_slowly)
    monkeypatch.setattr(limits, "check_game_limits", check_slowly)


Act = Callable[[World, Game, User], Any]


def join(world: World, game: Game, who: User) -> Any:
    return signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now, overlap=ConflictPolicy.ASK)


def join_anyway(world: World, game: Game, who: User) -> Any:
    return swaps.answer_conflict(game.pk, 0, "anyway", Actor(who, EntryPoint.PAGE), world.now)


def swap(world: World, game: Game, who: User) -> Any:
    return swaps.swap_games(game.pk, Actor(who, EntryPoint.PAGE), world.now)


def wait(world: World, game: Game, who: User) -> Any:
    return standby.set_standby(game.pk, who, True, Actor(who, EntryPoint.PAGE), world.now)


def create(world: World, game: Game, who: User) -> Any:
    plan = world.make_plan(starts_at=game.starts_at, title="Their own")
    return scheduling.create_game(
        world.guild.pk, plan, Actor(who, EntryPoint.PAGE), world.now, overlap=ConflictPolicy.ASK
    )


def create_anyway(world: World, game: Game, who: User) -> Any:
    plan = world.make_plan(starts_at=game.starts_at, title="Their own")
    return scheduling.create_game(world.guild.pk, plan, Actor(who, EntryPoint.PAGE), world.now)


def clone(world: World, game: Game, who: User) -> Any:
    plan = world.make_plan(starts_at=game.starts_at, title="Again")
    Game.objects.filter(pk=game.pk).update(cancelled_at=world.now)  # only then others schedule it again
    policy = ConflictPolicy.ASK
    return cloning.clone_game(game.pk, plan, CarryPlayers.NO, Actor(who, EntryPoint.PAGE), world.now, overlap=policy)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(("one", "other"), [(join, join), (join, create), (create, create), (clone, join)])
def test_two_games_at_the_same_time(committed_world: World, one: Act, other: Act) -> None:
    world, who = committed_world, committed_world.charlie
    games = [world.create_game(title=title) for title in ("First", "Second")]
    results = in_threads(lambda: one(world, games[0], who), lambda: other(world, games[1], who))
    assert len([result for result in results if isinstance(result, ScheduleConflict)]) == 1, results
    assert Game.objects.hosted_or_joined_by(who).count() == 1


@pytest.mark.usefixtures("slow")
def test_two_swaps(committed_world: World) -> None:
    world, who = committed_world, committed_world.charlie
    games = [world.create_game(title=title) for title in ("First", "Second")]
    results = in_threads(*(lambda game=game: swap(world, game, who) for game in games))
    assert Game.objects.hosted_or_joined_by(who).count() == 1, results


@pytest.mark.parametrize("act", [join_anyway, wait, create_anyway])
def test_who_joins_meanwhile_is_asked_about_what_is_under_way(committed_world: World, act: Act) -> None:
    world, who = committed_world, committed_world.charlie
    games = [world.create_game(title=title) for title in ("First", "Second")]
    done = threading.Event()

    def go_on_anyway() -> None:
        with transaction.atomic():
            act(world, games[0], who)
            done.set()
            time.sleep(0.3)

    def join_meanwhile() -> Any:
        done.wait(10)
        return join(world, games[1], who)

    _, result = in_threads(go_on_anyway, join_meanwhile)
    assert isinstance(result, ScheduleConflict), result


@pytest.mark.usefixtures("slow")
def test_the_games_of_a_host(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = committed_world
    monkeypatch.setattr(rules, "OPEN_GAMES_OF_HOST", 1)
    later = world.make_plan(starts_at=world.now + timedelta(days=9))
    actor = Actor(world.bob, EntryPoint.PAGE)
    results = in_threads(
        lambda: scheduling.create_game(world.guild.pk, world.make_plan(), actor, world.now),
        lambda: scheduling.create_game(world.guild.pk, later, actor, world.now),
    )
    refused = [result for result in results if isinstance(result, Refused)]
    assert [one.refusal.code for one in refused] == ["too_many"], results
    assert Game.objects.count() == 1


@pytest.mark.usefixtures("slow")
def test_the_games_of_a_server(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = committed_world
    monkeypatch.setattr(rules, "OPEN_GAMES_IN_GUILD", 1)
    results = in_threads(
        *(
            lambda who=who: scheduling.create_game(
                world.guild.pk, world.make_plan(), Actor(who, EntryPoint.PAGE), world.now
            )
            for who in (world.alice, world.bob)
        )
    )
    refused = [result for result in results if isinstance(result, Refused)]
    assert [one.refusal.code for one in refused] == ["too_many"], results
    assert Game.objects.count() == 1


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(("limit", "other"), [("OPEN_GAMES_OF_HOST", "bob"), ("OPEN_GAMES_IN_GUILD", "charlie")])
def test_a_cancellation_is_undone_while_another_game_is_scheduled(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, limit: str, other: str
) -> None:
    """The game counts as its host's, and was announced by somebody else."""
    world = committed_world
    manager = Actor(world.alice, EntryPoint.PAGE)
    plan = world.make_plan()
    game = scheduling.create_game(world.guild.pk, plan, manager, world.now, host=world.bob).game
    assert (game.host, game.announced_by) == (world.bob, world.alice)
    cancellation.cancel_game(game.pk, "", manager, world.now)
    monkeypatch.setattr(rules, limit, 1)
    by_other = Actor(getattr(world, other), EntryPoint.PAGE)
    results = in_threads(
        lambda: cancellation.undo_cancellation(game.pk, manager, world.now),
        lambda: scheduling.create_game(world.guild.pk, plan, by_other, world.now),
    )
    refused = [result for result in results if isinstance(result, Refused)]
    assert [one.refusal.code for one in refused] == ["too_many"], results
    assert Game.objects.filter(cancelled_at=None).count() == 1


@pytest.mark.parametrize(
    "route", ["game-new", "game-tell", "template-new", "game-again", "game-bring", "guild-unblock"]
)
def test_a_form_sent_twice_in_the_same_instant(committed_world: World, as_person: Any, route: str) -> None:
    stage = make_stage(committed_world)
    sending, address = ONCE[route], stage.url(route)
    client = as_person(getattr(stage.world, sending.who))
    form = form_to(client, stage.url(sending.page), address, **sending.typed)
    before = {name: len(some) for name, some in rows().items()}

    def post() -> str:
        twin = Client()
        twin.cookies = client.cookies.copy()
        response = twin.post(address, form)
        return response["Location"] if response.status_code == 302 else response.text[:2000]

    first, second = in_threads(post, post)
    assert first == second
    assert first.startswith("/"), first
    kept = rows()
    assert send(client, address, form)[0] == first
    assert rows() == kept
    assert {name: len(some) for name, some in kept.items()} != before
    assert SentForm.objects.count() == 1


def test_a_sent_message_changes_its_person_before_a_delivery_is_locked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """notifyd would otherwise wait for a person while it holds a delivery, which is against the order of locks."""
    User.objects.filter(pk=world.charlie.pk).update(dm_channel_id=None)
    stored: list[int | None] = []

    def record(*args: Any) -> None:
        stored.append(User.objects.get(pk=world.charlie.pk).dm_channel_id)

    monkeypatch.setattr(outcomes, "_record_delivery", record)
    message = OutgoingMessage(user_id=world.charlie.pk)
    outcomes._record_outcome(outcomes.Job(1, message), SentMessage(77, 88), world.now)
    known = OutgoingMessage(user_id=world.charlie.pk, channel_id=77)
    gone = PermanentError("Unknown Channel", PermanentError.UNKNOWN_CHANNEL)
    outcomes._record_outcome(outcomes.Job(1, known), gone, world.now)
    assert stored == [77, None]
