"""Live pages: a socket that only tells a page to refresh; the page then fetches what it may see by an ordinary GET.

Each process listens to PostgreSQL with one connection and tells its sockets itself. While nothing happens it asks two
things: once a minute which of their sessions ended, in one statement, and ever more rarely who is called otherwise.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from json import dumps
from typing import Any

import psycopg
from django.conf import settings

from games.pages.live_access import (
    Access,
    Closed,
    GameChange,
    OpenPage,
    access_groups,
    ended_sessions,
    load_access,
    load_changes,
)
from games.pages.shown_people import PeopleSchedule, refresh_people_of
from games.pages.watched_groups import STORED_ANEW, WatchedGroups
from gamesched.lib.clock import db_now
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.outage import DATABASE
from gamesched.lib.pg_notify import listen
from guilds.sessions import ACCESS_CHANGED

log = logging.getLogger(__name__)

GAME_CHANGED = "game_changed"
ACCESS_CHECK_SECONDS = 60.0  # between two looks whether sessions expired, of which nothing tells
PEOPLE_CHECK_SECONDS = 30.0  # between two looks whether people are to be looked up, without a query
CHECKED_AT_ONCE = 50  # pages
CLOSE_TRY_AGAIN = 1013

Send = Callable[[dict[str, Any]], Awaitable[None]]

_live_pages: "LivePages | None" = None


async def live_socket(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Send) -> None:
    """Serve `/live/?game=42`, `?guild=7` or `?mine=1`; frames that come are ignored, for pages send none.

    It closes with 4403 for users logged out, as soon as its session ends, and with 4404 for unknown objects. It hears
    of no game that its person may not see.
    """
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
    socket = Socket(OpenPage.of_query(session_key, scope["query_string"].decode("ascii", "replace")), send)
    pages = pages_of_this_loop()
    try:
        await pages.enter(socket)
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        pages.leave(socket)


def pages_of_this_loop() -> "LivePages":
    """Return the process's open pages, which begin to listen with its first socket."""
    global _live_pages
    if _live_pages is None or _live_pages.loop is not asyncio.get_running_loop():
        _live_pages = LivePages()
    return _live_pages


