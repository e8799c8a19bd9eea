"""Every trigger notifies open pages, whatever made the change. A function does not follow a renamed column."""

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conftest import NotifyListener, World
from games.core.base import Actor, EntryPoint
from games.models import Game, Signup
from games.models.settings import GuildDefaults
from games.signups import actions as signups
from guilds.models import Channel, Guild, Member, Role, User

pytestmark = pytest.mark.slow


def test_each_table_that_a_page_shows_notifies(committed_world: World, pg_notifications: NotifyListener) -> None:
    world = committed_world
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    guest = game.signups.create(placeholder="Grandma", order_key=100, joined_at=world.now)
    changes: dict[str, Callable[[], object]] = {
        "game": lambda: Game.objects.update(title="Another"),
        "sign-up": lambda: Signup.objects.of(world.charlie).update(note="late"),
        "deleted sign-up": guest.delete,
        "nickname": lambda: Member.objects.filter(user=world.charlie).update(nick="Chuck"),
        "name": lambda: User.objects.filter(pk=world.bob.pk).update(global_name="Robert"),
        "channel": lambda: Channel.objects.filter(pk=world.channel.pk).update(name="elsewhere"),
        "server": lambda: Guild.objects.update(name="Saturday Night Dice"),
    }
    pg_notifications.received()
    for what, change in changes.items():
        change()
        assert "game_changed" in pg_notifications.received(), what


def test_each_change_of_what_somebody_may_see_notifies(
    committed_world: World, pg_notifications: NotifyListener
) -> None:
    world = committed_world
    Client().force_login(world.bob)
    pg_notifications.conn.execute("LISTEN access_changed")
    people, member = User.objects.filter(pk=world.bob.pk), Member.objects.filter(user=world.bob)
    channel = Channel.objects.filter(pk=world.channel.pk)
    changes: dict[str, Callable[[], object]] = {
        "session": Session.objects.all().delete,
        "password": lambda: people.update(password="another"),
        "deactivated": lambda: people.update(is_active=False),
        "joined": lambda: world.add_member(30),
        "left": lambda: member.update(left_at=world.now),
        "roles": lambda: member.update(role_ids=[world.guild.pk]),
        "overwrites": lambda: channel.update(overwrites=[[world.guild.pk, 0, 1 << 10]]),
        "thread": lambda: Channel.objects.create(id=77, guild=world.guild, parent=channel.get(), name="x", type=11),
        "role's rights": lambda: Role.objects.update(permissions=0),
        "owner": lambda: Guild.objects.update(owner_id=world.bob.pk),
        "bot removed": lambda: Guild.objects.update(bot_removed_at=world.now),
        "a new role": lambda: Role.objects.create(pk=78, guild=world.guild, name="Exile"),
        "managers": lambda: GuildDefaults.objects.update(manager_role_ids=[1]),
        "first managers": lambda: GuildDefaults.objects.create(
            guild=Guild.objects.create(id=79, name="Another", owner_id=1), manager_role_ids=[1]
        ),
    }
    pg_notifications.received()
    for what, change in changes.items():
        change()
        assert "access_changed" in pg_notifications.received(), what
    # What is written down again and again, and changes no right.
    member.update(member_read_at=world.now, roles_read_at=world.now)
    channel.update(position=7)
    assert "access_changed" not in pg_notifications.received()


def test_a_change_that_people_see_resolves_no_settings(world: World) -> None:
    """A click changes a version and a time: with these alone, the trigger returns before it compares settings."""
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    with CaptureQueriesContext(connection) as captured:
        signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
        [update] = [one["sql"] for one in captured.captured_queries if one["sql"].startswith('UPDATE "games_game"')]
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'games_resolve_settings'")
        [source] = cursor.fetchone()
    kept = set(re.findall(r"same\.(\w+) := NEW\.(\w+);", source))
    assert {(name, name) for name in re.findall(r'"(\w+)" = ', update.partition("WHERE")[0])} <= kept
