"""Taking a game over when its host leaves the guild."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core import choices
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.hosts import actions as host_actions
from games.hosts.wording import HOST_LEFT, MAY_NOT_TAKE_OVER
from games.models import Game
from games.models.settings import GuildDefaults
from games.pages.health_wording import games_played, left_late
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import mark_member_left, upsert_member
from guilds.models import Member, User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage
from notifications.models import Notification

MANAGER_ROLE = 1200000000000000041


def sent(world: World, minutes: int = 0) -> dict[int | None, OutgoingMessage]:
    at = world.now + timedelta(minutes=minutes)
    steps.create_due_deliveries(at)
    return {job.message.user_id: job.message for job in steps.lease_jobs(at, 50) if job.post is None}


def remove_host(world: World, game: Game) -> None:
    mark_member_left(world.guild.pk, game.host_id, world.now)


def take_over(game: Game, who: User, world: World) -> Any:
    return choices.handle_choice(PromptChoice(PromptKind.TAKE_OVER, game.pk, world.bob.pk, "take"), who, world.now)


def add_manager(world: World, number: int) -> User:
    GuildDefaults.objects.update(manager_role_ids=[MANAGER_ROLE])
    who = world.add_member(number)
    Member.objects.filter(user=who).update(role_ids=[MANAGER_ROLE])
    return who


def test_managers_are_offered_to_take_over_when_the_host_leaves(world: World) -> None:
    managers = [add_manager(world, 100 + n) for n in range(11)]
    game = world.create_game()
    host_actions.set_cohosts(game.pk, [world.charlie], Actor(world.bob, EntryPoint.PAGE), world.now)
    signups.join(game.pk, world.add_member(150), Actor(world.add_member(150), EntryPoint.PAGE), world.now)
    remove_host(world, game)
    messages = sent(world)
    first = Notification.objects.get(kind="host_left").deliveries.order_by("pk").first()
    assert first is not None
    assert first.recipient == world.alice, "the owner"
    assert world.charlie.pk in messages, "co-hosts too"
    assert len(messages.keys() & {manager.pk for manager in managers}) == 9, "ten managers at most"
    assert len(messages) == 11, "and no player"
    message = messages[world.alice.pk]
    assert message.text.startswith("Bob the GM left Friday Night Dice, so **Curse of Strahd**")
    assert [button.label for button in message.buttons] == ["Take over"]
    done = choices.handle_choice(PromptChoice.parse(message.buttons[0].id), world.alice, world.now)
    assert done.text.startswith("alice is the host now")
    assert Game.objects.get().host == world.alice
    assert take_over(game, world.charlie, world).text == "alice is already the host."
    assert take_over(game, world.alice, world).text == "You're already the host."
    assert Game.objects.get().host == world.alice


def test_a_cohost_takes_over_and_nobody_else_may(world: World) -> None:
    game, player = world.create_game(), world.add_member(100)
    host_actions.set_cohosts(game.pk, [world.charlie], Actor(world.bob, EntryPoint.PAGE), world.now)
    remove_host(world, game)
    with pytest.raises(Refused, match=MAY_NOT_TAKE_OVER):
        take_over(game, player, world)
    take_over(game, world.charlie, world)
    assert Game.objects.get().host == world.charlie


def test_a_host_who_comes_back_stays_host(world: World) -> None:
    game = world.create_game()
    remove_host(world, game)
    upsert_member(world.guild.pk, MemberPayload(UserPayload(world.bob.pk, "bob"), "Bob the GM"), world.now)
    assert not sent(world)
    with refuses("outdated"):
        take_over(game, world.alice, world)
    assert Game.objects.get().host == world.bob


def test_only_upcoming_games_of_the_member_who_left_notify(world: World) -> None:
    game = world.create_game()
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    upsert_member(world.guild.pk, MemberPayload(UserPayload(world.bob.pk, "bob"), role_ids=(MANAGER_ROLE,)), world.now)
    assert not Notification.objects.filter(kind="host_left").exists()
    mark_member_left(world.guild.pk, world.bob.pk, game.ends_at)
    assert not Notification.objects.filter(kind="host_left").exists()


def test_the_page_shows_that_the_host_left_and_takes_over(world: World, as_person: Any) -> None:
    game = world.create_game()
    assert "The host left" not in as_person(world.charlie).get(game.get_absolute_url()).text
    remove_host(world, game)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert HOST_LEFT in page
    assert "Take over" not in page
    assert "Take over" in as_person(world.alice).get(game.get_absolute_url()).text
    taken = as_person(world.alice).post(reverse("game-take-over", args=[game.pk]), follow=True).text
    assert "alice is the host now" in taken
    assert "The host left" not in taken


def test_late_leavers_are_shown_to_hosts_only(world: World, as_person: Any) -> None:
    for days in (1, 2, 100):
        game = world.create_game()
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
        game.signups.update(left_at=world.now - timedelta(days=days), seated_at=None, left_late=True)
    assert "Left late: charlie." in as_person(world.bob).get(game.get_absolute_url()).text
    assert "Left late" not in as_person(world.charlie).get(game.get_absolute_url()).text
    people = reverse("guild-people", args=[world.guild.pk])
    [charlie] = as_person(world.alice).get(people).context["rows"]
    assert (charlie.name, charlie.facts) == ("charlie", [games_played(0), left_late(3)])
    assert as_person(world.charlie).get(people).status_code == 403
