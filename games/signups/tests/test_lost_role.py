"""Who loses the role that a game needs loses the seat, and is told so once."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from games.signups import eligibility, responses
from guilds.directory import upsert
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Member, Role, User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery

PLAYER = 77


@pytest.fixture
def game(world: World) -> Game:
    Role.objects.create(pk=PLAYER, guild=world.guild, name="Player")
    Member.objects.filter(user=world.charlie).update(role_ids=[PLAYER])
    return world.create_game(seats=1, reminders=(), player_role_ids=(PLAYER,), plus_one=True)


def join(game: Game, who: User, now: Any) -> None:
    signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), now)


def set_roles(world: World, who: User, *roles: int) -> None:
    """Say what the bot learns when it looks at a member again."""
    payload = MemberPayload(UserPayload(who.pk, who.handle), role_ids=roles)
    upsert.upsert_member(world.guild.pk, payload, world.now)


def messages_to(world: World, who: User) -> list[OutgoingMessage]:
    steps.create_due_deliveries(world.now)
    jobs = [job for job in steps.lease_jobs(world.now, 100) if job.post is None]
    steps.record([(job, SentMessage(5, job.pk)) for job in jobs], world.now)
    return [job.message for job in jobs if job.message.user_id == who.pk or who.pk in job.message.ping_users]


def kinds_to(who: User) -> list[str]:
    rows = Delivery.objects.filter(recipient=who).order_by("pk")
    return list(rows.values_list("notification__kind", flat=True))


def test_the_seat_is_lost_and_its_player_is_told_once(world: World, game: Game) -> None:
    join(game, world.charlie, world.now)
    for _ in range(3):  # heard of again and again, and once by the sweep
        set_roles(world, world.charlie)
        eligibility.drop_ineligible_signup(game.pk, world.charlie.pk, world.now)
    assert not game.signups.current().filter(user=world.charlie).exists()
    [message] = messages_to(world, world.charlie)
    assert game.title in message.text
    assert reverse("game", args=[game.pk]) in message.text
    assert kinds_to(world.charlie) == ["lost_role"]
    assert kinds_to(world.bob) == ["lost_seat"], "and the host"
    assert messages_to(world, world.charlie) == []


def test_who_waits_is_told_too_and_guests_are_named(world: World, game: Game) -> None:
    join(game, world.charlie, world.now)
    responses.add_guest(game.pk, world.charlie, "Zed", Actor(world.charlie, EntryPoint.PAGE), world.now)
    waiting = world.add_member(100)
    Member.objects.filter(user=waiting).update(role_ids=[PLAYER])
    join(game, waiting, world.now)
    for who in (world.charlie, waiting):
        set_roles(world, who)
    [message] = messages_to(world, world.charlie)
    assert "Zed" in message.text
    assert kinds_to(waiting) == ["lost_role"]


def test_nothing_is_told_of_what_holds_no_more(world: World, game: Game) -> None:
    join(game, world.charlie, world.now)
    set_roles(world, world.charlie)
    set_roles(world, world.charlie, PLAYER)
    join(game, world.charlie, world.now)
    assert messages_to(world, world.charlie) == []


def test_each_loss_is_told(world: World, game: Game) -> None:
    for _ in range(2):
        set_roles(world, world.charlie, PLAYER)
        join(game, world.charlie, world.now)
        set_roles(world, world.charlie)
        assert len(messages_to(world, world.charlie)) == 1


def test_who_keeps_the_seat_is_told_nothing(world: World, game: Game) -> None:
    signups.join(game.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now)  # signed up by the host
    messages_to(world, world.charlie)
    set_roles(world, world.charlie)
    assert game.signups.current().filter(user=world.charlie).exists()
    assert messages_to(world, world.charlie) == []
    assert announcement_view(game, world.now).text


def test_who_left_the_server_is_told_nothing(world: World, game: Game) -> None:
    join(game, world.charlie, world.now)
    upsert.mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    assert messages_to(world, world.charlie) == []


@pytest.mark.parametrize("over", [True, False])
def test_a_game_that_is_over_or_a_draft_tells_nobody(world: World, game: Game, over: bool) -> None:
    join(game, world.charlie, world.now)
    if over:
        Game.objects.update(starts_at=world.now - timedelta(hours=3), ends_at=world.now - timedelta(hours=1))
    else:
        plan = world.make_plan(player_role_ids=(PLAYER,))
        by, announce = Actor(world.bob, EntryPoint.PAGE), AnnounceSchedule(AnnounceWhen.DRAFT)
        scheduling.create_game(world.guild.pk, plan, by, world.now, announce=announce)
        Game.objects.update(announced_at=None)
    set_roles(world, world.charlie)
    assert messages_to(world, world.charlie) == []
