"""Faults on demand: answers that fail, come late or get lost, and changes to the world behind the bot's back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from gamesched.local_discord.faults.kinds import KINDS
from gamesched.local_discord.faults.registry import NEWEST, NEWEST_OF_BOT, BadFault, Scene
from gamesched.local_discord.faults.request_faults import Dropped, Fault, Pause
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.state.entities import DM, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import World

# What a program asks for, in words; a pattern over "METHOD /path".
ASKED = {
    "*": "everything",
    "POST /channels/*/messages": "posting messages",
    "PATCH /channels/*/messages/*": "editing messages",
    "POST /interactions/*": "answering clicks and commands",
    "* /webhooks/*": "saying more after an answer",
    "POST /users/@me/channels": "opening direct messages",
    "GET *": "all reading",
    "POST /oauth2/token": "logging in",
}
TAKEN = (
    Permission.VIEW_CHANNEL,
    Permission.SEND_MESSAGES,
    Permission.EMBED_LINKS,
    Permission.READ_MESSAGE_HISTORY,
    Permission.MENTION_EVERYONE,
    Permission.MANAGE_MESSAGES,
    Permission.CREATE_PUBLIC_THREADS,
    Permission.SEND_MESSAGES_IN_THREADS,
)


class Faults:
    """The faults that wait or last, and the changes that happen at once. `fault_kinds` has the table of kinds."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._sockets: set[asyncio.Transport] = set()
        self._scene = Scene(world, gateway, Pause(gateway.flowing), Pause(), self._cut_sockets)

    def add(self, body: Json) -> Json:
        """Set a fault, or change the world at once. Returns the kind and `said`, a sentence. Raises BadFault."""
        kind = KINDS.get(str(body.get("kind")))
        if kind is None:
            raise BadFault(f"There is no kind {body.get('kind')!r}. Kinds are {', '.join(KINDS)}.")
        before = len(self._scene.waiting)
        said = kind.happen(self._scene, kind.read(self._scene.world, body))
        waits = [fault.told() for fault in self._scene.waiting[before:]]
        return (waits[0] if waits else {"kind": kind.name, "done": True}) | {"said": said}

    def waiting(self) -> list[Json]:
        """The faults that wait for requests, and the pauses that last."""
        pauses = {"freeze": self._scene.frozen, "unreachable": self._scene.unreachable}
        lasting = [{"kind": name, "seconds_left": round(it.left, 1)} for name, it in pauses.items() if it.left]
        return [*lasting, *(fault.told() for fault in self._still_waiting())]

    def clear(self) -> None:
        """Forget what waits, end what lasts; changes to the world stay."""
        self._scene.waiting.clear()
        self._scene.frozen.end()
        self._scene.unreachable.end()

    def next(self, request: str) -> Fault | None:
        """The fault that hits this "METHOD /path", counted."""
        return next((fault for fault in self._still_waiting() if fault.hits(request)), None)

    def _still_waiting(self) -> list[Fault]:
        self._scene.waiting[:] = [fault for fault in self._scene.waiting if not fault.over]
        return self._scene.waiting

    # --- pauses --------------------------------------------------------------------------------------------

    async def reach(self, request: web.Request) -> None:
        """Wait while frozen. Raises Dropped while unreachable, and for who has given up in the meantime."""
        await self._scene.frozen.going_on.wait()
        if not self._scene.unreachable.going_on.is_set() or request.transport is None:
            raise Dropped

    @contextmanager
    def cuttable(self, request: web.Request) -> Iterator[None]:
        """A connection that is cut when everything becomes unreachable."""
        transport = request.transport
        assert transport is not None, "given up before it began"
        self._sockets.add(transport)
        try:
            yield
        finally:
            self._sockets.discard(transport)

    def _cut_sockets(self) -> None:
        for transport in tuple(self._sockets):
            transport.abort()

    # --- for the panel -------------------------------------------------------------------------------------

    def kinds(self) -> list[Json]:
        """Every kind: name, group, what it does, its keys."""
        return [kind.told() for kind in KINDS.values()]

    def choices(self) -> Json:
        """What may stand in keys, by their shape: lists of value and label."""
        world = self._scene.world
        guilds = list(world.guilds.values())
        several = len(guilds) > 1

        def option(value: object, label: str, where: str = "") -> Json:
            return {"value": str(value), "label": f"{label} ({where})" if several and where else label}

        roles = [(guild, each) for guild in guilds for each in guild.roles.values() if each.id != guild.id]
        people = [option(user.id, user.global_name or user.username) for user in world.people()]
        return {
            "guild": [option(guild.id, guild.name) for guild in guilds],
            "channel": [
                option(channel.id, f"#{channel.name}", world.guilds[channel.guild_id].name)
                for channel in world.channels.values()
                if channel.type != DM and channel.guild_id is not None
            ],
            "role": [option(role.id, role.name, guild.name) for guild, role in roles],
            "roles": [option(role.id, role.name, guild.name) for guild, role in roles if role.bot_id is None],
            "person": people,
            "member": [option(world.bot.id, "the bot"), *people],
            "message": [option(NEWEST_OF_BOT, "the bot's newest post"), option(NEWEST, "the newest post of anyone")],
            "permissions": [option(each.name, str(each.name).replace("_", " ").capitalize()) for each in TAKEN],
            "request": [option(pattern, label) for pattern, label in ASKED.items()],
        }


def cut(request: web.Request) -> None:
    """End a connection without a word."""
    if request.transport is not None:
        request.transport.abort()
