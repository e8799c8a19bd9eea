"""One REST call: its actor, faults and limits, its response and log."""

import math
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gamesched.local_discord.api.exchange_log import ExchangeLog
from gamesched.local_discord.api.interactions.lifecycle import Interactions
from gamesched.local_discord.api.uploads import FORM_TYPES, Upload, read_form
from gamesched.local_discord.api.validation import parse_json, parse_snowflake
from gamesched.local_discord.errors import (
    DiscordError,
    invalid_form_body,
    invalid_json,
    not_found,
    unauthorized,
    wrong_content_type,
)
from gamesched.local_discord.faults.injector import FaultInjector, abort_connection
from gamesched.local_discord.faults.request_faults import ConnectionDropped
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.oauth.grants import Grants
from gamesched.local_discord.state.entities import Json, User
from gamesched.local_discord.state.serialization import to_json
from gamesched.local_discord.state.state import State

# Ids beside which Discord has literal paths, as in /messages/pins: a word there is no malformed id.
BELOW_LITERALS = ("message_id", "role_id", "command_id", "event_id")
WORD = re.compile(r"[A-Za-z][\w-]*")
REQUEST_LOG_SIZE = 10_000  # requests that are remembered
API_PREFIX = re.compile(r"^/api(?:/(v\d+))?(?=/|$)")
AGENT = "DiscordBot ("  # how a bot's User-Agent begins: https://discord.com/developers/docs/reference#user-agent
# discord.py leaves aiohttp's own name in requests to these, and Discord takes it.
ANY_AGENT = ("/interactions/", "/webhooks/")
VIA = {"Via": "1.1 local-discord"}  # Discord's responses have one; without it, clients take a 429 for Cloudflare's


@dataclass(frozen=True)
class Actor:
    """The caller: a bot, a person through their own client, or an application for a logged-in person."""

    user: User
    scopes: frozenset[str] | None = None  # of a bearer token

    @property
    def is_bot(self) -> bool:
        return self.user.bot


@dataclass(frozen=True)
class Settings:
    """The program's options. `redirect_uris` are the registered OAuth2 addresses."""

    redirect_uris: tuple[str, ...]


@dataclass
class Services:
    """Everything that a handler may need."""

    state: State
    settings: Settings
    gateway: Gateway
    interactions: Interactions
    grants: Grants
    faults: FaultInjector
    request_log: deque[Json]
    exchange_log: ExchangeLog


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


