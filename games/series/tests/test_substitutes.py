"""Substitutes of a series are asked one after another when a regular drops out of one of its games."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind, handle_choice
from games.core.codes import NotificationKind
from games.models import Game
from games.series.expansion import make_due_games
from games.series.tests.scene import repeat
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon.steps import create_due_deliveries
from notifications.models import Delivery, Notification

MINUTE = timedelta(minutes=1)


@pytest.fixture
def people(world: World) -> list[User]:
    return [world.add_member(number) for number in range(100, 105)]


@pytest.fixture
def game(world: World, people: list[User]) -> Game:
    """The next game of a table of two regulars, full, with three substitutes."""
    regulars, substitutes = people[:2], people[2:]
    series = repeat(
        world,
        world.create_game(seats=2, offer_for=30, offer_within=0),
        lead_days=10,
        regulars=[one.pk for one in regulars],
        substitutes=[one.pk for one in substitutes],
    )
    make_due_games(world.now)
    return series.games.latest("pk")


def prompted(game: Game, at: datetime) -> list[int]:
    """Let notifyd look what is due, and return who was asked so far, in order."""
    for _ in range(5):
        create_due_deliveries(at)
    rows = Delivery.objects.filter(notification__game=game, notification__kind=NotificationKind.SUBSTITUTE)
    return list(rows.order_by("pk").values_list("recipient_id", flat=True))


def leave(game: Game, who: User, now: datetime) -> None:
    signups.leave(game.pk, who, Actor(who, EntryPoint.BUTTON), now)


def answer(game: Game, who: User, choice: str, now: datetime) -> None:
    handle_choice(PromptChoice(PromptKind.SUBSTITUTE, game.pk, who.pk, choice), who, now)


def ids(people: Iterable[User]) -> list[int]:
    return [one.pk for one in people]


def test_nobody_is_asked_while_the_regulars_are_in(world: World, game: Game) -> None:
    assert prompted(game, world.now + MINUTE) == []
    assert not Notification.objects.filter(kind=NotificationKind.SUBSTITUTE).exists()


def test_the_first_is_asked_and_steps_in(world: World, game: Game, people: list[User]) -> None:
    leave(game, people[0], world.now)
    at = world.now + 2 * MINUTE
    assert prompted(game, at) == ids(people[2:3])
    assert prompted(game, at + 20 * MINUTE) == ids(people[2:3]), "there is time to answer"
    with pytest.raises(Refused):
        answer(game, people[3], "yes", at)
    answer(game, people[2], "yes", at)
    assert game.signups.current().get(user=people[2]).seated_at is not None
    assert prompted(game, at + timedelta(hours=5)) == ids(people[2:3])


def test_the_next_is_asked_when_one_passes_or_does_not_answer(world: World, game: Game, people: list[User]) -> None:
    leave(game, people[0], world.now)
    at = world.now + 2 * MINUTE
    prompted(game, at)
    answer(game, people[2], "no", at)
    assert prompted(game, at + MINUTE) == ids(people[2:4])
    assert prompted(game, at + 40 * MINUTE) == ids(people[2:5]), "half an hour later"
    assert prompted(game, at + timedelta(hours=9)) == ids(people[2:5]), "nobody is left, and none is asked twice"
    answer(game, people[3], "yes", at + timedelta(hours=9))
    assert game.signups.current().filter(user=people[3], seated_at__isnull=False).exists(), "late, but the seat is free"


def test_two_are_asked_for_two(world: World, game: Game, people: list[User]) -> None:
    for who in people[:2]:
        leave(game, who, world.now)
    assert prompted(game, world.now + 2 * MINUTE) == ids(people[2:4])


def test_who_loses_the_seat_for_want_of_an_answer_is_replaced(world: World, game: Game, people: list[User]) -> None:
    game.refresh_from_db()
    assert game.confirm_by is not None
    at = game.confirm_by + MINUTE
    prompted(game, at)
    assert not game.signups.current().filter(user=people[0]).exists()
    assert prompted(game, at + 2 * MINUTE) == ids(people[2:4])


def test_closed_sign_ups_do_not_keep_a_substitute_out(world: World, game: Game, people: list[User]) -> None:
    from games.signups.closing import close_signups

    leave(game, people[0], world.now)
    close_signups(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    at = world.now + 2 * MINUTE
    assert prompted(game, at) == ids(people[2:3])
    answer(game, people[2], "yes", at)
    assert game.signups.current().filter(user=people[2], seated_at__isnull=False).exists()


def test_a_seat_taken_by_another_is_not_asked_for(world: World, game: Game, people: list[User]) -> None:
    leave(game, people[0], world.now)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.BUTTON), world.now)
    assert prompted(game, world.now + 2 * MINUTE) == []
