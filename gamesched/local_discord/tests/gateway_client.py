"""A bare gateway client, written from https://docs.discord.com/developers/events/gateway"""

import asyncio
import json
import zlib
from types import TracebackType
from typing import Any

import aiohttp

from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.testing.waiting import PATIENCE


class GatewayClosed(Exception):
    """The gateway closed the connection with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class GatewayClient:
    """Connected in `async with GatewayClient(local) as gateway:`. HELLO has been received unless the gateway closed."""

    def __init__(self, local: LocalDiscord, query: str = "v=10&encoding=json", token: str = "") -> None:
        self.local = local
        self.token = token or local.bot_token
        self.session_id = ""
        self.sequence: int | None = None
        self.frames: list[str | bytes] = []  # as received
        self._url = f"{local.gateway_url}?{query}"
        self._inflate = zlib.decompressobj()

    async def __aenter__(self) -> "GatewayClient":
        self._client = aiohttp.ClientSession()
        self.socket = await self._client.ws_connect(self._url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close(code=4000)
        await self._client.close()

    async def send(self, op: Any, data: Any = None) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def receive(self) -> Json:
        """Return the next frame. Raise GatewayClosed."""
        frame = await asyncio.wait_for(self.socket.receive(), PATIENCE)
        if frame.type is aiohttp.WSMsgType.CLOSE:
            raise GatewayClosed(frame.data)
        assert frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), frame
        self.frames.append(frame.data)
        text = frame.data if isinstance(frame.data, str) else self._inflate.decompress(frame.data)
        payload: Json = json.loads(text)
        if payload["s"] is not None:
            assert self.sequence is None or payload["s"] > self.sequence, "events keep their order"
            self.sequence = payload["s"]
        return payload

    async def receive_op(self, op: int) -> Any:
        """Return the data of the next frame with this opcode, skipping earlier frames."""
        while (payload := await self.receive())["op"] != op:
            pass
        return payload["d"]

    async def receive_event(self, name: str) -> Json:
        """Return the data of the next event of this name, skipping earlier ones."""
        while (payload := await self.receive())["t"] != name:
            pass
        data: Json = payload["d"]
        return data

    async def close_code(self) -> int:
        """Return the code that the gateway closes with."""
        try:
            while True:
                await self.receive()
        except GatewayClosed as end:
            return end.code

    async def event_names(self) -> list[str]:
        """Return the events until now, that is until the response to a heartbeat, which is sent after them."""
        await self.send(1, self.sequence)
        names: list[str] = []
        while (payload := await self.receive())["op"] != 11:
            if payload["t"]:
                names.append(payload["t"])
        return names

    async def identify(self, **changes: Any) -> None:
        properties = {"os": "linux", "browser": "bare", "device": "bare"}
        data: Json = {"token": self.token, "intents": 1, "properties": properties}
        await self.send(2, data | changes)

    async def identify_and_wait(self, **changes: Any) -> Json:
        """Identify and wait for READY, and for the guild if its event follows."""
        await self.identify(**changes)
        ready = await self.receive_event("READY")
        self.session_id = ready["session_id"]
        if changes.get("intents", 1) & 1:
            await self.receive_event("GUILD_CREATE")
        return ready

    async def resume(self, other: "GatewayClient", **changes: Any) -> None:
        """Resume another connection's session."""
        self.session_id, self.sequence = other.session_id, other.sequence
        data: Json = {"token": self.token, "session_id": self.session_id, "seq": self.sequence}
        await self.send(6, data | changes)
