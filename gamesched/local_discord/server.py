"""The web application: all URLs of the local Discord, and its start and stop."""

import asyncio
import socket
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gamesched.local_discord import control_api, fixtures
from gamesched.local_discord.api import router
from gamesched.local_discord.api.exchange_log import ExchangeLog
from gamesched.local_discord.api.interactions.lifecycle import Interactions
from gamesched.local_discord.api.request import (
    API_PREFIX,
    REQUEST_LOG_SIZE,
    SERVICES,
    ApiRequest,
    Route,
    Services,
    Settings,
    make_handler,
)
from gamesched.local_discord.api.uploads import MAX_REQUEST_SIZE
from gamesched.local_discord.errors import invalid_api_version, method_not_allowed, not_found
from gamesched.local_discord.faults.injector import FaultInjector, abort_connection
from gamesched.local_discord.faults.request_faults import ConnectionDropped
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.oauth import endpoints
from gamesched.local_discord.oauth.grants import Grants
from gamesched.local_discord.page import views
from gamesched.local_discord.state.passing_time import PassingTime
from gamesched.local_discord.state.state import State
from gamesched.local_discord.state.store import Store

VERSIONS = ("v9", "v10")  # of the API; without one, Discord answers as an old version, and the local one as these
CALLBACK_PATH = "/accounts/discord/login/callback/"
# Two hundred people clicking at once would overflow aiohttp's default of 128 and wait a second for a retry.
BACKLOG = 2048
LOCALHOST_ADDRESSES = ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)


def registered_redirect_uris(public_url: str, additional: list[str]) -> tuple[str, ...]:
    """Return the registered OAuth2 addresses: the product's own, and any others."""
    return (public_url.rstrip("/") + CALLBACK_PATH, *additional)


async def _serve_other_path(request: web.Request) -> web.StreamResponse:
    """Serve a path of another version or of none, which is as with version 10, or refuse it."""
    version, path = API_PREFIX.match(request.path), API_PREFIX.sub("", request.path)
    if version is not None and version[1] in (None, *VERSIONS):
        for route in (*router.ROUTES, *endpoints.ROUTES):
            match = router.pattern(route.path).fullmatch(path) if route.method == request.method else None
            if match is not None:
                request.match_info.update(match.groupdict())
                return await make_handler(route)(request)
    return await make_handler(Route("*", "", _refuse))(request)


async def _refuse(request: ApiRequest) -> None:
    version, path = API_PREFIX.match(request.http_request.path), API_PREFIX.sub("", request.http_request.path)
    if version is not None and version[1] not in (None, *VERSIONS):
        raise invalid_api_version()
    raise method_not_allowed() if router.has_path(path) else not_found()


def build_application(services: Services) -> web.Application:
    """Return the web application for these services."""
    app = web.Application(middlewares=[control_api.json_errors], client_max_size=MAX_REQUEST_SIZE)
    app[SERVICES] = services
    app[views.EVENT_STREAMS] = set()
    app.add_routes(
        [*control_api.ROUTES, *views.ROUTES, web.get("/gateway", _serve_gateway), web.get("/gateway/", _serve_gateway)]
    )
    for prefix in ("", "/api"):
        app.router.add_get(prefix + "/oauth2/authorize", endpoints.authorize_page)
        app.router.add_post(prefix + "/oauth2/authorize", endpoints.authorize)
    for route in (*router.ROUTES, *endpoints.ROUTES):
        app.router.add_route(route.method, "/api/v10" + route.path, make_handler(route))
    app.router.add_route("*", "/api/{rest:.*}", _serve_other_path)
    app.on_shutdown.append(_close_sockets)
    return app


async def _serve_gateway(request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    try:
        await services.faults.check_reachable(request)
    except ConnectionDropped:
        abort_connection(request)
        return web.Response()
    with services.faults.track_connection(request):
        return await services.gateway.serve(request)


async def _close_sockets(app: web.Application) -> None:
    await app[SERVICES].gateway.close()
    streams = app[views.EVENT_STREAMS]
    await asyncio.gather(*(socket.close() for socket in tuple(streams)))


@dataclass
class Server:
    """A running local Discord."""

    runner: web.AppRunner
    services: Services
    origin: str

    async def stop(self) -> None:
        await self.runner.cleanup()
        self.services.exchange_log.close()
        self.services.state.store.close()


async def start(
    host: str,
    port: int,
    redirect_uris: tuple[str, ...],
    state_file: Path | None = None,
    with_crowd: bool = False,
    listener: socket.socket | None = None,
) -> Server:
    """Start a server. Port 0 is any free one. `with_crowd` adds more people to a new state.

    With a `listener`, which listens already, host and port are its own.
    Raise OSError if it cannot listen, sqlite3.Error for a bad state file.
    """
    state = State(Store(state_file))
    if not state.users:
        fixtures.populate(state)
        if with_crowd:
            fixtures.add_crowd(state)
    PassingTime(state)
    gateway = Gateway(state)
    services = Services(
        state=state,
        settings=Settings(redirect_uris),
        gateway=gateway,
        interactions=Interactions(state),
        grants=Grants(state.clock),
        faults=FaultInjector(state, gateway),
        request_log=deque(maxlen=REQUEST_LOG_SIZE),
        exchange_log=ExchangeLog(),
    )
    runner = web.AppRunner(build_application(services), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = (
            web.TCPSite(runner, host, port, backlog=BACKLOG)
            if listener is None
            else web.SockSite(runner, listener, backlog=BACKLOG)
        )
        await site.start()
    except OSError:
        await runner.cleanup()
        state.store.close()
        raise
    listening_port = runner.addresses[0][1]
    state.origin = f"http://{'localhost' if host in LOCALHOST_ADDRESSES else host}:{listening_port}"
    return Server(runner, services, state.origin)