class Socket:
    """An open page, what it may hear, and the way to it; there are thousands, so it holds little."""

    __slots__ = ("access", "groups", "page", "send")

    def __init__(self, page: OpenPage, send: Send) -> None:
        self.page = page
        self.send = send
        self.access: Access | None = None  # None: nothing, as before it is read and once it closes
        self.groups: frozenset[str] = frozenset()

    async def tell(self, message: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": dumps(message)})

    async def close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": int(code)})

    async def _send(self, event: dict[str, Any]) -> None:
        try:
            await self.send(event)
        except Exception:
            log.exception("A live page could not be told")  # and the others are


class LivePages:
    """The open pages of this process, by the groups in which they hear of changes."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._sockets: set[Socket] = set()
        self._by_group: dict[str, set[Socket]] = {}
        self._notes = 0  # how many notifications came
        self._unchecked: set[Socket] = set()
        self._checking = asyncio.Lock()
        self._people = PeopleSchedule()
        self._watched = WatchedGroups(self._look)
        self._tasks: set[asyncio.Task[None]] = set()
        self._start(self._listen())
        self._start(self._keep(self._close_ended, lambda: ACCESS_CHECK_SECONDS))
        self._start(self._keep(self._refresh_people, lambda: PEOPLE_CHECK_SECONDS))

    async def enter(self, socket: Socket) -> None:
        """Read what a page may hear, and let it hear that; close it if that is nothing."""
        seen = self._notes
        self._sockets.add(socket)
        try:
            stored = await self._apply(socket, (await run_in_db_thread(load_access, [socket.page]))[socket.page])
            missed = self._notes != seen  # before it was in any group
            if stored and socket.access is not None:
                await self._apply(socket, (await run_in_db_thread(load_access, [socket.page]))[socket.page])
        except DATABASE_AWAY:
            await self._close(socket, CLOSE_TRY_AGAIN)
            return
        if socket.access is None:
            return
        if socket.page.kind == "game":
            self._people.expect(socket.page.id, self.loop.time())
            # The page was rendered before this socket listened, so send it the current post version.
            await socket.tell({"now": socket.access.post_version})
        if missed:
            await socket.tell({"look": True})
            await self._check({socket})

    def leave(self, socket: Socket) -> None:
        """Let a page hear nothing any more."""
        self._sockets.discard(socket)
        socket.access = None
        self._move(socket, frozenset())

    def _move(self, socket: Socket, groups: frozenset[str]) -> None:
        for group in socket.groups - groups:
            others = self._by_group[group]
            others.discard(socket)
            if not others:
                del self._by_group[group]
            self._watched.discard(group)
        for group in groups - socket.groups:
            self._by_group.setdefault(group, set()).add(socket)
        socket.groups = groups

    def _in_group(self, group: str) -> tuple[Socket, ...]:
        return tuple(self._by_group.get(group, ()))

    # --- what pages may hear ------------------------------------------------------------------------------

    async def _check(self, sockets: Iterable[Socket]) -> None:
        """Read again what pages may hear; what is asked for meanwhile is read together, after it."""
        self._unchecked |= {*sockets}
        async with self._checking:  # so that no older answer comes after a newer one
            while self._unchecked:
                taken, self._unchecked = self._unchecked, set()
                try:
                    waiting = [*taken]
                    for some in (waiting[at : at + CHECKED_AT_ONCE] for at in range(0, len(waiting), CHECKED_AT_ONCE)):
                        found = await run_in_db_thread(load_access, {one.page for one in some})
                        for one in some:
                            await self._apply(one, found[one.page])
                except DATABASE_AWAY:
                    self._unchecked |= taken
                    await asyncio.sleep(1.0)
                except Exception:
                    log.exception("Live pages stumbled")
                    for one in taken & self._sockets:
                        await self._close(one, CLOSE_TRY_AGAIN)

    async def _apply(self, socket: Socket, access: Access | Closed) -> bool:
        """Let a page hear this; return whether triggers told nobody of it before."""
        if socket not in self._sockets:
            return False  # it closed meanwhile
        if isinstance(access, Closed):
            await self._close(socket, access)
            return False
        groups = frozenset(access_groups(socket.page, access))
        added = groups - socket.groups
        stored = await self._watched.add(added)
        here = socket in self._sockets
        for group in added - (groups - socket.groups if here else frozenset()):
            self._watched.discard(group)
        if not here:
            return False
        before, socket.access = socket.access, access
        self._move(socket, groups)
        if before not in (None, access):
            await socket.tell({"look": True})  # what the page shows may be less now, or more
        return stored

    async def _close(self, socket: Socket, code: int) -> None:
        self.leave(socket)  # at once: the browser may take its time to close
        await socket.close(code)

    # --- by the clock -------------------------------------------------------------------------------------

    async def _keep(self, work: Callable[[], Awaitable[None]], seconds: Callable[[], float]) -> None:
        while True:
            await asyncio.sleep(seconds())
            try:
                await work()
            except DATABASE_AWAY:
                continue
            except Exception:
                log.exception("Live pages stumbled")

    async def _close_ended(self) -> None:
        of_people = [one for one in self._sockets if not one.page.is_of_strangers]
        keys = {socket.page.session_key for socket in of_people}
        ended = await run_in_db_thread(ended_sessions, keys) if keys else set[str]()
        for socket in [one for one in of_people if one.page.session_key in ended]:
            await self._close(socket, Closed.LOGGED_OUT)

    async def _refresh_people(self) -> None:
        viewers: dict[int, set[tuple[int, int]]] = {}
        for socket in self._sockets:
            if socket.page.kind == "game" and socket.access is not None:
                viewers.setdefault(socket.page.id, set()).add((socket.access.guild_id, socket.access.user_id))
        due = {pk: viewers[pk] for pk in self._people.take_due(viewers, self.loop.time())}
        if due:
            await run_in_db_thread(lambda: refresh_people_of(due, db_now()))

    # --- from PostgreSQL ----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                async with listen(GAME_CHANGED, ACCESS_CHANGED) as conn:
                    DATABASE.end()
                    # Notifications from before this connection are lost, so every page is checked, and refreshes.
                    await self._watched.store_anew()
                    self._notes += 1
                    self._start(self._check(self._sockets))
                    await self._tell([one for one in self._sockets if one.access is not None], {"look": True})
                    while True:
                        # All that came at once, so that a crowd costs one query.
                        await self._pass_on([note async for note in conn.notifies(timeout=STORED_ANEW, stop_after=1)])
                        await self._watched.store_in_time()
            except DATABASE_AWAY as reason:
                DATABASE.begin(reason)
            except Exception:
                log.exception("Live pages stumbled")
            await asyncio.sleep(1.0)

    async def _pass_on(self, notes: Iterable[psycopg.Notify]) -> None:
        unchecked: set[Socket] = set()
        versions: dict[int, int] = {}
        moved: set[int] = set()
        moved_from: dict[int, set[int]] = {}  # of games in guilds whose pages are open
        for note in notes:
            self._notes += 1
            if note.channel == ACCESS_CHANGED:
                unchecked.update(self._in_group(f"access.{note.payload}"))
                continue
            game_id, guild_id, post_version, *channels = map(int, note.payload.split())
            versions[game_id] = max(post_version, versions.get(game_id, 0))
            if f"guild.{guild_id}" in self._by_group:
                moved_from.setdefault(game_id, set()).update(channels)
            moved.update({game_id} if channels else ())
        if unchecked:
            self._start(self._check(unchecked))
        for game_id, post_version in versions.items():
            sockets = self._in_group(f"game.{game_id}")
            if sockets:
                self._people.expect(game_id, self.loop.time())
            # Of these a right may end with the change; of others `access_changed` tells.
            doubtful = {one for one in sockets if game_id in moved or (one.access and not one.access.announced)}
            message = {"game": str(game_id), "revision": post_version}
            await self._tell({*sockets} - doubtful, message)
            if doubtful:
                self._start(self._check_and_tell(doubtful, message))
        if moved_from:
            await self._tell_guilds(await run_in_db_thread(load_changes, moved_from))

    async def _check_and_tell(self, sockets: set[Socket], message: dict[str, Any]) -> None:
        await self._check(sockets)
        await self._tell(sockets & self._sockets, message)

    async def _look(self, group: str) -> None:
        await self._tell(self._in_group(group), {"look": True})

    async def _tell(self, sockets: Iterable[Socket], message: dict[str, Any]) -> None:
        for socket in sockets:
            await socket.tell(message)

    async def _tell_guilds(self, changes: Iterable[GameChange]) -> None:
        """Tell the pages of guilds that games changed, if one of these exists for their person."""
        by_guild: dict[int, list[GameChange]] = {}
        for change in changes:
            by_guild.setdefault(change.guild_id, []).append(change)
        for guild_id, changed in by_guild.items():
            for socket in self._in_group(f"guild.{guild_id}"):
                if socket.access is not None and any(map(socket.access.may_know_of, changed)):
                    # Without the game's id, which a page of a guild has no use for.
                    await socket.tell({"guild": str(guild_id)})

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
