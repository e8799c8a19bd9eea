"""The gateway, version 10: https://docs.discord.com/developers/events/gateway

JSON only, which Discord recommends: other encodings are closed with 4002. Of the transport compressions zlib-stream is
spoken; who asks for zstd-stream, or for payload compression in IDENTIFY, gets plain text, as Discord may send it, too.
"""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from gamesched.local_discord.gateway import intents, member_chunks
from gamesched.local_discord.gateway.sessions import (
    CHANNEL_INFO,
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    PRESENCE,
    RECONNECT,
    REQUEST_MEMBERS,
    RESUME,
    SOUNDBOARD_SOUNDS,
    VOICE_STATE,
    Connection,
    Session,
)
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import Json, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, World

# Acknowledged at once, discord.py takes the beat before HELLO for unanswered and warns that it is far behind.
ACK_DELAY = 0.05  # seconds
MISSED = 1.5  # heartbeat intervals without one, and the client is taken for gone; Discord says "in time" only
RESUMABLE_FOR = 300.0  # seconds after a connection was lost
LONGEST = 4096  # bytes of what a client sends
GUILDS_MOST = 2500  # per shard
VERSIONS = ("9", "10")

RECEIVED = {HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, REQUEST_MEMBERS, SOUNDBOARD_SOUNDS, CHANNEL_INFO}
FOR_PAGES = ("INTERACTION_SUCCESS", "INTERACTION_FAILURE")
ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


class Gateway:
    """All sessions of all bots.

    `heartbeat_interval`, in milliseconds of real time, is told to clients that connect from now on. `privileged` holds
    the privileged intents that the application may ask for: see `intents.PRIVILEGED`. At first it may none.
    """

    def __init__(self, world: World) -> None:
        self.heartbeat_interval = 41_250
        self.privileged = 0
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.flowing = asyncio.Event()  # not while frozen: nothing is sent then
        self.flowing.set()
        world.subscribe(self._hear)

    def connected(self, user_id: int) -> bool:
        """Whether this bot hears anything right now."""
        return any(c.session is not None and c.session.user.id == user_id for c in self._connections)

    # --- what Discord does by itself -----------------------------------------------------------------------

    def drop(self, resumable: bool, reconnect: bool) -> None:
        """Cut every connection: close code 4000, or after a RECONNECT. Not resumable: sessions are forgotten."""
        for connection in tuple(self._connections):
            if not resumable and connection.session is not None:
                self._sessions.pop(connection.session.id, None)
            if reconnect:
                connection.op(RECONNECT)
            connection.close(4000)

    def invalidate(self, resumable: bool) -> None:
        """Send INVALID_SESSION to everyone. Their connections stay open, and are told nothing more."""
        for connection in tuple(self._connections):
            session = connection.session
            if session is None:
                continue
            if not resumable:
                self._sessions.pop(session.id, None)
            session.connection, session.lost_at = None, self._world.clock()
            connection.session = None
            connection.op(INVALID_SESSION, resumable)

    def ask_heartbeat(self) -> None:
        """Have every client send a heartbeat at once."""
        for connection in self._connections:
            connection.op(HEARTBEAT)

    async def close(self) -> None:
        """The server stops."""
        self.flowing.set()
        await asyncio.gather(*(connection.socket.close(code=1001) for connection in tuple(self._connections)))

    # --- one connection ------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20, timeout=0.5)
        await socket.prepare(request)
        connection = Connection(socket, request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write(self.flowing))
        goodbye = False
        patience = self.heartbeat_interval / 1000 * MISSED
        if request.query.get("v", "10") not in VERSIONS:
            connection.close(4012)
        elif request.query.get("encoding", "json") != "json":
            connection.close(4002)
        else:
            connection.op(HELLO, {"heartbeat_interval": self.heartbeat_interval})
            connection.alive(patience)
        try:
            while (frame := await socket.receive()).type not in ENDS:
                if not connection.closing:
                    self._receive(connection, frame.data, patience, f"ws://{request.host}/gateway")
            goodbye = frame.type is WSMsgType.CLOSE and frame.data in (1000, 1001)
        finally:
            connection.forget()
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

    def _receive(self, connection: Connection, frame: str | bytes, patience: float, origin: str) -> None:
        taken = self._world.limits.take("gateway", connection.number)
        if taken is not None and taken.refused:
            connection.close(4008)
            return
        try:
            told = json.loads(frame)
            op, data = told["op"], told.get("d")
        except (ValueError, TypeError, KeyError):
            op = data = None
        size = len(frame.encode()) if isinstance(frame, str) else len(frame)
        if size > LONGEST or type(op) is not int:
            connection.close(4002)
        elif op not in RECEIVED:
            connection.close(4001)
        elif op == HEARTBEAT:
            connection.alive(patience)
            asyncio.get_running_loop().call_later(ACK_DELAY, connection.op, HEARTBEAT_ACK)
        elif not isinstance(data, dict):
            connection.close(4002)
        elif op in (IDENTIFY, RESUME):
            if connection.session is not None:
                connection.close(4005)
            elif op == IDENTIFY:
                self._identify(connection, data, origin)
            else:
                self._resume(connection, data)
        elif connection.session is None:
            connection.close(4003)
        elif op == REQUEST_MEMBERS:
            session = connection.session
            try:
                chunks = member_chunks.answer(self._world, session.user.id, session.intents, data)
            except ValueError:
                connection.close(4002)
                return
            for chunk in chunks:
                session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # --- sessions ------------------------------------------------------------------------------------------

    def _identify(self, connection: Connection, data: Json, origin: str) -> None:
        if not isinstance(data.get("token"), str) or not isinstance(data.get("properties"), dict):
            connection.close(4002)
            return
        user = self._world.by_token(data["token"].removeprefix("Bot "))
        if user is None or not user.bot:
            connection.close(4004)
            return
        starts = self._world.limits.take("sessions", user.id)
        if starts is not None and starts.refused:
            self._reset_token(user)
            connection.close(4004)
            return
        shard = _shard(data.get("shard", [0, 1]))
        wanted = data.get("intents")
        if shard is None:
            connection.close(4010)
        elif type(wanted) is not int or wanted & ~intents.ALL:
            connection.close(4013)
        elif wanted & intents.PRIVILEGED & ~self.privileged:
            connection.close(4014)
        else:
            early = self._world.limits.take("identify", user.id)
            if early is not None and early.refused:
                connection.op(INVALID_SESSION, False)
            else:
                self._begin(connection, Session(user, wanted, shard), "shard" in data, origin)

    def _begin(self, connection: Connection, session: Session, sharded: bool, origin: str) -> None:
        user = session.user
        guilds = [guild for guild in self._world.guilds_of(user.id) if session.covers(guild.id)]
        if len(guilds) > GUILDS_MOST:
            connection.close(4011)
            return
        self._sessions[session.id] = session
        self._attach(session, connection)
        flags = intents.application_flags(self.privileged)
        ready: Json = {
            "v": 10,
            "user": payloads.user(user) | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": origin,
            "private_channels": [],
            "relationships": [],
            "application": {"id": str(user.id), "flags": flags},
        }
        if sharded:
            ready["shard"] = list(session.shard)
        session.dispatch("READY", ready)
        if session.intents & intents.GUILDS:
            for guild in guilds:
                if not guild.unavailable:
                    session.dispatch("GUILD_CREATE", self._world.guild_create(guild))

    def _reset_token(self, user: User) -> None:
        """What happens to a bot that identifies too often in a day; a restart of the local Discord undoes it."""
        user.token = secrets.token_urlsafe(32)
        for session in [each for each in self._sessions.values() if each.user is user]:
            del self._sessions[session.id]
            if session.connection is not None:
                session.connection.close(4004)

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        seen = data.get("seq")
        if session is None or self._expired(session) or data.get("token") != session.user.token:
            connection.op(INVALID_SESSION, False)
            return
        if type(seen) is not int or seen > session.sequence:
            connection.close(4007)
            return
        missed = session.missed(seen)
        if missed is None:
            connection.op(INVALID_SESSION, False)
            return
        self._attach(session, connection)
        for frame in missed:
            connection.send(frame)
        session.dispatch("RESUMED", {})

    def _expired(self, session: Session) -> bool:
        return session.lost_at is not None and session.lost_at + RESUMABLE_FOR < self._world.clock()

    def _attach(self, session: Session, connection: Connection) -> None:
        if session.connection is not None:
            session.connection.close(4000)
        session.connection, session.lost_at = connection, None
        connection.session = session

    # --- what happens in the world -------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        for session in tuple(self._sessions.values()):
            if self._expired(session):
                del self._sessions[session.id]
            elif self._concerns(session, event):
                session.dispatch(event.name, _reduced(session, event))

    def _concerns(self, session: Session, event: Event) -> bool:
        guild_id = event.guild_id or int(event.data.get("guild_id") or 0) or None
        if event.name in FOR_PAGES or not session.covers(guild_id):
            return False
        if event.only_for is not None and event.only_for != session.user.id:
            return False
        if not _intended(session, event.name, event.data, guild_id is not None):
            return False
        channel = self._world.channels.get(event.channel_id or 0)
        if channel is not None:
            return bool(self._world.permissions(channel, session.user.id) & Permission.VIEW_CHANNEL)
        if event.only_for is None and guild_id is not None:
            guild = self._world.guilds.get(guild_id)
            return guild is not None and session.user.id in guild.members
        return True


