"""Limits against abuse: how many upcoming games one host, or one server, may have."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, publishing, rules
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
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


def test_what_is_on_again_is_counted(world: World) -> None:
    first, actor = create(world, world.bob), Actor(world.bob, EntryPoint.PAGE)
    cancellation.cancel_game(first.pk, "", actor, world.now)
    create(world, world.bob)
    other = create(world, world.bob)
    with pytest.raises(Refused, match="2 games to come here are the most that one host may have"):
        cancellation.undo_cancellation(first.pk, actor, world.now)
    cancellation.cancel_game(other.pk, "", actor, world.now)
    assert cancellation.undo_cancellation(first.pk, actor, world.now).changed


def test_a_post_to_come_that_is_on_again_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 1)
    actor = Actor(world.bob, EntryPoint.PAGE)
    later = AnnounceSchedule(AnnounceWhen.LATER, world.now + timedelta(hours=1))

    def schedule() -> Game:
        return scheduling.create_game(world.guild.pk, world.make_plan(), actor, world.now, announce=later).game

    first = schedule()
    cancellation.cancel_game(first.pk, "", actor, world.now)
    schedule()
    with pytest.raises(Refused, match="1 posts within a day"):
        cancellation.undo_cancellation(first.pk, actor, world.now)
    manager = Actor(world.alice, EntryPoint.PAGE)
    assert cancellation.undo_cancellation(first.pk, manager, world.now).changed


def test_a_draft_that_moves_is_no_post(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 2)
    actor, draft = Actor(world.bob, EntryPoint.PAGE), AnnounceSchedule(AnnounceWhen.DRAFT)
    game = scheduling.create_game(world.guild.pk, world.make_plan(), actor, world.now, announce=draft).game

    def move(minute: int) -> None:
        channel = world.other_channel if minute % 2 else world.channel
        at = world.now + timedelta(minutes=minute)
        scheduling.edit_game(game.pk, world.make_plan(channel_id=channel.pk), actor, at)

    for minute in (1, 2, 3):
        move(minute)
    publishing.announce_game(game.pk, actor, world.now + timedelta(minutes=4))
    move(6)
    with pytest.raises(Refused, match="2 posts within a day"):
        move(7)
