"""The gateway, version 10: https://docs.discord.com/developers/events/gateway

JSON only, which Discord recommends: other encodings are closed with 4002. The one supported transport compression
is zlib-stream; clients that request zstd-stream, or payload compression in IDENTIFY, get plain text, which Discord
allows, too.
"""

import asyncio
import logging
import math
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from gamesched.local_discord.api.validation import parse_json
from gamesched.local_discord.gateway import intents, member_chunks, visibility
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
    UNKNOWN_ERROR,
    VOICE_STATE,
    Connection,
    Session,
)
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import Json, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, State

log = logging.getLogger(__name__)

# If acknowledged at once, discord.py takes the heartbeat before HELLO for unanswered and warns that it is far behind.
HEARTBEAT_ACK_DELAY = 0.05  # seconds
HEARTBEAT_TOLERANCE = (
    1.5  # heartbeat intervals without one until a client counts as disconnected; Discord only documents "in time"
)
RESUME_WINDOW = 300.0  # seconds after a connection was lost
MAX_PAYLOAD_SIZE = 4096  # bytes of what a client sends
MAX_GUILDS_PER_SHARD = 2500
VERSIONS = ("9", "10")

CLIENT_OPCODES = {HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, REQUEST_MEMBERS, SOUNDBOARD_SOUNDS, CHANNEL_INFO}
USER_CLIENT_EVENTS = ("INTERACTION_SUCCESS", "INTERACTION_FAILURE")
CLOSE_FRAME_TYPES = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


