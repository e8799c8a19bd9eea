"""Faults on demand: answers that fail, come late or get lost, and changes to the world behind the bot's back."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from discord_bot.sandbox import permissions
from discord_bot.sandbox.gateway import Gateway
from discord_bot.sandbox.things import APPLICATION_ID, Json, Overwrite
from discord_bot.sandbox.world import World


class Dropped(Exception):
    """The connection is cut instead of an answer."""


class BadFault(ValueError):
    """A fault that cannot be set, with the reason."""


@dataclass(frozen=True)
class Made:
    """An answer made up."""

    status: int
    body: Json
    headers: dict[str, str]


@dataclass
class Fault:
    """What happens to the next `times` requests whose "METHOD /path" matches `match` (`*` for anything).

    Kinds: "status" answers `status` (429 with `retry_after` seconds); "timeout" hangs for `seconds`, does nothing and
    drops the connection; "delay" waits `seconds`, then does it; "lost" does it and drops the connection.
    """

    id: int
    kind: str
    match: str = "*"
    times: int = 1
    status: int = 500
    seconds: float = 30.0
    retry_after: float = 1.0
    code: int = 0
    message: str = ""

    async def before(self) -> Made | None:
        """What happens before the request is looked at. Raises Dropped."""
        if self.kind == "status":
            if self.status == 429:
                body: Json = {
                    "message": "You are being rate limited.",
                    "retry_after": self.retry_after,
                    "global": False,
                }
                headers = {"Via": "1.1 local-discord", "X-RateLimit-Scope": "shared"}
                return Made(429, body, headers | {"Retry-After": str(int(self.retry_after) + 1)})
            said = self.message or f"{self.status}: fault on demand"
            return Made(self.status, {"message": said, "code": self.code}, {"Via": "1.1 local-discord"})
        if self.kind in ("timeout", "delay"):
            await asyncio.sleep(self.seconds)
        if self.kind == "timeout":
            raise Dropped
        return None

    def after(self) -> None:
        """What happens once the request was done. Raises Dropped."""
        if self.kind == "lost":
            raise Dropped


ON_REQUESTS = ("status", "timeout", "delay", "lost")


class Faults:
    """The faults that wait for a request, and the changes that happen at once."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._waiting: list[Fault] = []
        self._numbers = itertools.count(1)
        self._changes: dict[str, Callable[[Json], None]] = {
            "gateway_drop": self._gateway_drop,
            "delete_message": self._delete_message,
            "permissions": self._permissions,
            "kick_bot": self._kick_bot,
            "outage": self._outage,
            "close_dms": self._close_dms,
            "rename": self._rename,
        }

    def waiting(self) -> list[Json]:
        return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        """Forget the faults that wait for requests; changes to the world stay."""
        self._waiting.clear()

    def next(self, request: str) -> Fault | None:
        """The fault that hits this "METHOD /path", counted."""
        for fault in self._waiting:
            if fnmatchcase(request, fault.match):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def add(self, body: Json) -> Json:
        """Set a fault, or change the world at once. Raises BadFault."""
        kind = body.get("kind")
        try:
            if kind in ON_REQUESTS:
                fault = Fault(next(self._numbers), **body)
                self._waiting.append(fault)
                return asdict(fault)
            self._changes[str(kind)](body)
        except KeyError as missing:
            known = ", ".join((*ON_REQUESTS, *self._changes))
            raise BadFault(f"No such kind, thing or key: {missing}. Kinds are {known}.") from None
        except TypeError as reason:
            raise BadFault(str(reason)) from None
        return {"kind": kind, "done": True}

    # --- changes at once -----------------------------------------------------------------------------------

    def _gateway_drop(self, body: Json) -> None:
        """`resumable` (true), `reconnect` (false: close 4000; true: ask to reconnect first)."""
        self._gateway.drop(bool(body.get("resumable", True)), bool(body.get("reconnect", False)))

    def _delete_message(self, body: Json) -> None:
        self._world.delete(self._world.messages[int(body["channel_id"])][int(body["message_id"])])

    def _permissions(self, body: Json) -> None:
        """In `channel_id`, the bot (or `user_id`) is denied what `take` names; an empty list gives all back."""
        denied = permissions.named(list(body["take"]))
        target = int(body.get("user_id", APPLICATION_ID))
        self._world.overwrite(self._world.channels[int(body["channel_id"])], Overwrite(target, 1, 0, denied))

    def _kick_bot(self, body: Json) -> None:
        self._world.remove_member(self._world.guilds[int(body["guild_id"])], APPLICATION_ID)

    def _outage(self, body: Json) -> None:
        """`guild_id` becomes unavailable; with `over` true it is back."""
        self._world.set_unavailable(self._world.guilds[int(body["guild_id"])], not body.get("over", False))

    def _close_dms(self, body: Json) -> None:
        """`user_id` takes no direct messages; with `open` true again."""
        self._world.set_dms(self._world.users[int(body["user_id"])], bool(body.get("open", False)))

    def _rename(self, body: Json) -> None:
        """`name` for a channel, a role (with guild), a member's nick (user with guild), a person, or a guild."""
        world, name = self._world, str(body["name"])
        guild: Any = world.guilds[int(body["guild_id"])] if "guild_id" in body else None
        if "channel_id" in body:
            world.rename_channel(world.channels[int(body["channel_id"])], name)
        elif "role_id" in body:
            world.change_role(guild, guild.roles[int(body["role_id"])], name=name)
        elif "user_id" in body and guild is not None:
            world.change_member(guild, guild.members[int(body["user_id"])], nick=name or None)
        elif "user_id" in body:
            world.rename_user(world.users[int(body["user_id"])], name)
        else:
            world.rename_guild(world.guilds[int(body["guild_id"])], name)
