"""A guild's upcoming games as server-sent events, for overlays and scripts of other sites.

What it tells is the JSON of the guild's embed, at once and whenever that changes: one stream more costs nothing while
nothing happens. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from games.pages.live import CLOSE_TRY_AGAIN, LivePages, Socket, pages_of_this_loop
from games.pages.live_access import OpenPage
from games.sharing.embeds import embed_content, embeddable_guild
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.proxies import client_address, network_of, parse_networks

ADDRESS = re.compile(r"/embed/([0-9]+)/events")
STREAMS_MAX = 200  # of one process
STREAMS_OF_ONE = 20  # of them to one network: nobody takes them all
KEEP_ALIVE = 25.0  # seconds, for proxies that end a connection on which nothing comes
GATHERED = 1.0  # seconds from a change until it is told: a rush of clicks is one event, and one look for all streams
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_open: Counter[str] = Counter()  # by the client's network
_shown: dict[int, tuple[float, str | None]] = {}  # by guild: since when, by `time.monotonic`, and what
_reading = asyncio.Lock()


def with_event_streams(pages: App) -> App:
    """Serve the streams; all else is a page."""

    async def served(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        found = ADDRESS.fullmatch(scope["path"])
        guild_id = parse_id(found[1]) if found is not None and scope["method"] == "GET" else None
        if guild_id is None:
            await pages(scope, receive, send)
        else:
            await event_stream(guild_id, _client(scope), receive, send)

    return served


async def event_stream(guild_id: int, client: str, receive: Receive, send: Send) -> None:
    """Send a guild's games until the other side is gone, or they may not be shown any more."""
    if _open.total() >= STREAMS_MAX or _open[client] >= STREAMS_OF_ONE:
        return await _refuse(send, 503)
    _open[client] += 1
    try:
        await _stream(pages_of_this_loop(), guild_id, receive, send)
    finally:
        _open[client] -= 1
        if not _open[client]:
            del _open[client]


def _client(scope: dict[str, Any]) -> str:
    """Return the network that a stream is sent to, behind whatever proxies."""
    forwarded = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
    peer = scope["client"][0] if scope.get("client") else ""
    return network_of(client_address(peer, forwarded, parse_networks(settings.TRUSTED_PROXIES)))


async def _stream(pages: LivePages, guild_id: int, receive: Receive, send: Send) -> None:
    changed, closed = asyncio.Event(), list[int]()

    async def hear(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            closed.append(message["code"])
        changed.set()

    socket = Socket(OpenPage("", "embed", guild_id), hear)
    gone = asyncio.create_task(_wait_until_gone(receive))
    try:
        await pages.enter(socket)
        if socket.access is None:
            return await _refuse(send, 503 if CLOSE_TRY_AGAIN in closed else 404)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await _body(send, "retry: 5000\n\n")
        told = ""
        with contextlib.suppress(*DATABASE_AWAY):
            # The other side connects again, and begins anew.
            while not gone.done() and not closed:
                changed.clear()
                content = await _content(guild_id, is_first=not told)
                if content is None:
                    break
                if content != told:
                    await _body(send, f"event: games\ndata: {content}\n\n")
                    told = content
                await _wait(changed, gone, send)
        await send({"type": "http.response.body", "body": b""})
    finally:
        pages.leave(socket)
        gone.cancel()


async def _wait(changed: asyncio.Event, gone: "asyncio.Task[None]", send: Send) -> None:
    """Return a moment after something changed, or when the other side is gone."""
    change = asyncio.create_task(changed.wait())
    try:
        while not (await asyncio.wait([change, gone], timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED))[0]:
            await _body(send, ": still here\n\n")
    finally:
        change.cancel()
    await asyncio.wait([gone], timeout=GATHERED)


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _content(guild_id: int, is_first: bool) -> str | None:
    """Return what all streams of a guild tell now; None if nothing may be shown.

    What was read for one serves the others, which heard of the same change; not one that heard of none yet.
    """
    async with _reading:
        since, content = _shown.get(guild_id, (0.0, None))
        if is_first or content is None or time.monotonic() - since > GATHERED / 2:
            content = await run_in_db_thread(_read_content, guild_id)
            _shown[guild_id] = (time.monotonic(), content)
            if len(_shown) > STREAMS_MAX:
                del _shown[next(iter(_shown))]
        return content


def _read_content(guild_id: int) -> str | None:
    guild = embeddable_guild(guild_id)
    return json.dumps(embed_content(guild, db_now()), ensure_ascii=False) if guild is not None else None


async def _body(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b""})