class ApiRequest:
    """A request to the API with its actor. Attributes of `Services` are reachable as properties."""

    def __init__(self, request: web.Request, services: Services, actor: Actor | None) -> None:
        self.http_request = request
        self.services = services
        self.state = services.state
        self._actor = actor
        self.uploads: list[Upload] = []  # of a form, once its body is read

    @property
    def actor(self) -> Actor:
        """Return the caller. Raise 401 for an anonymous request."""
        if self._actor is None:
            raise unauthorized()
        return self._actor

    @property
    def user(self) -> User:
        """Return the bot or person that calls. Raise 401 for an application with a bearer token."""
        if self.actor.scopes is not None:
            raise unauthorized()
        return self.actor.user

    def path_id(self, name: str) -> int:
        """Return an id in the path. Raise 50035 if it is invalid, 404 where a word names a route that is missing."""
        value = self.http_request.match_info[name]
        if name in BELOW_LITERALS and WORD.fullmatch(value):
            raise not_found()
        return parse_snowflake(value, name)

    def query_flag(self, name: str) -> bool:
        """Return a boolean in the query; False if absent."""
        return self.http_request.query.get(name, "").lower() in ("1", "true")

    async def json(self) -> Json:
        """Return the body, an object. Raise 50109 if it is not JSON, 50035 if it is not an object."""
        body = await self.json_value()
        if not isinstance(body, dict):
            raise invalid_form_body((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return body

    async def json_value(self) -> Any:
        """Return the body; of a form its `payload_json` or its fields. Its files are then in `uploads`."""
        if self.http_request.content_type in FORM_TYPES:
            body, self.uploads = await read_form(self.http_request)
            return body
        raw = await self.http_request.read()
        if raw and self.http_request.content_type != "application/json":
            raise wrong_content_type()
        try:
            return parse_json(raw or b"{}")
        except ValueError:
            raise invalid_json() from None


Handler = Callable[[ApiRequest], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """A path below the version, and its handler. `rate_limit` names its rule in `rate_limits.RULES`."""

    method: str
    path: str
    handler: Handler
    rate_limit: str | None = "other"
    exempt_from_global: bool = False  # from the global limit: interaction endpoints


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return JSON with the exact content type that clients compare with; 204 for None."""
    if body is None:
        return web.Response(status=204, headers=headers)
    text = to_json(body).encode()
    return web.Response(body=text, status=status, content_type="application/json", headers=headers)


def make_handler(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return aiohttp's handler for a route: authentication, faults, limits, the route's handler, the log."""

    async def respond(request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        started, clock = services.state.clock(), time.perf_counter()
        actor: Actor | None = None
        auth_error: DiscordError | None = None
        status = 0
        try:
            actor = authenticate(request, services)
        except DiscordError as error:
            auth_error = error
        api_request = ApiRequest(request, services, actor)
        is_person = actor is not None and not actor.is_bot and actor.scopes is None
        try:
            response = await (
                _respond(route, api_request, is_person)
                if is_person
                else _respond_unless_banned(route, api_request, auth_error)
            )
            status = response.status
        except ConnectionDropped:
            response = web.Response()
            abort_connection(request)
        finally:
            if not is_person:
                services.request_log.append(
                    {
                        "method": request.method,
                        "path": _api_path(request),
                        "status": status,
                        "at": started,
                        "ms": round((time.perf_counter() - clock) * 1000, 1),
                        "user": str(actor.user.id) if actor else None,
                        "agent": request.headers.get("User-Agent", ""),
                    }
                )
        await services.exchange_log.write(request, _api_path(request), response, status)
        return response

    return respond


async def _respond_unless_banned(
    route: Route, request: ApiRequest, auth_error: DiscordError | None
) -> web.StreamResponse:
    """Respond to a client other than a person, unless its User-Agent or its address is banned from every route."""
    await request.services.faults.check_reachable(request.http_request)
    agent, path = request.http_request.headers.get("User-Agent", ""), _api_path(request.http_request)
    if not agent.startswith(AGENT) and not path.startswith(ANY_AGENT):
        # Cloudflare does not let it pass, so Discord counts nothing. Its code: the client's signature is banned.
        return web.Response(text="error code: 1010", status=403, content_type="text/plain")
    limits, address = request.state.rate_limits, request.http_request.remote or ""
    seconds_banned = limits.seconds_banned(address)
    if seconds_banned is not None:
        # Cloudflare responds, not Discord: no JSON, no Via.
        wait = {"Retry-After": str(math.ceil(seconds_banned))}
        return web.Response(text="<h1>error code: 1015</h1>", status=429, content_type="text/html", headers=wait)
    if auth_error is None:
        response = await _respond(route, request)
    else:
        response = json_response(auth_error.body, auth_error.status, VIA)
    limits.count_invalid_response(address, response.status, response.headers)
    return response


async def _respond(route: Route, request: ApiRequest, is_person: bool = False) -> web.StreamResponse:
    fault = (
        None
        if is_person
        else request.services.faults.next_for_request(
            f"{request.http_request.method} {_api_path(request.http_request)}"
        )
    )
    if fault is not None:
        fault_response = await fault.before_request()
        if fault_response is not None:
            return json_response(fault_response.body, fault_response.status, fault_response.headers)
    headers = dict(VIA)
    try:
        if not is_person:
            _apply_rate_limits(route, request, headers)
        body = await route.handler(request)
        response = body if isinstance(body, web.StreamResponse) else json_response(body)
        response.headers.update(headers)
    except DiscordError as error:
        response = json_response(error.body, error.status, headers | error.headers)
    if fault is not None:
        fault_response = await fault.after_request()
        if fault_response is not None:
            return json_response(fault_response.body, fault_response.status, fault_response.headers)
    return response


def _apply_rate_limits(route: Route, request: ApiRequest, headers: dict[str, str]) -> None:
    """Count the request and add its bucket's headers. Raise 429 if it exceeds a limit."""
    limits, match = request.state.rate_limits, request.http_request.match_info
    caller = request.http_request.remote if request._actor is None else request._actor.user.id
    if not route.exempt_from_global:
        limit_status = limits.count_request("global", caller)
        if limit_status is not None and limit_status.exceeded:
            raise limit_status.to_error("global")
    if route.rate_limit is None:
        return
    bucket = f"{route.method} {route.path}" if route.rate_limit == "other" else route.rate_limit
    major_parameters = match["token"] if "token" in match else (caller, match.get("channel_id"), match.get("guild_id"))
    limit_status = limits.count_request(route.rate_limit, (bucket, major_parameters))
    if limit_status is not None:
        headers |= limit_status.headers(bucket)
        if limit_status.exceeded:
            raise limit_status.to_error()


def authenticate(request: web.Request, services: Services) -> Actor | None:
    """Return the actor of the Authorization header; None without one. Raise 401 for an unknown token."""
    header = request.headers.get("Authorization")
    if not header or header.startswith("Basic "):
        return None
    scheme, _, token = header.rpartition(" ")
    if scheme == "Bearer":
        grant = services.grants.find_by_token(token)
        if grant is not None:
            return Actor(services.state.users[grant.user_id], grant.scopes)
    else:
        user = services.state.user_by_token(token)
        if user is not None and user.bot == (scheme == "Bot"):
            return Actor(user)
    raise unauthorized()


def _api_path(request: web.Request) -> str:
    """Return the path below /api/v10, or below another version or none."""
    return API_PREFIX.sub("", request.path) or "/"
