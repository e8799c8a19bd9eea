"""An action locks its game once, also where it does what another action does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.confirmations import actions as confirmations
from games.core.base import ActionResult, Actor, EntryPoint
from games.hosts import actions as hosts
from games.hosts import takeover
from games.minimum_players import actions as minimum_players
from games.models import Game, GuildDefaults, Signup
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from games.signups import responses, standby
from guilds.directory.upsert import mark_member_left
from guilds.models import VIEW_CHANNEL, Channel, Member

Act = Callable[[], ActionResult]


def locks_of_games(act: Act) -> list[str]:
    """Run an action; return the statements that lock rows of games."""
    with CaptureQueriesContext(
        connection,
    ) as statements:
        assert act().changed
    sql = [one["sql"] for one in statements.captured_queries]
    return [one for one in sql if "FOR NO KEY UPDATE" in one and 'FROM "games_game"' in one]


def page(user: object) -> Actor:
    return Actor(user, EntryPoint.PAGE)  # type: ignore[arg-type]


def game_to_confirm(world: World) -> Game:
    game = world.create_game(ask_if_moved=30)
    signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    plan = change_plan(scheduling.plan_from_game(game), starts_at=game.starts_at + timedelta(days=2))
    scheduling.edit_game(game.pk, plan, page(world.bob), world.now)
    return Game.objects.get()


def confirm(world: World, choice: str) -> Act:
    game = game_to_confirm(world)
    number, by = game.confirmation_number, page(world.charlie)
    return lambda: confirmations.answer_confirmation(game.pk, number, choice, by, world.now)


def confirm_open(world: World, choice: str) -> Act:
    game = game_to_confirm(world)
    return lambda: confirmations.answer_open_confirmation(game.pk, choice, page(world.charlie), world.now)


def decide(world: World, choice: str) -> Act:
    game = world.create_game(minimum=3, minimum_by=60)
    late, number = game.starts_at - timedelta(minutes=30), minimum_players.start_number(game)
    return lambda: minimum_players.answer_too_few(game.pk, number, choice, page(world.bob), late)


def stand_by(world: World, *, joined: bool) -> Act:
    game = world.create_game()
    if joined:
        signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    return lambda: standby.set_standby(game.pk, world.charlie, True, page(world.charlie), world.now)


def answer_hand_over(world: World, choice: str) -> Act:
    game = world.create_game()
    hosts.hand_over(game.pk, world.charlie, page(world.bob), world.now)
    return lambda: hosts.answer_open_hand_over(game.pk, choice, page(world.charlie), world.now)


def take_over(world: World) -> Act:
    game = world.create_game()
    mark_member_left(world.guild.pk, world.bob.pk, world.now)
    return lambda: takeover.take_over(game.pk, page(world.alice), world.now)


def move_to_hidden(world: World) -> Act:
    game = world.create_game()
    signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    overwrites = [[world.guild.pk, 0, VIEW_CHANNEL], [world.bob.pk, VIEW_CHANNEL, 0]]
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=overwrites)
    plan = change_plan(scheduling.plan_from_game(game), channel_id=world.other_channel.pk)

    def act() -> ActionResult:
        done = scheduling.edit_game(game.pk, plan, page(world.bob), world.now)
        assert not Signup.objects.current().filter(user=world.charlie).exists()
        return done

    return act


def undo(world: World) -> Act:
    game = world.create_game()
    signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    cancellation.cancel_game(game.pk, "", page(world.bob), world.now)
    Member.objects.filter(user=world.charlie).update(left_at=world.now)

    def act() -> ActionResult:
        done = cancellation.undo_cancellation(game.pk, page(world.bob), world.now)
        assert not Signup.objects.current().filter(user=world.charlie).exists()
        return done

    return act


def respond(world: World) -> Act:
    GuildDefaults.objects.update(answers=True)
    game = world.create_game()
    signups.join(game.pk, world.charlie, page(world.charlie), world.now)
    return lambda: responses.respond_absent(game.pk, world.charlie, page(world.charlie), world.now)


ACTIONS: dict[str, Callable[[World], Act]] = {
    "confirm yes": lambda world: confirm(world, "yes"),
    "confirm no": lambda world: confirm(world, "no"),
    "open confirmation yes": lambda world: confirm_open(world, "yes"),
    "open confirmation no": lambda world: confirm_open(world, "no"),
    "too few keep": lambda world: decide(world, "keep"),
    "too few cancel": lambda world: decide(world, "cancel"),
    "standby joining": lambda world: stand_by(world, joined=False),
    "standby": lambda world: stand_by(world, joined=True),
    "hand-over accept": lambda world: answer_hand_over(world, hosts.ACCEPT),
    "hand-over decline": lambda world: answer_hand_over(world, hosts.DECLINE),
    "take over": take_over,
    "move to a hidden channel": move_to_hidden,
    "undo a cancellation": undo,
    "can't make it": respond,
}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_locks_its_game_once(world: World, name: str) -> None:
    act = ACTIONS[name](world)
    assert len(locks_of_games(act)) == 1
