"""Limits against abuse: how many upcoming games one host, or one server, may have."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, rules
from gamesched.lib.refusal import Refused


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "OPEN_GAMES_OF_HOST", 2)
    monkeypatch.setattr(rules, "OPEN_GAMES_IN_GUILD", 3)


def create(world: World, who: Any) -> Game:
    return scheduling.create_game(world.guild.pk, world.make_plan(), Actor(who, EntryPoint.PAGE), world.now).game


def test_the_upcoming_games_of_a_host_are_limited(world: World) -> None:
    first, _ = create(world, world.bob), create(world, world.bob)
    with pytest.raises(Refused, match="2 games to come here are the most that one host may have"):
        create(world, world.bob)
    cancellation.cancel_game(first.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    create(world, world.bob)


def test_the_upcoming_games_of_a_server_are_limited(world: World) -> None:
    for who in (world.bob, world.bob, world.alice):
        create(world, who)
    with pytest.raises(Refused, match="3 games to come are the most that a server may have"):
        create(world, world.charlie)
    Game.objects.update(starts_at=world.now - timedelta(hours=4), ends_at=world.now - timedelta(hours=2))
    create(world, world.charlie)


def test_the_page_shows_the_limit_and_keeps_the_typed_values(world: World, as_person: Any) -> None:
    create(world, world.bob)
    create(world, world.bob)
    start = world.now + timedelta(days=2)
    typed = {"title": "One too many", "date": f"{start:%Y-%m-%d}", "time": "20:00", "zone": "UTC", "duration": "2h"}
    typed |= {"channel": str(world.channel.pk), "reminders": "60"}
    response = as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), typed)
    assert response.status_code == 422
    assert "2 games to come here are the most that one host may have. Cancel one first, or wait." in response.text
    assert "One too many" in response.text
