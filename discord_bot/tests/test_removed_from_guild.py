"""A deleted channel, or a guild without the bot: one look-up, and due messages wait or report a problem."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conftest import World
from discord_bot.backend.backend import DiscordBackend
from games.models import Announcement
from gamesched.lib.orm import run_in_db_thread
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from guilds.models import Guild
from notifications.daemon.loop import Notifyd
from notifications.models import Notification

pytestmark = pytest.mark.slow


@pytest.fixture
async def discord_and_notifyd(settings: Any) -> AsyncIterator[tuple[LocalDiscord, Notifyd]]:
    with LocalDiscord() as running:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = running.api_url, running.bot_token
        backend = DiscordBackend()
        await backend.start()
        running.server.services.request_log.clear()
        yield running, Notifyd(backend, asyncio.Event())
        await backend.stop()


async def turn_until_quiet(notifyd: Notifyd) -> None:
    while await notifyd.run_once() == 0.0 or notifyd.sending or notifyd.results:
        if notifyd.sending:
            await asyncio.wait(notifyd.sending)


def schedule_games(world: World, count: int) -> None:
    for number in range(count):
        world.create_game(title=f"Game {number}", channel_id=(fixtures.GENERAL_ID, fixtures.RAIDS_ID)[number % 2])


def open_notifications() -> int:
    return Notification.objects.open().filter(kind="announcement").count()


async def test_a_server_that_the_bot_was_removed_from_pauses_after_one_look(
    committed_world: World, discord_and_notifyd: tuple[LocalDiscord, Notifyd]
) -> None:
    local, notifyd = discord_and_notifyd
    await run_in_db_thread(schedule_games, committed_world, 20)
    local.client.add_fault("kick_bot", guild_id=str(fixtures.GUILD_ID))
    await turn_until_quiet(notifyd)
    paths = [request["path"] for request in local.client.requests("")]
    assert len([path for path in paths if "messages" in path]) <= 2, "one for each channel"
    assert len([path for path in paths if path.endswith(f"/guilds/{fixtures.GUILD_ID}")]) == 1
    assert await run_in_db_thread(open_notifications) == 20, "they wait for the bot to come back"
    guild = await run_in_db_thread(Guild.objects.get)
    assert guild.bot_removed_at is not None
    await turn_until_quiet(notifyd)
    assert len(local.client.requests("")) == len(paths), "and are not tried meanwhile"


async def test_a_deleted_channel_is_requested_once(
    committed_world: World, discord_and_notifyd: tuple[LocalDiscord, Notifyd]
) -> None:
    local, notifyd = discord_and_notifyd
    await run_in_db_thread(schedule_games, committed_world, 10)
    local.client.add_fault("delete_channel", channel_id=str(fixtures.RAIDS_ID))
    await turn_until_quiet(notifyd)
    requests = [
        request for request in local.client.requests("") if f"/channels/{fixtures.RAIDS_ID}/" in request["path"]
    ]
    assert len(requests) == 1
    there = Announcement.objects.filter(channel_id=fixtures.RAIDS_ID)
    problems = await run_in_db_thread(lambda: set(there.values_list("problem", flat=True)))
    assert all("no longer exists" in problem for problem in problems)
    assert await run_in_db_thread(open_notifications) == 0
