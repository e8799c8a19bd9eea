"""A thread as a game's channel."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World, make_world
from discord_bot.tests.helpers import edit_game, send_due
from games.core.base import Actor, EntryPoint
from games.models import Announcement, Game
from games.models.announcement import PostProblem
from games.models.layers import announcement_channels
from games.models.settings import ChannelDefaults
from games.posts.problems import announcement_problem
from games.scheduling import cancellation
from games.server_settings import actions as server_settings
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import PUBLIC_THREAD
from gamesched.local_discord.state.entities import Channel as Thread
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS, EVERYONE_PERMISSIONS
from gamesched.local_discord.state.state import State as Local
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.directory.payloads import ChannelPayload, GuildPayload, RolePayload
from guilds.directory.upsert import upsert_channels, upsert_guild
from guilds.models import Channel, Guild

GENERAL = ChannelPayload(fixtures.GENERAL_ID, "general", 0, 10, BOT_PERMISSIONS)
EVERYONE = RolePayload(GUILD, "@everyone", 0, EVERYONE_PERMISSIONS)
THREAD = ChannelPayload(GUILD + 50, "Session one", 11, 10, BOT_PERMISSIONS, parent_id=fixtures.GENERAL_ID)


def upsert(*channels: ChannelPayload, now: datetime) -> None:
    guild = Guild.objects.get()
    upsert_guild(GuildPayload(guild.pk, guild.name, "", guild.owner_id, (GENERAL, *channels), (EVERYONE,)), now)


def offered_channel_ids() -> list[int]:
    return [channel.pk for channel in announcement_channels(GUILD) if channel.parent_id]


def test_only_open_threads_of_open_channels_are_offered(world: World, as_person: Any) -> None:
    upsert(THREAD, now=world.now)
    assert offered_channel_ids() == [THREAD.id]
    page = as_person(world.bob).get(reverse("game-new", args=[GUILD])).text
    assert "#general › Session one" in page
    upsert(replace(THREAD, locked=True), now=world.now)
    assert offered_channel_ids() == []
    with pytest.raises(Refused):
        world.create_game(channel_id=THREAD.id)
    upsert(THREAD, now=world.now)
    game = world.create_game(channel_id=THREAD.id)
    upsert(now=world.now)  # archived, for all that is known
    assert offered_channel_ids() == []
    assert Channel.objects.get(pk=THREAD.id).deleted_at is None
    edit_game(world, game, world.now, title="It may stay where it is")
    upsert(THREAD, now=world.now)
    ChannelDefaults.objects.update_or_create(channel_id=fixtures.GENERAL_ID, defaults={"for_games": False})
    assert offered_channel_ids() == []


def test_it_has_the_settings_and_permissions_of_its_channel(world: World, as_person: Any) -> None:
    upsert(THREAD, now=world.now)
    game = world.create_game(channel_id=THREAD.id, seats=None)
    manager = Actor(world.alice, EntryPoint.PAGE)
    server_settings.change_channel_defaults(fixtures.GENERAL_ID, {"seats": 9}, True, manager, world.now)
    shown = Game.objects.with_guild_and_channel().get(pk=game.pk)
    assert (shown.settings.seats, shown.settings.sources["seats"].source) == (9, "#general")
    assert shown.edit_version == game.edit_version
    with pytest.raises(Refused):
        server_settings.change_channel_defaults(THREAD.id, {"seats": 8}, True, manager, world.now)
    client = as_person(world.alice)
    assert client.get(reverse("guild-channel", args=[GUILD, THREAD.id])).status_code == 404
    assert THREAD.id not in [
        row.channel.pk for row in client.get(reverse("guild-setup", args=[GUILD])).context["channels"]
    ]
    upsert_channels(GUILD, [replace(THREAD, bot_permissions=1 << 10 | 1 << 11, locked=True)])
    lacking = ["Send Messages in Threads", "Embed Links", "Read Message History", "Manage Threads"]
    assert Channel.objects.get(pk=THREAD.id).missing_requirements == lacking


@pytest.fixture
def local(world: World, settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = running.api_url, True
        yield running


def open_thread(local: Local) -> Thread:
    """Open a thread of Bob's in #general."""
    return threads.start(local, local.channels[fixtures.GENERAL_ID], fixtures.BOB_ID, "Session one", PUBLIC_THREAD)


def test_its_post_opens_an_archived_thread_and_a_locked_one_is_named(local: LocalDiscord, world: World) -> None:
    thread = local.run_in_loop(open_thread)
    upsert(replace(THREAD, id=thread.id), now=world.now)
    game = world.create_game(channel_id=thread.id)
    local.run_in_loop(lambda local: local.change_channel(thread, archived=True))
    send_due(world.now)
    post = Announcement.objects.get()
    assert (post.message_channel_id, post.problem_code, post.thread_name) == (thread.id, "", "")
    assert game.url in str(local.client.messages("alice", thread.id))
    assert thread.thread is not None
    assert not thread.thread.archived
    local.run_in_loop(lambda local: local.change_channel(thread, archived=True))
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    send_due(world.now + timedelta(seconds=3))
    assert "4 of 5 seats free" in str(local.client.messages("alice", thread.id))
    local.run_in_loop(lambda local: local.change_channel(thread, archived=True, locked=True))
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    send_due(world.now + timedelta(seconds=3))
    assert announcement_problem(Game.objects.get()) == "The post is out of date: the bot can't post in #Session one."


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_threads_are_stored_as_they_come_and_go(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        thread = stack.discord.run_in_loop(open_thread)
        row = Channel.objects.filter(pk=thread.id)
        eventually(row.exists)
        assert not row.get().missing_requirements
        game = world.create_game(channel_id=thread.id)
        post = eventually(lambda: stack.posts(channel_id=thread.id))[0]
        assert stack.discord.client.click("charlie", post, f"game:{game.pk}:join")["state"] == "answered"
        stack.discord.run_in_loop(lambda local: local.change_channel(thread, archived=True))
        eventually(row.filter(archived=True).exists)
        stack.discord.client.send_message("charlie", thread.id, "Are we on?")
        eventually(row.filter(archived=False).exists)
        stack.discord.run_in_loop(lambda local: local.delete_channel(thread))
        eventually(row.filter(deleted_at__isnull=False).exists)
        eventually(lambda: Announcement.objects.get().problem_code == PostProblem.CHANNEL_DELETED)
