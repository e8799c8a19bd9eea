"""Who may no longer view a game's channel loses the seat, is told privately, and the host is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import EVERYONE, World
from discord_bot.guild_sync import drop_hidden_signups
from games.core.audit_people import stored_person
from games.core.base import Actor, EntryPoint
from games.models import AuditEntry, Game
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from games.signups import eligibility
from guilds.directory import upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload, RolePayload, UserPayload
from guilds.models import VIEW_CHANNEL, Channel, Member, Role, User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery

PLAYER = EVERYONE + 31


@pytest.fixture
def game(world: World) -> Game:
    """A game with one seat, which Charlie has; Alice, who owns the server, waits."""
    Role.objects.create(pk=PLAYER, guild=world.guild, name="Player")
    created = world.create_game(seats=1, reminders=())
    for who in (world.charlie, world.alice):
        signups.join(created.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    return Game.objects.get()


def hide_from_everyone(world: World) -> None:
    """But from the host, who hears nothing of a game that does not exist for them."""
    overwrites = [[EVERYONE, 0, VIEW_CHANNEL], [world.bob.pk, VIEW_CHANNEL, 0]]
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=overwrites)


def hide_from_one(world: World) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.charlie.pk, 0, VIEW_CHANNEL]])


def take_from_everyone(world: World) -> None:
    payload = RolePayload(EVERYONE, "@everyone", 0, 0)
    upsert.upsert_roles(world.guild.pk, [payload])
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.bob.pk, VIEW_CHANNEL, 0]])


def sent(now: datetime) -> list[OutgoingMessage]:
    steps.create_due_deliveries(now)
    jobs = [job for job in steps.lease_jobs(now, 50) if job.post is None]
    steps.record([(job, SentMessage(5, job.pk)) for job in jobs], now)
    return [job.message for job in jobs]


@pytest.mark.parametrize("hide", [hide_from_everyone, hide_from_one, take_from_everyone])
def test_the_seat_goes_on_and_both_are_told(world: World, game: Game, hide: Callable[[World], None]) -> None:
    hide(world)
    drop_hidden_signups([world.guild.pk])
    assert [one.user for one in game.signups.current().seated()] == [world.alice]
    messages = sent(world.now + timedelta(minutes=1))
    [to_charlie] = [message for message in messages if message.user_id == world.charlie.pk]
    assert "You can no longer see the channel of **Curse of Strahd**" in to_charlie.text
    assert game.get_absolute_url() not in to_charlie.text, "it is a 404 for them"
    assert any(message.user_id == world.bob.pk and "charlie" in message.text for message in messages)
    assert AuditEntry.objects.get(action="lost_seat").changes == {
        "for": stored_person(world.charlie.pk),
        "left": False,
        "hidden": True,
    }
    assert eligibility.drop_hidden_signups(world.now) == 0, "once"


def test_it_is_never_said_in_the_channel(world: World, game: Game) -> None:
    User.objects.filter(pk=world.charlie.pk).update(dm_closed_at=world.now)
    hide_from_one(world)
    eligibility.drop_hidden_signups(world.now)
    assert not [message for message in sent(world.now) if world.charlie.pk in message.ping_users]
    delivery = Delivery.objects.get(recipient=world.charlie, notification__kind="lost_access")
    assert (delivery.status, delivery.error_code) == ("dropped", "channel_hidden")


def test_a_role_taken_counts_at_the_next_look_at_the_member(world: World, game: Game) -> None:
    overwrites = [[EVERYONE, 0, VIEW_CHANNEL], [PLAYER, VIEW_CHANNEL, 0]]
    give(world, world.charlie, PLAYER)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=overwrites)
    assert eligibility.drop_hidden_signups(world.now) == 0
    give(world, world.charlie)
    assert not game.signups.current().filter(user=world.charlie).exists()


def give(world: World, who: User, *roles: int) -> None:
    payload = UserPayload(who.pk, who.handle)
    upsert.upsert_member(world.guild.pk, MemberPayload(payload, role_ids=roles), world.now + timedelta(minutes=1))


def test_a_role_that_we_have_not_heard_of_is_looked_up_first(world: World, game: Game, monkeypatch: Any) -> None:
    """The bot gets no event when a member is given a role."""
    Channel.objects.filter(pk=world.channel.pk).update(
        overwrites=[[EVERYONE, 0, VIEW_CHANNEL], [PLAYER, VIEW_CHANNEL, 0]]
    )
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=10))
    monkeypatch.setattr(eligibility, "refresh_member", lambda guild_id, user_id: give(world, world.charlie, PLAYER))
    assert eligibility.drop_hidden_signups(world.now) == 0
    assert game.signups.current().seated().get().user == world.charlie


def test_while_discord_cannot_be_asked_the_seat_stays(world: World, game: Game, monkeypatch: Any) -> None:
    def unavailable(guild_id: int, user_id: int) -> None:
        raise DirectoryUnavailable("down")

    hide_from_everyone(world)
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=10))
    monkeypatch.setattr(eligibility, "refresh_member", unavailable)
    assert eligibility.drop_hidden_signups(world.now) == 0
    monkeypatch.undo()
    Member.objects.update(roles_read_at=world.now)
    assert eligibility.drop_hidden_signups(world.now) == 1


def test_hosts_and_added_people(world: World, game: Game) -> None:
    signups.join(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)
    added = world.add_member(100)
    signups.join(game.pk, added, Actor(world.bob, EntryPoint.PAGE), world.now)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])
    eligibility.drop_hidden_signups(world.now)
    assert {one.user for one in game.signups.current()} == {world.alice, world.bob}


def test_moving_a_game_where_players_cannot_see_it_frees_their_seats(world: World, game: Game) -> None:
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[world.charlie.pk, 0, VIEW_CHANNEL]])
    plan = change_plan(scheduling.plan_from_game(game), channel_id=world.other_channel.pk)
    scheduling.edit_game(game.pk, plan, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert [one.user for one in game.signups.current().seated()] == [world.alice]


def test_of_many_the_host_reads_in_one_message_in_few_statements(
    world: World, django_assert_max_num_queries: Any
) -> None:
    game = world.create_game(seats=0, reminders=())
    for number in range(40):
        who = world.add_member(100 + number, f"Player {number}")
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    hide_from_everyone(world)
    with django_assert_max_num_queries(40):
        assert eligibility.drop_hidden_signups(world.now) == 40
    messages = sent(world.now)
    assert len([message for message in messages if message.user_id == world.bob.pk]) == 1
    assert len({message.user_id for message in messages}) == 41


def test_where_all_channels_are_open_it_takes_two_statements(
    world: World, game: Game, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        assert eligibility.drop_hidden_signups(world.now, [world.guild.pk]) == 0