class Gateway:
    """All sessions of all bots.

    `heartbeat_interval`, in milliseconds of real time, applies to clients that connect from now on. `privileged` has
    the privileged intents that the application may request: see `intents.PRIVILEGED`. Initially there are none.
    `guilds_per_shard` decides how many shards are recommended; Discord names no number, and says about so many.
    """

    def __init__(self, state: State) -> None:
        self.heartbeat_interval = 41_250
        self.privileged = 0
        self.guilds_per_shard = 1000
        self._state = state
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.unpaused = asyncio.Event()  # not while frozen: nothing is sent then
        self.unpaused.set()
        state.subscribe(self._dispatch)

    def is_connected(self, user_id: int) -> bool:
        """Return whether this bot receives events right now."""
        return any(c.session is not None and c.session.user.id == user_id for c in self._connections)

    def recommended_shards(self, user_id: int) -> int:
        """Return how many shards a bot is told to start."""
        return max(1, math.ceil(len(self._state.guilds_of(user_id)) / self.guilds_per_shard))

    # --- what Discord does by itself -----------------------------------------------------------------------

    def drop_connections(self, resumable: bool, reconnect: bool) -> None:
        """Cut every connection: close code 4000, or after a RECONNECT. If not `resumable`, sessions are dropped."""
        for connection in tuple(self._connections):
            if not resumable and connection.session is not None:
                self._sessions.pop(connection.session.id, None)
            if reconnect:
                connection.send_op(RECONNECT)
            connection.close(4000)

    def invalidate_sessions(self, resumable: bool) -> None:
        """Send INVALID_SESSION to everyone. Their connections stay open, but receive no more events."""
        for connection in tuple(self._connections):
            session = connection.session
            if session is None:
                continue
            if not resumable:
                self._sessions.pop(session.id, None)
            session.connection, session.disconnected_at = None, self._state.clock()
            connection.session = None
            connection.send_op(INVALID_SESSION, resumable)

    def request_heartbeats(self) -> None:
        """Request an immediate heartbeat from every client."""
        for connection in self._connections:
            connection.send_op(HEARTBEAT)

    async def close(self) -> None:
        """Close all connections when the server stops."""
        self.unpaused.set()
        await asyncio.gather(*(connection.socket.close(code=1001) for connection in tuple(self._connections)))

    # --- one connection ------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection, from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20, timeout=0.5)
        await socket.prepare(request)
        connection = Connection(socket, request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write(self.unpaused))
        closed_by_client = False
        heartbeat_timeout = self.heartbeat_interval / 1000 * HEARTBEAT_TOLERANCE
        if request.query.get("v", "10") not in VERSIONS:
            connection.close(4012)
        elif request.query.get("encoding", "json") != "json":
            connection.close(4002)
        else:
            connection.send_op(HELLO, {"heartbeat_interval": self.heartbeat_interval})
            connection.restart_heartbeat_timer(heartbeat_timeout)
        try:
            while (frame := await socket.receive()).type not in CLOSE_FRAME_TYPES:
                if not connection.closing:
                    self._receive(connection, frame.data, heartbeat_timeout, f"ws://{request.host}/gateway")
            closed_by_client = frame.type is WSMsgType.CLOSE and frame.data in (1000, 1001)
        finally:
            connection.cancel_heartbeat_timer()
            self._connections.discard(connection)
            # Our own close() waits for this reading to end, and must not be cut short.
            if connection.closing:
                await writer
            else:
                writer.cancel()
            session = connection.session
            if session is not None and session.connection is connection:
                session.connection, session.disconnected_at = None, self._state.clock()
                # A client that closes the connection itself does not resume this session.
                if closed_by_client or session.broken:
                    self._sessions.pop(session.id, None)
        return socket

    def _receive(self, connection: Connection, frame: str | bytes, heartbeat_timeout: float, origin: str) -> None:
        limit_status = self._state.rate_limits.count_request("gateway", connection.number)
        if limit_status is not None and limit_status.exceeded:
            connection.close(4008)
            return
        try:
            payload = parse_json(frame)
            op, data = payload["op"], payload.get("d")
        except (ValueError, TypeError, KeyError):
            op = data = None
        size = len(frame.encode()) if isinstance(frame, str) else len(frame)
        if size > MAX_PAYLOAD_SIZE or type(op) is not int:
            connection.close(4002)
        elif op not in CLIENT_OPCODES:
            connection.close(4001)
        elif op == HEARTBEAT:
            connection.restart_heartbeat_timer(heartbeat_timeout)
            asyncio.get_running_loop().call_later(HEARTBEAT_ACK_DELAY, connection.send_op, HEARTBEAT_ACK)
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
                chunks = member_chunks.build_chunks(self._state, session.user.id, session.intents, data)
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
        user = self._state.user_by_token(data["token"].removeprefix("Bot "))
        if user is None or not user.bot:
            connection.close(4004)
            return
        session_limit = self._state.rate_limits.count_request("sessions", user.id)
        if session_limit is not None and session_limit.exceeded:
            self._reset_token(user)
            connection.close(4004)
            return
        shard = _parse_shard(data.get("shard", [0, 1]))
        requested_intents = data.get("intents")
        if shard is None:
            connection.close(4010)
        elif type(requested_intents) is not int or requested_intents & ~intents.ALL:
            connection.close(4013)
        elif requested_intents & intents.PRIVILEGED & ~self.privileged:
            connection.close(4014)
        else:
            limits = self._state.rate_limits
            identify_limit = limits.count_request("identify", (user.id, shard[0] % limits.max_concurrency))
            if identify_limit is not None and identify_limit.exceeded:
                connection.send_op(INVALID_SESSION, False)
            else:
                self._start_session(connection, Session(user, requested_intents, shard), "shard" in data, origin)

    def _start_session(self, connection: Connection, session: Session, sharded: bool, origin: str) -> None:
        user = session.user
        guilds = [guild for guild in self._state.guilds_of(user.id) if session.handles_guild(guild.id)]
        if len(guilds) > MAX_GUILDS_PER_SHARD:
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
                    visibility.remember(self._state, session, guild)
                    payload = self._state.guild_create_payload(guild)
                    session.dispatch("GUILD_CREATE", _without_voice(session, payload))

    def _reset_token(self, user: User) -> None:
        """Reset the token of a bot that identifies too often in a day; a restart of the local Discord undoes it."""
        user.token = secrets.token_urlsafe(32)
        for session in [each for each in self._sessions.values() if each.user is user]:
            del self._sessions[session.id]
            if session.connection is not None:
                session.connection.close(4004)

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        last_sequence = data.get("seq")
        if session is None or session.broken or self._is_expired(session) or data.get("token") != session.user.token:
            connection.send_op(INVALID_SESSION, False)
            return
        if type(last_sequence) is not int or last_sequence > session.sequence:
            connection.close(4007)
            return
        missed_frames = session.frames_after(last_sequence)
        if missed_frames is None:
            connection.send_op(INVALID_SESSION, False)
            return
        self._attach(session, connection)
        for frame in missed_frames:
            connection.send(frame)
        session.dispatch("RESUMED", {})

    def _is_expired(self, session: Session) -> bool:
        return session.disconnected_at is not None and session.disconnected_at + RESUME_WINDOW < self._state.clock()

    def _attach(self, session: Session, connection: Connection) -> None:
        if session.connection is not None:
            session.connection.close(4000)
        session.connection, session.disconnected_at = connection, None
        connection.session = session

    # --- events of the state -------------------------------------------------------------------------------

    def _dispatch(self, event: Event) -> None:
        for session in tuple(self._sessions.values()):
            if self._is_expired(session):
                del self._sessions[session.id]
                continue
            try:
                if self._receives(session, event):
                    data = visibility.hide_channel(self._state, session, event)
                    session.dispatch(event.name, _redact_without_intents(session, event, data))
                    for name, changed in visibility.changes_after(self._state, session, event):
                        session.dispatch(name, changed)
            except Exception:
                # Neither the other sessions nor who caused the event may suffer.
                log.exception("%s could not be sent to a session, so it must identify anew", event.name)
                self._end_session(session)

    def _end_session(self, session: Session) -> None:
        """End a session that lacks an event; its client identifies and gets everything anew."""
        self._sessions.pop(session.id, None)
        if session.connection is not None:
            session.connection.close(UNKNOWN_ERROR)

    def _receives(self, session: Session, event: Event) -> bool:
        guild_id = event.guild_id or int(event.data.get("guild_id") or 0) or None
        if event.name in USER_CLIENT_EVENTS or not session.handles_guild(guild_id):
            return False
        if event.only_for is not None and event.only_for != session.user.id:
            return False
        if not _has_intent(session, event.name, event.data, guild_id is not None):
            return False
        channel = self._state.channels.get(event.channel_id or 0)
        if channel is not None:
            return bool(self._state.permissions(channel, session.user.id) & Permission.VIEW_CHANNEL)
        if event.only_for is None and guild_id is not None:
            guild = self._state.guilds.get(guild_id)
            return guild is not None and session.user.id in guild.members
        return True


