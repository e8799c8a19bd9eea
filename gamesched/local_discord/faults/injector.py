"""Faults on demand: responses that fail, come late or get lost, and changes that the bot does not expect."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from gamesched.local_discord.faults.kinds import KINDS
from gamesched.local_discord.faults.registry import NEWEST, NEWEST_OF_BOT, FaultContext, InvalidFault
from gamesched.local_discord.faults.request_faults import ConnectionDropped, Pause, RequestFault
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.state.entities import DM, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.scheduled_events import unfinished
from gamesched.local_discord.state.state import State
from gamesched.local_discord.state.voice import CHANNEL_TYPES

# Patterns over "METHOD /path" for the requests that programs send, with labels.
REQUEST_CHOICES = {
    "*": "everything",
    "POST /channels/*/messages": "posting messages",
    "PATCH /channels/*/messages/*": "editing messages",
    "POST /interactions/*": "answering clicks and commands",
    "* /webhooks/*": "saying more after an answer",
    "POST /users/@me/channels": "opening direct messages",
    "POST /guilds/*/scheduled-events": "making events",
    "PATCH /guilds/*/scheduled-events/*": "changing events",
    "DELETE /guilds/*/scheduled-events/*": "deleting events",
    "POST /channels/*/threads": "starting threads",
    "POST /guilds/*/channels": "making channels",
    "DELETE /channels/*": "deleting channels",
    "* /guilds/*/roles*": "making and changing roles",
    "* /guilds/*/members/*/roles/*": "giving and taking roles",
    "* /channels/*/pins/*": "pinning",
    "GET *": "all reading",
    "POST /oauth2/token": "logging in",
}
PERMISSION_CHOICES = (
    Permission.VIEW_CHANNEL,
    Permission.SEND_MESSAGES,
    Permission.EMBED_LINKS,
    Permission.ATTACH_FILES,
    Permission.ADD_REACTIONS,
    Permission.READ_MESSAGE_HISTORY,
    Permission.MENTION_EVERYONE,
    Permission.MANAGE_MESSAGES,
    Permission.PIN_MESSAGES,
    Permission.BYPASS_SLOWMODE,
    Permission.CREATE_EVENTS,
    Permission.MANAGE_EVENTS,
    Permission.MANAGE_CHANNELS,
    Permission.MANAGE_ROLES,
    Permission.CONNECT,
    Permission.CREATE_PUBLIC_THREADS,
    Permission.SEND_MESSAGES_IN_THREADS,
)


class FaultInjector:
    """Pending and current faults; others change the state at once. `registry.KINDS` has the table of kinds."""

    def __init__(self, state: State, gateway: Gateway) -> None:
        self._transports: set[asyncio.Transport] = set()
        self._context = FaultContext(state, gateway, Pause(gateway.unpaused), Pause(), self._abort_connections)

    def add(self, body: Json) -> Json:
        """Set a fault, or change the state at once. Return the kind and `said`, a sentence. Raise InvalidFault."""
        kind = KINDS.get(str(body.get("kind")))
        if kind is None:
            raise InvalidFault(f"There is no kind {body.get('kind')!r}. Kinds are {', '.join(KINDS)}.")
        before = len(self._context.pending)
        summary = kind.apply(self._context, kind.parse(self._context.state, body))
        waits = [fault.payload() for fault in self._context.pending[before:]]
        return (waits[0] if waits else {"kind": kind.name, "done": True}) | {"said": summary}

    def active(self) -> list[Json]:
        """Return the faults that wait for requests, and the current pauses."""
        pauses = {"freeze": self._context.frozen, "unreachable": self._context.unreachable}
        lasting = [
            {"kind": name, "seconds_left": round(it.seconds_left, 1)} for name, it in pauses.items() if it.seconds_left
        ]
        return [*lasting, *(fault.payload() for fault in self._pending_faults())]

    def clear(self) -> None:
        """Drop pending faults and end current ones; changes of the state stay."""
        self._context.pending.clear()
        self._context.frozen.end()
        self._context.unreachable.end()

    def next_for_request(self, request: str) -> RequestFault | None:
        """Return the fault that hits this "METHOD /path", and count it."""
        return next((fault for fault in self._pending_faults() if fault.hits(request)), None)

    def _pending_faults(self) -> list[RequestFault]:
        self._context.pending[:] = [fault for fault in self._context.pending if not fault.is_over]
        return self._context.pending

    # --- pauses --------------------------------------------------------------------------------------------

    async def check_reachable(self, request: web.Request) -> None:
        """Wait while frozen. Raise ConnectionDropped while unreachable, or if the client disconnected meanwhile."""
        await self._context.frozen.unpaused.wait()
        if not self._context.unreachable.unpaused.is_set() or request.transport is None:
            raise ConnectionDropped

    @contextmanager
    def track_connection(self, request: web.Request) -> Iterator[None]:
        """Track a connection, to cut it when the server becomes unreachable."""
        transport = request.transport
        assert transport is not None, "given up before it began"
        self._transports.add(transport)
        try:
            yield
        finally:
            self._transports.discard(transport)

    def _abort_connections(self) -> None:
        for transport in tuple(self._transports):
            transport.abort()

    # --- for the panel -------------------------------------------------------------------------------------

    def kinds(self) -> list[Json]:
        """Return every kind: name, group, what it does, its keys."""
        return [kind.payload() for kind in KINDS.values()]

    def choices(self) -> Json:
        """Return the possible values of keys, by shape: lists of value and label."""
        state = self._context.state
        guilds = list(state.guilds.values())
        several = len(guilds) > 1

        def option(value: object, label: str, where: str = "") -> Json:
            return {"value": str(value), "label": f"{label} ({where})" if several and where else label}

        roles = [(guild, each) for guild in guilds for each in guild.roles.values() if each.id != guild.id]
        people = [option(user.id, user.global_name or user.username) for user in state.people()]
        return {
            "guild": [option(guild.id, guild.name) for guild in guilds],
            "channel": [
                option(channel.id, f"#{channel.name}", state.guilds[channel.guild_id].name)
                for channel in state.channels.values()
                if channel.type != DM and channel.guild_id is not None
            ],
            "voice": [
                option(channel.id, channel.name, guild.name)
                for guild in guilds
                for channel in state.channels_of(guild)
                if channel.type in CHANNEL_TYPES
            ],
            "event": [option(each.id, each.name, guild.name) for guild in guilds for each in unfinished(guild)],
            "role": [option(role.id, role.name, guild.name) for guild, role in roles],
            "any_role": [option(role.id, role.name, guild.name) for guild in guilds for role in guild.roles.values()],
            "roles": [option(role.id, role.name, guild.name) for guild, role in roles if role.bot_id is None],
            "person": people,
            "member": [option(state.bot.id, "the bot"), *people],
            "message": [option(NEWEST_OF_BOT, "the bot's newest post"), option(NEWEST, "the newest post of anyone")],
            "permissions": [
                option(each.name, str(each.name).replace("_", " ").capitalize()) for each in PERMISSION_CHOICES
            ],
            "request": [option(pattern, label) for pattern, label in REQUEST_CHOICES.items()],
        }


def abort_connection(request: web.Request) -> None:
    """Cut a connection without a response."""
    if request.transport is not None:
        request.transport.abort()
