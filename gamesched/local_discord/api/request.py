"""One REST call: who makes it, what it may break on, how it is answered and logged."""

import json
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gamesched.local_discord.api import messages
from gamesched.local_discord.api.exchange_log import Record
from gamesched.local_discord.api.interactions.lifecycle import Interactions
from gamesched.local_discord.errors import DiscordError, invalid, malformed_json, unauthorized
from gamesched.local_discord.faults.injector import Faults, cut
from gamesched.local_discord.faults.request_faults import Dropped
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.oauth.grants import Grants
from gamesched.local_discord.state.entities import Json, User
from gamesched.local_discord.state.state import World

LOGGED = 10_000  # requests that are remembered
VIA = {"Via": "1.1 local-discord"}  # Discord's own answers have one; without, clients take a 429 for Cloudflare's


@dataclass(frozen=True)
class Actor:
    """Who calls: a bot, a person through their own client, or an application for a person who logged in."""

    user: User
    scopes: frozenset[str] | None = None  # of a bearer token

    @property
    def is_bot(self) -> bool:
        return self.user.bot


@dataclass(frozen=True)
class Settings:
    """What the program was started with. `redirects` are the registered OAuth2 addresses."""

    redirects: tuple[str, ...]


@dataclass
class Services:
    """Everything a handler may need."""

    world: World
    settings: Settings
    gateway: Gateway
    interactions: Interactions
    grants: Grants
    faults: Faults
    log: deque[Json]
    record: Record


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


class Call:
    """A request to the API with its actor. Attributes of `Services` are reachable as properties."""

    def __init__(self, request: web.Request, services: Services, actor: Actor | None) -> None:
        self.request = request
        self.services = services
        self.world = services.world
        self._actor = actor

    @property
    def actor(self) -> Actor:
        """Who calls. Raises 401 when nobody said."""
        if self._actor is None:
            raise unauthorized()
        return self._actor

    @property
    def user(self) -> User:
        """The bot or the person themselves. Raises 401 for an application with a bearer token."""
        if self.actor.scopes is not None:
            raise unauthorized()
        return self.actor.user

    def id(self, name: str) -> int:
        """An id in the path. Raises 50035 when it is none."""
        return messages.snowflake(self.request.match_info[name], name)

    def flag(self, name: str) -> bool:
        """A yes or no in the query; absent is no."""
        return self.request.query.get(name, "").lower() in ("1", "true")

    async def json(self) -> Json:
        """The body, an object. Raises 50109 when it is not JSON, 50035 when it is not an object."""
        body = await self.json_list()
        if not isinstance(body, dict):
            raise invalid((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return body

    async def json_list(self) -> Any:
        try:
            return json.loads(await self.request.read() or b"{}")
        except ValueError:
            raise malformed_json() from None


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """A path below /api/v10 and what answers it. `limit` names the rule of its rate limit; see `limits.RULES`."""

    method: str
    path: str
    handler: Handler
    limit: str | None = "other"
    exempt: bool = False  # from the global limit: interaction endpoints


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with the exact content type that clients compare with; None is 204."""
    if body is None:
        return web.Response(status=204, headers=headers)
    text = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(body=text, status=status, content_type="application/json", headers=headers)


def serve(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What aiohttp calls for a route: authentication, faults, limits, the handler, the log."""

    async def respond(request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        started, clock = services.world.clock(), time.perf_counter()
        actor: Actor | None = None
        unknown: DiscordError | None = None
        status = 0
        try:
            actor = authenticate(request, services)
        except DiscordError as error:
            unknown = error
        call = Call(request, services, actor)
        person = actor is not None and not actor.is_bot and actor.scopes is None
        try:
            response = await (_answered(route, call, person) if person else _watched(route, call, unknown))
            status = response.status
        except Dropped:
            response = web.Response()
            cut(request)
        finally:
            if not person:
                services.log.append(
                    {
                        "method": request.method,
                        "path": _path(request),
                        "status": status,
                        "at": started,
                        "ms": round((time.perf_counter() - clock) * 1000, 1),
                        "user": str(actor.user.id) if actor else None,
                    }
                )
        await services.record.keep(request, _path(request), response, status)
        return response

    return respond


async def _watched(route: Route, call: Call, unknown: DiscordError | None) -> web.StreamResponse:
    """For all but people: who sends too many invalid requests is banned, whatever they ask."""
    await call.services.faults.reach(call.request)
    limits, address = call.world.limits, call.request.remote or ""
    banned = limits.banned(address)
    if banned is not None:
        # Cloudflare answers, not Discord: no JSON, no Via.
        wait = {"Retry-After": str(math.ceil(banned))}
        return web.Response(text="<h1>error code: 1015</h1>", status=429, content_type="text/html", headers=wait)
    if unknown is None:
        response = await _answered(route, call)
    else:
        response = answer(unknown.body, unknown.status, VIA)
    limits.answered(address, response.status, response.headers)
    return response


async def _answered(route: Route, call: Call, person: bool = False) -> web.StreamResponse:
    fault = None if person else call.services.faults.next(f"{call.request.method} {_path(call.request)}")
    if fault is not None:
        made = await fault.before()
        if made is not None:
            return answer(made.body, made.status, made.headers)
    headers = dict(VIA)
    try:
        if not person:
            _limit(route, call, headers)
        body = await route.handler(call)
        response = body if isinstance(body, web.StreamResponse) else answer(body)
        response.headers.update(headers)
    except DiscordError as error:
        response = answer(error.body, error.status, headers | error.headers)
    if fault is not None:
        fault.after()
    return response


def _limit(route: Route, call: Call, headers: dict[str, str]) -> None:
    """Count the request and add the headers of its bucket. Raises the 429 when it is one too many."""
    limits, match = call.world.limits, call.request.match_info
    who = call.request.remote if call._actor is None else call._actor.user.id
    if not route.exempt:
        taken = limits.take("global", who)
        if taken is not None and taken.refused:
            raise taken.refusal("global")
    if route.limit is None:
        return
    bucket = f"{route.method} {route.path}" if route.limit == "other" else route.limit
    whose = match["token"] if "token" in match else (who, match.get("channel_id"), match.get("guild_id"))
    taken = limits.take(route.limit, (bucket, whose))
    if taken is not None:
        headers |= taken.headers(bucket)
        if taken.refused:
            raise taken.refusal()


def authenticate(request: web.Request, services: Services) -> Actor | None:
    """Who stands in the Authorization header; None without one. Raises 401 when nobody knows them."""
    header = request.headers.get("Authorization")
    if not header or header.startswith("Basic "):
        return None
    scheme, _, token = header.rpartition(" ")
    if scheme == "Bearer":
        grant = services.grants.of_token(token)
        if grant is not None:
            return Actor(services.world.users[grant.user_id], grant.scopes)
    else:
        user = services.world.by_token(token)
        if user is not None and user.bot == (scheme == "Bot"):
            return Actor(user)
    raise unauthorized()


def _path(request: web.Request) -> str:
    """The path below /api/v10."""
    parts = request.path.split("/", 3)
    return "/" + (parts[3] if len(parts) > 3 and parts[2][:1] == "v" else request.path.removeprefix("/api/"))
