"""The gateway, version 10: https://discord.com/developers/docs/events/gateway

Text frames only; a client that asks for compression must accept that, and discord.py does.
"""

import asyncio
import json
import secrets
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from discord_bot.sandbox import payloads
from discord_bot.sandbox.permissions import Permission
from discord_bot.sandbox.things import Json, User
from discord_bot.sandbox.world import Event, World

HEARTBEAT_INTERVAL = 41_250  # milliseconds
# Acknowledged at once, discord.py takes the beat before HELLO for unanswered and warns that it is far behind.
ACK_DELAY = 0.05  # seconds
RESUMABLE_FOR = 300.0  # seconds after a connection was lost
BUFFERED = 20_000  # events kept for a resume

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, REQUEST_MEMBERS = 0, 1, 2, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11

GUILDS, MEMBERS, MODERATION, SCHEDULED_EVENTS = 1 << 0, 1 << 1, 1 << 2, 1 << 16
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15

ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


class Session:
    """What one identified client is told, connected or about to resume."""

    def __init__(self, user: User, intents: int, origin: str) -> None:
        self.id = secrets.token_hex(16)
        self.user = user
        self.intents = intents
        self.origin = origin
        self.sequence = 0
        self.sent: deque[tuple[int, str]] = deque(maxlen=BUFFERED)
        self.connection: Connection | None = None
        self.lost_at: float | None = None

    def dispatch(self, name: str, data: Json) -> None:
        self.sequence += 1
        frame = json.dumps({"op": DISPATCH, "s": self.sequence, "t": name, "d": data}, ensure_ascii=False)
        self.sent.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.send(frame)


