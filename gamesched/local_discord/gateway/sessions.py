"""The gateway's sessions, which outlive a lost connection, and connections."""

import asyncio
import itertools
import json
import logging
import secrets
import zlib
from collections import deque
from typing import Any

from aiohttp import web

from gamesched.local_discord.state.entities import Json, User
from gamesched.local_discord.state.serialization import to_json

log = logging.getLogger(__name__)

REPLAY_BUFFER_SIZE = 20_000  # events kept for a resume

UNKNOWN_ERROR = 4000  # the close code after which a client reconnects

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT, REQUEST_MEMBERS = 0, 1, 2, 3, 4, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK, SOUNDBOARD_SOUNDS, CHANNEL_INFO = 9, 10, 11, 31, 43

_connection_numbers = itertools.count(1)


class Session:
    """One identified client's events, connected or about to resume. `shard` is (its number, how many there are)."""

    def __init__(self, user: User, intents: int, shard: tuple[int, int]) -> None:
        self.id = secrets.token_hex(16)
        self.user = user
        self.intents = intents
        self.shard = shard
        self.sequence = 0
        self.connection: Connection | None = None
        self.disconnected_at: float | None = None
        self.broken = False  # a frame could not be sent; resumed, it would be sent again and again
        self.visible_channels: dict[int, set[int]] = {}  # by guild: those that were sent as they are
        self._replay_buffer: deque[tuple[int, str]] = deque(maxlen=REPLAY_BUFFER_SIZE)

    def dispatch(self, name: str, data: Json) -> None:
        self.sequence += 1
        frame = to_json({"op": DISPATCH, "s": self.sequence, "t": name, "d": data})
        if name != "RESUMED":  # it ends a replay, and is not replayed itself
            self._replay_buffer.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.send(frame)

    def handles_guild(self, guild_id: int | None) -> bool:
        """Return whether this shard gets the guild's events; events outside guilds go to the first one."""
        number, count = self.shard
        return ((guild_id or 0) >> 22) % count == number

    def frames_after(self, last_sequence: int) -> list[str] | None:
        """Return the frames after that sequence number, in order; None if some have been dropped."""
        if last_sequence < 0 or (self._replay_buffer and last_sequence < self._replay_buffer[0][0] - 1):
            return None
        return [frame for sequence, frame in self._replay_buffer if sequence > last_sequence]


class Connection:
    """One WebSocket, written to by one task, so that frames keep their order.

    `compressed`: https://docs.discord.com/developers/events/gateway#zlibstream
    """

    def __init__(self, socket: web.WebSocketResponse, compressed: bool) -> None:
        self.number = next(_connection_numbers)
        self.socket = socket
        self.session: Session | None = None
        self.closing = False
        self._deflate = zlib.compressobj() if compressed else None
        self._outgoing: asyncio.Queue[str | int] = asyncio.Queue()
        self._heartbeat_timer: asyncio.TimerHandle | None = None

    def send(self, frame: str) -> None:
        self._outgoing.put_nowait(frame)

    def send_op(self, op: int, data: Any = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """Close after everything queued is written."""
        self.closing = True
        self._outgoing.put_nowait(code)

    def restart_heartbeat_timer(self, seconds: float) -> None:
        """Restart the timeout, after a heartbeat: without another in so many real seconds, the session ends."""
        self.cancel_heartbeat_timer()
        self._heartbeat_timer = asyncio.get_running_loop().call_later(seconds, self.close, 4009)

    def cancel_heartbeat_timer(self) -> None:
        """Stop waiting for heartbeats."""
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()

    async def write(self, unpaused: asyncio.Event) -> None:
        """Send queued frames, while not paused.

        A frame that cannot be sent ends the connection: with a dead writer, the client would hear nothing for ever.
        """
        while True:
            frame = await self._outgoing.get()
            await unpaused.wait()
            try:
                if isinstance(frame, int):
                    await self.socket.close(code=frame)
                    return
                await self._send(frame)
            except ConnectionError:
                return
            except Exception:
                log.exception("A frame could not be sent, so the connection ends")
                self.closing = True
                if self.session is not None:
                    self.session.broken = True
                await self.socket.close(code=UNKNOWN_ERROR)
                return

    async def _send(self, frame: str) -> None:
        if self._deflate is None:
            await self.socket.send_str(frame)
            return
        # The suffix of Z_SYNC_FLUSH tells the client that the message is complete.
        packed = self._deflate.compress(frame.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)
