"""A local Discord, an unmodified discord.py client connected to it, and a page in a browser."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord
import discord.gateway
import discord.http
import pytest
import yarl

from gamesched.local_discord.live_server import LocalDiscord
from gamesched.testing.browsers import in_browser_thread, new_page
from gamesched.testing.waiting import PATIENCE


@pytest.fixture
def local() -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        yield running


class RecordingClient(discord.Client):
    """discord.py as it ships; `answer` handles interactions for a test."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.1)
        self.resumed = asyncio.Event()
        self.events: list[tuple[str, Any]] = []
        self.interaction_handler: Any = None

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.events.append(("interaction", interaction))
        if self.interaction_handler is not None:
            await self.interaction_handler(interaction)

    async def on_guild_channel_update(self, before: Any, after: Any) -> None:
        self.events.append(("channel", after.name))

    async def on_guild_update(self, before: Any, after: Any) -> None:
        self.events.append(("guild", after.name))

    async def on_guild_role_update(self, before: Any, after: Any) -> None:
        self.events.append(("role", after.name))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.events.append(("removed", guild.id))

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        self.events.append(("outage", guild.id))


@pytest.fixture
async def bot(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RecordingClient]:
    monkeypatch.setattr(discord.http.Route, "BASE", local.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.gateway_url))
    client = RecordingClient()
    running = asyncio.create_task(client.start(local.bot_token))
    ready = asyncio.create_task(client.wait_until_ready())
    await asyncio.wait_for(_wait_ready(running, ready), PATIENCE)
    yield client
    await client.close()
    await running


async def _wait_ready(running: asyncio.Task[None], ready: asyncio.Task[None]) -> None:
    await asyncio.sleep(0.05)  # wait_until_ready refuses before login
    while not ready.done():
        if running.done():
            running.result()
        await asyncio.sleep(0.01)


@pytest.fixture
def page(local: LocalDiscord) -> Iterator[Any]:
    """A page that shares nothing with earlier ones. Tests with it run in the browser's thread, see below."""
    problems: list[str] = []

    def opened(browser: Any) -> Any:
        page = new_page(browser)
        page.on("pageerror", lambda error: problems.append(str(error)))
        return page

    page = in_browser_thread(opened)
    yield page
    in_browser_thread(lambda browser: page.context.close())
    assert problems == []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test with a page in the browser's thread."""
    if "page" not in pyfuncitem.fixturenames:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    in_browser_thread(lambda browser: pyfuncitem.obj(**arguments))
    return True
