"""The local Discord inside a test: on a free port, in a separate thread."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from gamesched.local_discord.client import LocalDiscordClient
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.server import Server, registered_redirect_uris, start
from gamesched.local_discord.state.entities import APPLICATION_ID, CLIENT_SECRET, bot_token
from gamesched.local_discord.state.state import State

T = TypeVar("T")


async def _end_tasks() -> None:
    """Cancel what still runs in this loop, as a request that is answered late: the loop may not close before it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class LocalDiscord:
    """Runs a local Discord at `discord.origin` in `with LocalDiscord() as discord:`.

    `state` and `gateway` may be read from any thread; change them through `run_in_loop`, which runs a
    function in the server's thread.
    """

    bot_token = bot_token()
    client_id = str(APPLICATION_ID)
    client_secret = CLIENT_SECRET

    def __init__(
        self,
        public_url: str = "http://localhost:8000",
        state_file: Path | None = None,
        port: int = 0,
        rate_limits: bool = True,
    ) -> None:
        """`rate_limits=False` switches rate limits off; see `state.rate_limits.rules` for single ones.

        One IDENTIFY in five seconds is off in any case, for tests that kill a bot and restart it at once. Enable it
        with `discord.run_in_loop(lambda state: state.rate_limits.rules.update(identify=RULES["identify"]))`.
        """
        self._redirect_uris = registered_redirect_uris(public_url, [])
        self._state_file, self._port, self._rate_limits = state_file, port, rate_limits
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local-discord", daemon=True)
        self._server: Server | None = None

    def start(self) -> "LocalDiscord":
        """Start the server. Raise OSError if the port is taken."""
        self._thread.start()
        starting = start("127.0.0.1", self._port, self._redirect_uris, self._state_file)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        if not self._rate_limits:
            self.state.rate_limits.rules.clear()
        self.state.rate_limits.rules.pop("identify", None)
        return self

    def stop(self) -> None:
        if self._server is not None:
            asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(10)
            self._server = None
            asyncio.run_coroutine_threadsafe(_end_tasks(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> "LocalDiscord":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def server(self) -> Server:
        assert self._server is not None, "not started"
        return self._server

    @property
    def state(self) -> State:
        return self.server.services.state

    @property
    def gateway(self) -> Gateway:
        return self.server.services.gateway

    @property
    def origin(self) -> str:
        return self.server.origin

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/v10"

    @property
    def gateway_url(self) -> str:
        return self.origin.replace("http", "ws", 1) + "/gateway"

    @property
    def client(self) -> LocalDiscordClient:
        return LocalDiscordClient(self.origin)

    def run_in_loop(self, change: Callable[[State], T]) -> T:
        """Run `change(state)` in the server's thread and return its result."""

        async def call() -> T:
            return change(self.state)

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)
