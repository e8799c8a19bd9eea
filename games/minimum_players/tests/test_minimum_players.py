"""The minimum of players: who is asked when, and what the host decides."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core import choices
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.minimum_players.wording import GAME_KEPT, TOO_FEW
from games.models import AuditEntry, Follow, Game, GameResponse
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.testing.refusals import refuses
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage
from notifications.models import Notification


@pytest.fixture
def game(world: World) -> Game:
    """A game in three days that needs two players a day before; Charlie is in."""
    created = world.create_game(minimum=2, minimum_by=1440)
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return created


def due(kind: str) -> list[datetime]:
    return list(Notification.objects.open().filter(kind=kind).values_list("due_at", flat=True))


def sent(kind: str, at: datetime) -> dict[int | None, OutgoingMessage]:
    """Return the messages of a kind that are sent at a time."""
    Notification.objects.open().exclude(kind=kind).update(due_at=at + timedelta(days=30))
    steps.create_due_deliveries(at)
    return {job.message.user_id: job.message for job in steps.lease_jobs(at, 50) if job.post is None}


def check_number_of(game: Game) -> int:
    return int(game.starts_at.timestamp())


def choose(game: Game, choice: str, who: User, now: datetime, check_number: int | None = None) -> Any:
    return choices.handle_choice(
        PromptChoice(PromptKind.TOO_FEW_PLAYERS, game.pk, check_number or check_number_of(game), choice), who, now
    )


def test_cancel_is_outdated_once_enough_players_are_in(world: World, game: Game) -> None:
    signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    with refuses("outdated"):
        choose(game, "cancel", world.bob, game.starts_at - timedelta(hours=20))
    assert Game.objects.get().cancelled_at is None


def test_the_checks_follow_the_start(world: World, game: Game) -> None:
    assert due("nudge") == [game.starts_at - timedelta(hours=36)]
    assert due("short") == [game.starts_at - timedelta(hours=24)]
    plan = world.make_plan(starts_at=world.now + timedelta(hours=30), minimum=2, minimum_by=1440)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert due("nudge") == [], "never in the past"
    assert due("short") == [world.now + timedelta(hours=6)]
    soon = world.make_plan(starts_at=world.now + timedelta(hours=20), minimum=2, minimum_by=1440)
    scheduling.edit_game(game.pk, soon, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert due("short") == []
    world.create_game(minimum=0)
    assert due("short") == []


def test_users_without_response_are_nudged_once(world: World, game: Game) -> None:
    absent, silent, blocked = (world.add_member(n) for n in (100, 101, 102))
    for who in (world.charlie, world.bob, absent, silent, blocked):
        Follow.objects.create(user=who, guild=world.guild)
    world.guild.blocks.create(user=blocked, created_at=world.now)
    GameResponse.objects.create(game=game, user=absent, kind="absent", at=world.now)
    [(recipient_id, message)] = sent("nudge", game.starts_at - timedelta(hours=36)).items()
    assert recipient_id == silent.pk
    assert "needs at least 2 players and has 1. Can you come?" in message.text


def test_nobody_is_nudged_if_enough_are_in(world: World, game: Game) -> None:
    Follow.objects.create(user=world.add_member(100), guild=world.guild)
    signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    at = game.starts_at - timedelta(hours=24)
    assert not sent("nudge", game.starts_at - timedelta(hours=36))
    Notification.objects.filter(kind="short").update(due_at=at)
    assert not sent("short", at)
    assert set(Notification.objects.filter(kind__in=["nudge", "short"]).values_list("skip_reason", flat=True)) == {
        "enough signed up"
    }


def test_the_host_is_prompted_and_keeps_the_game(world: World, game: Game, as_person: Any) -> None:
    at = game.starts_at - timedelta(hours=24)
    [(who, message)] = sent("short", at).items()
    assert who == world.bob.pk
    assert "needs at least 2 players and has 1. What would you like to do?" in message.text
    assert [button.label for button in message.buttons] == ["Keep it", "Move it", "Cancel it"]
    keep, move, cancel = message.buttons
    assert move.url.endswith(reverse("game-edit", args=[game.pk]))
    with refuses("not_yours"):
        choices.handle_choice(PromptChoice.parse(cancel.id), world.charlie, at)
    revision = Game.objects.get().post_version
    assert choices.handle_choice(PromptChoice.parse(keep.id), world.bob, at).text == GAME_KEPT
    assert Game.objects.get().post_version == revision, "nothing else changes"
    assert AuditEntry.objects.get(action="keep").source == "button"
    assert not choose(game, "keep", world.bob, at).changed


def test_the_host_cancels_the_game_by_a_button(world: World, game: Game) -> None:
    at = game.starts_at - timedelta(hours=24)
    assert choose(game, "cancel", world.bob, at).changed
    assert Game.objects.get().cancel_reason == TOO_FEW
    assert not due("short")
    with refuses("outdated"):
        choose(game, "keep", world.bob, at)


def test_a_prompt_about_another_start_is_outdated(world: World, game: Game) -> None:
    with refuses("outdated"):
        choose(game, "cancel", world.bob, world.now, check_number=check_number_of(game) - 3600)
    assert Game.objects.get().cancelled_at is None


def test_page_and_post_show_the_minimum_and_hosts_decide_there(
    world: World, game: Game, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert announcement_view(game, world.now).seats_text == "4 of 5 seats free, needs at least 2"
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert "The game needs at least 2 players." in page
    assert "Keep it" not in page
    Game.objects.update(starts_at=world.now + timedelta(hours=3), ends_at=world.now + timedelta(hours=5))
    assert "has 1. Keep it, edit it, or cancel it." in as_person(world.bob).get(game.get_absolute_url()).text
    assert "Keep it" not in as_person(world.charlie).get(game.get_absolute_url()).text
    kept = as_person(world.bob).post(reverse("game-keep", args=[game.pk]), follow=True).text
    assert GAME_KEPT in kept
    assert "Keep it, edit it" not in kept
    assert "Bob the GM kept the game with too few players" in kept
