"""A Discord that answers everything after a millisecond: `stub PORT CONTROL_PORT`.

Raw asyncio, for what the local Discord would be too slow to be measured with. It knows nobody and keeps nothing but
when each nonce came, and the first bodies.
"""

import asyncio
import json
import re
import sys
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gamesched.local_discord.state.entities import APPLICATION_ID, DISCORD_EPOCH

DELAY = 0.001  # seconds
KEPT_BODIES = 1000
NONCE = re.compile(rb'"nonce": ?"([\w-]+)"')
USER: dict[str, Any] = {
    "id": str(APPLICATION_ID),
    "username": "Game Scheduler",
    "discriminator": "0",
    "avatar": None,
    "bot": True,
}
USER |= {"global_name": None, "public_flags": 0, "flags": 0}
APPLICATION: dict[str, Any] = {
    "id": str(APPLICATION_ID),
    "name": "Game Scheduler",
    "icon": None,
    "description": "",
    "flags": 0,
}
APPLICATION |= {
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "0" * 64,
    "owner": USER,
    "team": None,
}
MESSAGE: dict[str, Any] = {
    "author": USER,
    "content": "",
    "timestamp": "2026-01-01T00:00:00+00:00",
    "edited_timestamp": None,
}
MESSAGE |= {"tts": False, "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": []}
MESSAGE |= {"embeds": [], "pinned": False, "type": 0, "components": [], "flags": 0}


class Messages:
    """What came: when, how often, and the first bodies."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.first_seen: dict[str, float] = {}
        self.repeated = 0
        self.bodies: list[str] = []
        self._last_id = 0

    def new_id(self) -> str:
        self._last_id = max(self._last_id + 1, int((time.time() - DISCORD_EPOCH) * 1000) << 22)
        return str(self._last_id)

    def add(self, body: bytes) -> str | None:
        """Take a message's body and return its nonce."""
        now = time.time()
        self.times.append(now)
        if len(self.bodies) < KEPT_BODIES:
            self.bodies.append(body.decode())
        found = NONCE.search(body)
        if found is None:
            return None
        nonce = found[1].decode()
        self.repeated += nonce in self.first_seen
        self.first_seen.setdefault(nonce, now)
        return nonce


class Http(asyncio.Protocol):
    """HTTP/1.1 with kept connections, as much of it as the product's clients use."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            self.respond(method, target, body)

    def respond(self, method: str, target: str, body: bytes) -> None:
        path = urlsplit(target).path.removeprefix("/api/v10").strip("/")
        asyncio.get_running_loop().call_later(DELAY, self.write, self.reply(method, path.split("/"), body))

    def reply(self, method: str, parts: list[str], body: bytes) -> Any:
        if method == "POST" and parts[0] == "channels" and parts[-1] == "messages":
            nonce = self.messages.add(body)
            return MESSAGE | {"id": self.messages.new_id(), "channel_id": parts[1], "nonce": nonce}
        if parts[:2] == ["users", "@me"]:
            opened = {"id": self.messages.new_id(), "type": 1, "recipients": [USER]}
            return opened if parts[-1] == "channels" else USER
        if parts[0] == "oauth2":
            return APPLICATION
        if parts[0] == "gateway":
            return {"url": "ws://127.0.0.1:9"}
        if parts[0] == "channels" and "messages" in parts:
            found = MESSAGE | {"id": parts[-1], "channel_id": parts[1]}
            return [] if parts[-1] == "messages" else found
        if parts[0] == "guilds" and "members" in parts:
            user: dict[str, Any] = {
                "id": parts[-1],
                "username": f"person{parts[-1]}",
                "discriminator": "0",
                "avatar": None,
            }
            user |= {"global_name": None, "public_flags": 0}
            member: dict[str, Any] = {
                "user": user,
                "nick": None,
                "avatar": None,
                "roles": [],
                "deaf": False,
                "mute": False,
                "flags": 0,
            }
            return member | {"joined_at": "2026-01-01T00:00:00+00:00"}
        return {}

    def write(self, body: object) -> None:
        text = json.dumps(body).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nVia: 1.1 stub\r\nContent-Length: %d\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head % len(text) + text)


class Control(Http):
    """What the bench asks of it beside the product."""

    def respond(self, method: str, target: str, body: bytes) -> None:
        url = urlsplit(target)
        query, messages = parse_qs(url.query), self.messages
        if url.path == "/reset":
            messages.__init__()  # type: ignore[misc]
        since = float(query["since"][0]) if "since" in query else 0.0
        times = [at for at in messages.times if at >= since] if since else messages.times
        known: dict[str, Any] = {
            "/stats": {
                "count": len(times),
                "first": times[0] if times else None,
                "last": times[-1] if times else None,
                "repeated": messages.repeated,
            },
            "/seen": messages.first_seen,
            "/bodies": messages.bodies,
        }
        self.write(known.get(url.path, {}))


async def main() -> None:
    messages = Messages()
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Http(messages), "127.0.0.1", int(sys.argv[1]), backlog=2048)
    await loop.create_server(lambda: Control(messages), "127.0.0.1", int(sys.argv[2]))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