class Connection:
    """One web socket, written to by one task, so that frames keep their order."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.session: Session | None = None
        self.closing = False
        self._outgoing: asyncio.Queue[str | int] = asyncio.Queue()

    def send(self, frame: str) -> None:
        self._outgoing.put_nowait(frame)

    def op(self, op: int, data: Any = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """Close once everything before is written."""
        self.closing = True
        self._outgoing.put_nowait(code)

    async def write(self, flowing: asyncio.Event) -> None:
        while True:
            frame = await self._outgoing.get()
            await flowing.wait()
            try:
                if isinstance(frame, int):
                    await self.socket.close(code=frame)
                    return
                await self.socket.send_str(frame)
            except ConnectionError:
                return


class Gateway:
    """All sessions of all bots."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.flowing = asyncio.Event()  # not while frozen: nothing is sent then
        self.flowing.set()
        world.subscribe(self._hear)

    def connected(self, user_id: int) -> bool:
        """Whether this bot hears anything right now."""
        return any(c.session is not None and c.session.user.id == user_id for c in self._connections)

    def drop(self, resumable: bool, reconnect: bool) -> None:
        """Cut every connection: close code 4000, or after a RECONNECT. Not resumable: sessions are forgotten."""
        for connection in tuple(self._connections):
            if not resumable and connection.session is not None:
                self._sessions.pop(connection.session.id, None)
            if reconnect:
                connection.op(RECONNECT)
            connection.close(4000)

    def invalidate(self, resumable: bool) -> None:
        """Tell every client that its session is invalid. Not resumable: sessions are forgotten."""
        for connection in tuple(self._connections):
            if not resumable and connection.session is not None:
                self._sessions.pop(connection.session.id, None)
            connection.op(INVALID_SESSION, resumable)

    async def close(self) -> None:
        """The server stops."""
        self.flowing.set()
        await asyncio.gather(*(connection.socket.close(code=1001) for connection in tuple(self._connections)))

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, timeout=0.5)
        await socket.prepare(request)
        connection = Connection(socket)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write(self.flowing))
        connection.op(HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL})
        goodbye = False
        try:
            while (frame := await socket.receive()).type not in ENDS:
                if frame.type is not WSMsgType.TEXT:
                    continue
                try:
                    told = json.loads(frame.data)
                    op, data = told["op"], told.get("d")
                except (ValueError, TypeError, KeyError):
                    connection.close(4002)
                    continue
                self._receive(connection, op, data, f"ws://{request.host}/gateway")
            goodbye = frame.type is WSMsgType.CLOSE and frame.data in (1000, 1001)
        finally:
            self._connections.discard(connection)
            # Our own close() waits for this reading to end, and must not be cut short.
            if connection.closing:
                await writer
            else:
                writer.cancel()
            session = connection.session
            if session is not None and session.connection is connection:
                session.connection, session.lost_at = None, self._world.clock()
                # A client that says goodbye itself does not come back to this session.
                if goodbye:
                    self._sessions.pop(session.id, None)
        return socket

    def _receive(self, connection: Connection, op: int, data: Any, origin: str) -> None:
        if op == HEARTBEAT:
            self._ack_soon(connection)
        elif op == IDENTIFY:
            self._identify(connection, data or {}, origin)
        elif op == RESUME:
            self._resume(connection, data or {})
        elif connection.session is None:
            connection.close(4003)
        elif op == REQUEST_MEMBERS:
            self._members(connection.session, data or {})

    def _ack_soon(self, connection: Connection) -> None:
        asyncio.get_running_loop().call_later(ACK_DELAY, connection.op, HEARTBEAT_ACK)

    def _identify(self, connection: Connection, data: Json, origin: str) -> None:
        user = self._world.by_token(str(data.get("token", "")).removeprefix("Bot "))
        if connection.session is not None:
            connection.close(4005)
            return
        if user is None or not user.bot:
            connection.close(4004)
            return
        if not isinstance(data.get("intents"), int):
            connection.close(4013)
            return
        session = Session(user, data["intents"], origin)
        self._sessions[session.id] = session
        self._attach(session, connection)
        guilds = self._world.guilds_of(user.id)
        ready: Json = {
            "v": 10,
            "user": payloads.user(user) | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": origin,
            "private_channels": [],
            "relationships": [],
            "application": {"id": str(user.id), "flags": 0},
        }
        if "shard" in data:
            ready["shard"] = data["shard"]
        session.dispatch("READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                if not guild.unavailable:
                    session.dispatch("GUILD_CREATE", self._world.guild_create(guild))

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        gone = session is None or (
            session.lost_at is not None and session.lost_at + RESUMABLE_FOR < self._world.clock()
        )
        seen = data.get("seq")
        if session is None or gone or data.get("token") != session.user.token or not isinstance(seen, int):
            connection.op(INVALID_SESSION, False)
            return
        self._attach(session, connection)
        for sequence, frame in session.sent:
            if sequence > seen:
                connection.send(frame)
        session.dispatch("RESUMED", {})

    def _attach(self, session: Session, connection: Connection) -> None:
        if session.connection is not None:
            session.connection.close(4000)
        session.connection, session.lost_at = connection, None
        connection.session = session

    def _members(self, session: Session, data: Json) -> None:
        """REQUEST_GUILD_MEMBERS by ids or by a name's beginning."""
        guild = self._world.guilds.get(int(data.get("guild_id") or 0))
        if guild is None:
            return
        wanted = data.get("user_ids")
        query = str(data.get("query") or "").lower()
        limit = int(data.get("limit") or 0)
        if wanted is not None:
            ids = {int(each) for each in (wanted if isinstance(wanted, list) else [wanted])}
            found = [member for member in guild.members.values() if member.user_id in ids]
        else:
            found = [m for m in guild.members.values() if self._world.users[m.user_id].username.startswith(query)]
        if limit:
            found = found[:limit]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member(member, self._world.users[member.user_id]) for member in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [],
        }
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # --- what happens in the world -------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        for session in tuple(self._sessions.values()):
            if session.lost_at is not None and session.lost_at + RESUMABLE_FOR < self._world.clock():
                del self._sessions[session.id]
            elif self._concerns(session, event):
                session.dispatch(event.name, self._reduced(session, event))

    def _concerns(self, session: Session, event: Event) -> bool:
        if event.name in ("INTERACTION_SUCCESS", "INTERACTION_FAILURE"):
            return False
        if event.only_for is not None and event.only_for != session.user.id:
            return False
        if event.name == "INTERACTION_CREATE":
            return True
        about_me = event.data.get("user", {}).get("id") == str(session.user.id)
        if not session.intents & _intent(event) and not (about_me and event.name == "GUILD_MEMBER_UPDATE"):
            return False
        if event.channel_id is not None:
            channel = self._world.channels[event.channel_id]
            return bool(self._world.permissions(channel, session.user.id) & Permission.VIEW_CHANNEL)
        if event.only_for is None and event.guild_id is not None:
            guild = self._world.guilds.get(event.guild_id)
            return guild is not None and session.user.id in guild.members
        return True

    @staticmethod
    def _reduced(session: Session, event: Event) -> Json:
        """Without the message content intent, what others say in guilds is blank."""
        if event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or event.guild_id is None:
            return event.data
        mine = event.data["author"]["id"] == str(session.user.id)
        mentioned = any(user["id"] == str(session.user.id) for user in event.data["mentions"])
        if mine or mentioned or session.intents & MESSAGE_CONTENT:
            return event.data
        return event.data | {"content": "", "embeds": [], "components": [], "attachments": []}


def _intent(event: Event) -> int:
    if event.name.startswith("MESSAGE_"):
        return DIRECT_MESSAGES if event.guild_id is None else GUILD_MESSAGES
    if event.name.startswith("GUILD_BAN_"):
        return MODERATION
    if event.name.startswith("GUILD_SCHEDULED_EVENT_"):
        return SCHEDULED_EVENTS
    return MEMBERS if event.name.startswith("GUILD_MEMBER") else GUILDS
