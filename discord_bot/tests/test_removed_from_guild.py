"""Places and people out of reach: a guild without the bot, a deleted channel, a person no direct message reaches.

Discord is asked before anything is claimed, and due messages wait, go elsewhere or report a problem.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock

import discord
import pytest

from conftest import World
from discord_bot.backend.backend import DiscordBackend
from discord_bot.backend.errors import translate_error
from games.core.base import Actor, EntryPoint
from games.models import Announcement
from games.models.announcement import PostProblem
from games.signups import actions as signups
from gamesched.lib.orm import run_in_db_thread
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import upsert_member
from guilds.models import Guild, Member, User
from notifications.codes import ErrorCode
from notifications.daemon.loop import Notifyd
from notifications.messages import PermanentError
from notifications.models import Delivery, Notification

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
    problems = await run_in_db_thread(lambda: set(there.values_list("problem_code", flat=True)))
    assert problems == {PostProblem.CHANNEL_DELETED}
    assert await run_in_db_thread(open_notifications) == 0


# --- people ------------------------------------------------------------------------------------------------


def send_removal(world: World, who: User) -> None:
    """Have one message due that is for somebody alone: a host removed them from a game."""
    game = world.create_game(channel_id=fixtures.GENERAL_ID)
    signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    signups.remove_signup(game.pk, game.signups.get().pk, Actor(world.bob, EntryPoint.PAGE), world.now)


def outcome(who: User) -> tuple[str, str, bool, bool]:
    """Return the status and code of their delivery, whether it went to the channel, and whether they are a member."""
    delivery = Delivery.objects.get(recipient=who)
    return delivery.status, delivery.error_code, delivery.in_channel, Member.objects.get(user=who).left_at is None


@pytest.mark.parametrize("code", [50278, 10013, 50033])
async def test_a_member_whom_discord_lets_nobody_write_to_has_not_left(
    committed_world: World, discord_and_notifyd: tuple[LocalDiscord, Notifyd], code: int
) -> None:
    local, notifyd = discord_and_notifyd
    await run_in_db_thread(send_removal, committed_world, committed_world.charlie)
    local.client.add_fault("status", match="POST /users/@me/channels", status=403, code=code, times=1)
    await turn_until_quiet(notifyd)
    assert await run_in_db_thread(outcome, committed_world.charlie) == ("sent", ErrorCode.CLOSED_DMS, True, True)
    [call] = [each for each in local.client.messages("bob", fixtures.GENERAL_ID) if "<@" in each["content"]]
    assert [person["id"] for person in call["mentions"]] == [str(fixtures.CHARLIE_ID)]


async def test_who_left_is_written_down_as_left_and_called_nowhere(
    committed_world: World, discord_and_notifyd: tuple[LocalDiscord, Notifyd]
) -> None:
    local, notifyd = discord_and_notifyd
    payload = MemberPayload(UserPayload(fixtures.ERIN_ID, "erin"))
    erin = (await run_in_db_thread(upsert_member, committed_world.guild.pk, payload, committed_world.now)).user
    await run_in_db_thread(send_removal, committed_world, erin)
    await turn_until_quiet(notifyd)
    assert await run_in_db_thread(outcome, erin) == ("failed", ErrorCode.LEFT, False, False)
    assert not [each for each in local.client.messages("bob", fixtures.GENERAL_ID) if "<@" in each["content"]]


async def test_while_discord_does_not_say_who_is_a_member_the_message_waits(
    committed_world: World, discord_and_notifyd: tuple[LocalDiscord, Notifyd]
) -> None:
    local, notifyd = discord_and_notifyd
    await run_in_db_thread(send_removal, committed_world, committed_world.charlie)
    local.client.add_fault("status", match="POST /users/@me/channels", status=403, code=50278, times=1)
    local.client.add_fault("status", match="GET /guilds/*/members/*", status=502, times=1)
    await turn_until_quiet(notifyd)
    assert await run_in_db_thread(outcome, committed_world.charlie) == ("pending", ErrorCode.TEMPORARY, False, True)


async def test_a_refusal_that_is_not_about_membership_removes_the_bot_from_no_guild(
    committed_world: World, discord_and_notifyd: tuple[LocalDiscord, Notifyd]
) -> None:
    local, notifyd = discord_and_notifyd
    await run_in_db_thread(schedule_games, committed_world, 1)
    local.client.add_fault("status", match="POST /channels/*/messages", status=403, code=50013, times=1)
    local.client.add_fault("status", match="GET /guilds/*", status=403, code=40333, times=1)
    await turn_until_quiet(notifyd)
    assert (await run_in_db_thread(Guild.objects.get)).bot_removed_at is None


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, 50007, PermanentError.CLOSED_DMS),
        (403, 50278, PermanentError.NO_SHARED_GUILD),
        (404, 10013, PermanentError.NO_SHARED_GUILD),
        (400, 50033, PermanentError.NO_SHARED_GUILD),
        (403, 20026, PermanentError.BOT_FLAGGED),
        (403, 50001, PermanentError.MISSING_PERMISSION),
        (403, 50013, PermanentError.MISSING_PERMISSION),
        (400, 50083, PermanentError.MISSING_PERMISSION),
        (403, 160002, PermanentError.MISSING_PERMISSION),
        (403, 160005, PermanentError.MISSING_PERMISSION),
        (404, 10003, PermanentError.UNKNOWN_CHANNEL),
        (404, 10008, PermanentError.UNKNOWN_MESSAGE),
        (400, 50035, "50035"),
        (400, 20016, ErrorCode.TEMPORARY),
        (403, 40004, ErrorCode.TEMPORARY),
        (403, 40006, ErrorCode.TEMPORARY),
        (403, 40333, ErrorCode.TEMPORARY),
        (503, 130000, ErrorCode.TEMPORARY),
        (429, 30046, ErrorCode.RATE_LIMITED),
        (429, 0, ErrorCode.RATE_LIMITED),
    ],
)
def test_what_each_of_discords_codes_means(status: int, code: int, expected: str) -> None:
    response = Mock(status=status, headers={}, reason="")
    error = translate_error(discord.HTTPException(response, {"code": code, "message": "Discord's words"}))
    assert error.code == expected  # type: ignore[attr-defined]