def _shard(given: Any) -> tuple[int, int] | None:
    """(its number, how many there are), when that makes sense."""
    if not isinstance(given, list) or len(given) != 2 or any(type(each) is not int for each in given):
        return None
    number, count = given
    return (number, count) if 0 <= number < count else None


def _intended(session: Session, name: str, data: Json, in_guild: bool) -> bool:
    me = str(session.user.id)
    if name == "GUILD_MEMBER_UPDATE" and data.get("user", {}).get("id") == me:
        return True
    if name == "THREAD_MEMBER_UPDATE" and data.get("user_id", me) != me:
        return False
    if name == "THREAD_MEMBERS_UPDATE" and not session.intents & intents.MEMBERS:
        added, removed = _own_thread_members(data, me)
        return bool(session.intents & intents.GUILDS and (added or removed))
    needed = intents.needed(name, in_guild)
    return not needed or bool(session.intents & needed)


def _own_thread_members(data: Json, me: str) -> tuple[list[Json], list[str]]:
    added = [each for each in data.get("added_members") or [] if each.get("user_id") == me]
    return added, [each for each in data.get("removed_member_ids") or [] if each == me]


def _reduced(session: Session, event: Event) -> Json:
    """Without the intent for members, threads tell of oneself; without that for content, others' words are blank."""
    me = str(session.user.id)
    if event.name == "THREAD_MEMBERS_UPDATE" and not session.intents & intents.MEMBERS:
        added, removed = _own_thread_members(event.data, me)
        data = {key: each for key, each in event.data.items() if key not in ("added_members", "removed_member_ids")}
        return data | ({"added_members": added} if added else {}) | ({"removed_member_ids": removed} if removed else {})
    if event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or event.guild_id is None:
        return event.data
    mine = event.data["author"]["id"] == me
    mentioned = any(user["id"] == me for user in event.data["mentions"])
    if mine or mentioned or session.intents & intents.MESSAGE_CONTENT:
        return event.data
    return event.data | {"content": "", "embeds": [], "components": [], "attachments": []}
