"""What reaches the live socket: connections at its address, from a page of ours."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware

from gamesched.lib.metrics import OPEN_PAGES

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Socket = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def only_at(path: str, socket: Socket) -> Socket:
    """Pass on the sockets of our pages at one address, with their cookies; refuse all others.

    The validator raised at an `Origin: http://[`, and a router at every address that was none: a traceback each.
    """
    ours = AllowedHostsOriginValidator(CookieMiddleware(socket))

    async def guarded(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == path and all(map(_is_readable, _origins(scope))):
            with OPEN_PAGES.track_inprogress():
                await ours(scope, receive, send)
        elif (await receive())["type"] == "websocket.connect":
            await send({"type": "websocket.close"})

    return guarded


def _origins(scope: dict[str, Any]) -> list[str]:
    return [value.decode("latin1") for name, value in scope["headers"] if name == b"origin"]


def _is_readable(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.hostname is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
