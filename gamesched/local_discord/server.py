"""The application: every address of the local Discord, and its start and end."""

import asyncio
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gamesched.local_discord import control_api, fixtures
from gamesched.local_discord.api import router
from gamesched.local_discord.api.exchange_log import Record
from gamesched.local_discord.api.interactions.lifecycle import Interactions
from gamesched.local_discord.api.request import LOGGED, SERVICES, Call, Route, Services, Settings, serve
from gamesched.local_discord.errors import not_found
from gamesched.local_discord.faults.injector import Faults, cut
from gamesched.local_discord.faults.request_faults import Dropped
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.oauth import endpoints
from gamesched.local_discord.oauth.grants import Grants
from gamesched.local_discord.page import views
from gamesched.local_discord.state.state import World
from gamesched.local_discord.state.store import Store

CALLBACK_PATH = "/accounts/discord/login/callback/"
# Two hundred people clicking at once would overflow aiohttp's default of 128 and wait a second for a retry.
BACKLOG = 2048
SEEN_AS_LOCALHOST = ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)


def redirects_of(public_url: str, more: list[str]) -> tuple[str, ...]:
    """The registered OAuth2 addresses: the product's own, and any others."""
    return (public_url.rstrip("/") + CALLBACK_PATH, *more)


async def _unknown(call: Call) -> None:
    raise not_found()


def build(services: Services) -> web.Application:
    """The web application around a world."""
    app = web.Application(middlewares=[control_api.plain_errors])
    app[SERVICES] = services
    app[views.STREAMS] = set()
    app.add_routes([*control_api.ROUTES, *views.ROUTES, web.get("/gateway", _gateway), web.get("/gateway/", _gateway)])
    for prefix in ("", "/api"):
        app.router.add_get(prefix + "/oauth2/authorize", endpoints.authorize_page)
        app.router.add_post(prefix + "/oauth2/authorize", endpoints.authorize)
    for route in (*router.ROUTES, *endpoints.ROUTES):
        app.router.add_route(route.method, "/api/v10" + route.path, serve(route))
    app.router.add_route("*", "/api/{rest:.*}", serve(Route("*", "", _unknown)))
    app.on_shutdown.append(_close_sockets)
    return app


async def _gateway(request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    try:
        await services.faults.reach(request)
    except Dropped:
        cut(request)
        return web.Response()
    with services.faults.cuttable(request):
        return await services.gateway.serve(request)


async def _close_sockets(app: web.Application) -> None:
    await app[SERVICES].gateway.close()
    streams = app[views.STREAMS]
    await asyncio.gather(*(socket.close() for socket in tuple(streams)))


@dataclass
class Server:
    """A listening local Discord."""

    runner: web.AppRunner
    services: Services
    origin: str

    async def stop(self) -> None:
        await self.runner.cleanup()
        self.services.record.close()
        self.services.world.store.close()


async def start(
    host: str, port: int, redirects: tuple[str, ...], state: Path | None = None, crowd: bool = False
) -> Server:
    """Listen. Port 0 is any free one. With `crowd`, a new world has more people in it.

    Raises OSError when listening is not possible, sqlite3.Error for a bad state file.
    """
    world = World(Store(state))
    if not world.users:
        fixtures.populate(world)
        if crowd:
            fixtures.add_crowd(world)
    gateway = Gateway(world)
    services = Services(
        world=world,
        settings=Settings(redirects),
        gateway=gateway,
        interactions=Interactions(world),
        grants=Grants(world.clock),
        faults=Faults(world, gateway),
        log=deque(maxlen=LOGGED),
        record=Record(),
    )
    runner = web.AppRunner(build(services), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=BACKLOG)
        await site.start()
    except OSError:
        await runner.cleanup()
        world.store.close()
        raise
    bound = runner.addresses[0][1]
    return Server(runner, services, f"http://{'localhost' if host in SEEN_AS_LOCALHOST else host}:{bound}")
