"""A bot that hears nothing: it begins a new session, and the operator and managers are told."""

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import discord
import pytest
import yarl
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from discord_bot import bot, gateway_watch, guild_sync
from discord_bot.gateway_watch import GatewayWatch
from gamesched.local_discord.gateway.sessions import Session
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.testing.waiting import PATIENCE
from guilds.models import User
from notifications.heartbeat import BOT_NAME, record_heartbeat
from notifications.models import Heartbeat


class Client(discord.Client):
    """The bot's connection without its database."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.1)
        self.gateway_watch = GatewayWatch(self)
        self.events: list[str] = []

    async def on_socket_event_type(self, event_type: str) -> None:
        self.events.append(event_type)
        self.gateway_watch.note_event()


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        monkeypatch.setattr(discord.http.Route, "BASE", running.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(running.gateway_url))
        yield running


async def until(happened: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_session_that_delivers_nothing_is_given_up(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf: list[Session] = []
    dispatch = Session.dispatch

    def deliver(session: Session, name: str, data: Any) -> None:
        if session not in deaf:
            dispatch(session, name, data)

    monkeypatch.setattr(Session, "dispatch", deliver)
    async with Client() as client:
        running = asyncio.create_task(client.start(local.bot_token))
        await until(client.is_ready)
        client.events.clear()
        monkeypatch.setattr(gateway_watch, "ASK_AFTER", 0.0)
        await client.gateway_watch.check()
        await until(lambda: client.events == ["GUILD_MEMBERS_CHUNK"])

        deaf += local.gateway._sessions.values()
        monkeypatch.setattr(gateway_watch, "SILENT_AFTER", 0.3)
        await asyncio.sleep(0.4)
        await client.gateway_watch.check()
        await until(lambda: "READY" in client.events)
        await until(lambda: "GUILD_CREATE" in client.events)
        assert client.gateway_watch.silence < 0.3
        await client.close()
        await running


async def test_a_bot_in_no_server_is_not_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Client() as client:
        monkeypatch.setattr(client, "is_ready", lambda: True)
        monkeypatch.setattr(gateway_watch, "SILENT_AFTER", 0.0)
        assert client.gateway_watch.silence == 0.0
        await client.gateway_watch.check()


async def test_a_stuck_event_loop_ends_the_process() -> None:
    program = """
import asyncio, time, discord
from discord_bot import gateway_watch
gateway_watch.STUCK_AFTER = 0.5
class Client:
    ws, guilds = None, ()
    def is_ready(self): return False
async def main():
    task = asyncio.create_task(gateway_watch.GatewayWatch(Client()).watch())
    await asyncio.sleep(0.1)
    time.sleep(30)
asyncio.run(main())
"""
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 1
    assert time.monotonic() - started < 20
    assert b"in main" in said, "its log shows where it was stuck"


async def test_a_server_that_cannot_be_saved_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[int] = []

    async def save(work: Any, guilds: Any) -> set[int]:
        ids = [each if isinstance(each, int) else each.id for each in guilds]
        if 1 in ids:
            raise ValueError("it holds what nobody thought of")
        if work is guild_sync.save_guilds:
            saved.extend(ids)
        return {*ids}

    monkeypatch.setattr(guild_sync, "run_in_db_thread", save)
    monkeypatch.setattr(guild_sync, "to_guild_payload", lambda guild: guild)
    running = bot.Bot()
    guilds: Any = [discord.Object(number) for number in (1, 2, 3)]
    assert await running.guild_sync.write(guilds) == guilds[1:]
    assert saved == [2, 3]


# --- who is told ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "heard", "silent"),
    [
        (timedelta(seconds=5), timedelta(seconds=70), False),
        (timedelta(seconds=5), timedelta(minutes=25), True),
        (timedelta(minutes=25), timedelta(minutes=25), True),
        (timedelta(seconds=5), None, False),
    ],
)
def test_who_runs_the_site_and_who_manages_a_server_are_told(
    world: World, as_person: Any, client: Any, seen: timedelta, heard: timedelta | None, silent: bool
) -> None:
    now = world.now
    record_heartbeat(BOT_NAME, now - seen, "1 servers", last_event_at=now - heard if heard is not None else None)
    setup = as_person(world.alice).get(reverse("guild-setup", args=[world.guild.pk])).text
    assert ("hear Discord right now" in setup) == silent
    if silent:
        with pytest.raises(CommandError, match=r"hasn't heard Discord|No bot has run since"):
            call_command("runbot", "--check", stdout=StringIO())
    else:
        call_command("runbot", "--check", stdout=StringIO())
    operator = User.objects.create_superuser("root", "p")
    page = as_person(operator).get(reverse("admin:deliveries")).text
    assert ('<li class="bad"><b>bot</b>' in page) == silent
    assert ("heard nothing from Discord for 25 minutes" in page) == silent


def test_a_bot_that_never_ran_is_no_problem_of_a_server(world: World, as_person: Any) -> None:
    assert not Heartbeat.objects.exists()
    setup = as_person(world.alice).get(reverse("guild-setup", args=[world.guild.pk])).text
    assert "hear Discord right now" not in setup
    with pytest.raises(CommandError, match="No bot has run yet"):
        call_command("runbot", "--check", stdout=StringIO())
