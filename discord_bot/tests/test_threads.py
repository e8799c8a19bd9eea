"""A thread as the place of a game."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World, make_world
from discord_bot.tests.helpers import edit, speak
from games.core.base import Actor
from games.models import Announcement, Game
from games.models.layers import announcement_channels
from games.models.settings import ChannelDefaults
from games.scheduling import actions as scheduling
from games.server_settings import actions as server_settings
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import PUBLIC_THREAD
from gamesched.local_discord.state.entities import Channel as Thread
from gamesched.local_discord.state.permissions import BOT
from gamesched.local_discord.state.state import World as Local
from gamesched.testing.stack import Stack, eventually
from guilds.directory.payloads import SeenChannel, SeenGuild
from guilds.directory.upsert import see_channels, see_guild
from guilds.models import Channel, Guild

GENERAL = SeenChannel(fixtures.GENERAL_ID, "general", 0, 10, BOT)
THREAD = SeenChannel(GUILD + 50, "Session one", 11, 10, BOT, parent_id=fixtures.GENERAL_ID)


def see(*channels: SeenChannel, now: datetime) -> None:
    guild = Guild.objects.get()
    see_guild(SeenGuild(guild.pk, guild.name, "", guild.owner_id, (GENERAL, *channels), ()), now)


def offered() -> list[int]:
    return [one.pk for one in announcement_channels(GUILD) if one.parent_id]


def test_only_open_threads_of_open_channels_are_offered(world: World, as_person: Any) -> None:
    see(THREAD, now=world.now)
    assert offered() == [THREAD.id]
    page = as_person(world.bob).get(reverse("game-new", args=[GUILD])).text
    assert "#general › Session one" in page
    see(replace(THREAD, locked=True), now=world.now)
    assert offered() == []
    with pytest.raises(Refused):
        world.game(channel_id=THREAD.id)
    see(THREAD, now=world.now)
    game = world.game(channel_id=THREAD.id)
    see(now=world.now)  # archived, for all that is known
    assert offered() == []
    assert Channel.objects.get(pk=THREAD.id).gone_at is None
    edit(world, game, world.now, title="It may stay where it is")
    see(THREAD, now=world.now)
    ChannelDefaults.objects.update_or_create(channel_id=fixtures.GENERAL_ID, defaults={"for_games": False})
    assert offered() == []


def test_it_has_the_settings_and_permissions_of_its_channel(world: World, as_person: Any) -> None:
    see(THREAD, now=world.now)
    game = world.game(channel_id=THREAD.id, seats=None)
    manager = Actor(world.alice, "page")
    server_settings.change_channel_defaults(fixtures.GENERAL_ID, {"seats": 9}, True, manager, world.now)
    shown = Game.objects.with_levels().get(pk=game.pk)
    assert (shown.effective.seats, shown.effective.sources["seats"].source) == (9, "#general")
    assert shown.edition == game.edition
    with pytest.raises(Refused):
        server_settings.change_channel_defaults(THREAD.id, {"seats": 8}, True, manager, world.now)
    client = as_person(world.alice)
    assert client.get(reverse("guild-channel", args=[GUILD, THREAD.id])).status_code == 404
    assert THREAD.id not in [
        one.channel.pk for one in client.get(reverse("guild-setup", args=[GUILD])).context["channels"]
    ]
    see_channels(GUILD, [replace(THREAD, bot_permissions=1 << 10 | 1 << 11, locked=True)])
    lacking = ["Send Messages in Threads", "Embed Links", "Read Message History", "Manage Threads"]
    assert Channel.objects.get(pk=THREAD.id).missing == lacking


@pytest.fixture
def local(world: World, settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(limited=False) as running:
        settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = running.api_url, True
        yield running


def opened(local: Local) -> Thread:
    """A thread of Bob's in #general."""
    return threads.start(local, local.channels[fixtures.GENERAL_ID], fixtures.BOB_ID, "Session one", PUBLIC_THREAD)


def test_its_post_opens_an_archived_thread_and_a_locked_one_is_named(local: LocalDiscord, world: World) -> None:
    thread = local.do(opened)
    see(replace(THREAD, id=thread.id), now=world.now)
    game = world.game(channel_id=thread.id)
    local.do(lambda local: local.change_channel(thread, archived=True))
    speak(world.now)
    post = Announcement.objects.get()
    assert (post.message_channel_id, post.problem, post.thread_name) == (thread.id, "", "")
    assert game.url in str(local.client.messages("alice", thread.id))
    assert thread.thread is not None
    assert not thread.thread.archived
    local.do(lambda local: local.change_channel(thread, archived=True))
    signups.join(game.pk, world.charlie, Actor(world.charlie, "page"), world.now)
    speak(world.now + timedelta(seconds=3))
    assert "1 of 5 seats taken" in str(local.client.messages("alice", thread.id))
    local.do(lambda local: local.change_channel(thread, archived=True, locked=True))
    scheduling.cancel_game(game.pk, "", Actor(world.bob, "page"), world.now)
    speak(world.now + timedelta(seconds=3))
    assert Announcement.objects.get().problem == "Not up to date in Discord: the bot may not post in #Session one."


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_threads_are_heard_of_as_they_come_and_go(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        thread = stack.discord.do(opened)
        row = Channel.objects.filter(pk=thread.id)
        eventually(row.exists)
        assert not row.get().missing
        game = world.game(channel_id=thread.id)
        post = eventually(lambda: stack.posts(channel_id=thread.id))[0]
        assert stack.discord.client.click("charlie", post, f"game:{game.pk}:join")["state"] == "answered"
        stack.discord.do(lambda local: local.change_channel(thread, archived=True))
        eventually(row.filter(archived=True).exists)
        stack.discord.client.say("charlie", thread.id, "Are we on?")
        eventually(row.filter(archived=False).exists)
        stack.discord.do(lambda local: local.delete_channel(thread))
        eventually(row.filter(gone_at__isnull=False).exists)
        eventually(lambda: "no longer exists" in Announcement.objects.get().problem)
