"""What the page offers to whoever has just left: their seat, while it is free."""

from typing import Any

from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.signups import actions as signups
from games.signups.closing import close_signups

OFFER = 'id="take-back"'


def leave(client: Any, game: Game, **data: str) -> str:
    text: str = client.post(reverse("game-leave", args=[game.pk]), data, headers={"HX-Request": "true"}).text
    return text


def join(world: World, game: Game, who: Any) -> None:
    signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)


def test_who_leaves_by_mistake_joins_again_beside_the_answer(world: World, as_person: Any) -> None:
    game, client = world.create_game(seats=1), as_person(world.charlie)
    join(world, game, world.charlie)
    assert OFFER in leave(client, game)
    back = client.post(reverse("game-join", args=[game.pk]), headers={"HX-Request": "true"}).text
    assert OFFER not in back
    assert game.signups.seated().get().user == world.charlie
    join(world, game, world.alice)
    assert OFFER not in leave(client, game), "Alice has the seat"


def test_no_seat_is_offered_that_joining_would_not_give(world: World, as_person: Any) -> None:
    game, client = world.create_game(), as_person(world.charlie)
    assert OFFER not in leave(client, game), "nobody left"
    join(world, game, world.charlie)
    close_signups(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert OFFER not in leave(client, game), "sign-ups are closed"


def test_taking_an_answer_back_offers_no_seat(world: World, as_person: Any) -> None:
    game, client = world.create_game(answers=True), as_person(world.charlie)
    headers = {"HX-Request": "true"}
    answered = client.post(reverse("game-answer", args=[game.pk]), {"kind": "tentative"}, headers=headers).text
    assert 'name="answer"' in answered
    assert OFFER not in leave(client, game, answer="1")