def _parse_shard(given: Any) -> tuple[int, int] | None:
    """Return (its number, how many there are), or None if that is invalid."""
    if not isinstance(given, list) or len(given) != 2 or any(type(each) is not int for each in given):
        return None
    number, count = given
    return (number, count) if 0 <= number < count else None


def _has_intent(session: Session, name: str, data: Json, in_guild: bool) -> bool:
    me = str(session.user.id)
    if name == "GUILD_MEMBER_UPDATE" and data.get("user", {}).get("id") == me:
        return True
    if name == "THREAD_MEMBER_UPDATE" and data.get("user_id", me) != me:
        return False
    if name == "THREAD_MEMBERS_UPDATE" and not session.intents & intents.MEMBERS:
        added, removed = _own_thread_members(data, me)
        return bool(session.intents & intents.GUILDS and (added or removed))
    needed = intents.intents_for_event(name, in_guild)
    return not needed or bool(session.intents & needed)


def _own_thread_members(data: Json, me: str) -> tuple[list[Json], list[str]]:
    added = [each for each in data.get("added_members") or [] if each.get("user_id") == me]
    return added, [each for each in data.get("removed_member_ids") or [] if each == me]


def _redact_without_intents(session: Session, event: Event, data: Json) -> Json:
    """Return the event's data without what needs an intent: thread members for MEMBERS, content for MESSAGE_CONTENT."""
    me = str(session.user.id)
    if event.name == "THREAD_MEMBERS_UPDATE" and not session.intents & intents.MEMBERS:
        added, removed = _own_thread_members(data, me)
        data = {key: each for key, each in data.items() if key not in ("added_members", "removed_member_ids")}
        return data | ({"added_members": added} if added else {}) | ({"removed_member_ids": removed} if removed else {})
    if event.name == "GUILD_CREATE":
        return _without_voice(session, data)
    if event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or event.guild_id is None:
        return data
    return _without_content(session, data) | (
        {"referenced_message": _without_content(session, data["referenced_message"])}
        if data.get("referenced_message")
        else {}
    )


def _without_voice(session: Session, guild: Json) -> Json:
    """Return a guild without who is in its voice channels, unless that was asked for."""
    return guild if session.intents & intents.VOICE_STATES else guild | {"voice_states": []}


def _without_content(session: Session, message: Json) -> Json:
    me = str(session.user.id)
    is_own_message = message["author"]["id"] == me
    mentioned = any(user["id"] == me for user in message["mentions"])
    if is_own_message or mentioned or session.intents & intents.MESSAGE_CONTENT:
        return message
    return message | {"content": "", "embeds": [], "components": [], "attachments": []}
