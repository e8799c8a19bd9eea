"""Live pages: a socket that only tells a page to refresh; the page then fetches what it may see by an ordinary GET."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from json import dumps
from typing import Any
from urllib.parse import parse_qs

import psycopg
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer

from games.models import Game
from games.pages.game_page import refresh_people_shown
from games.pages.live_access import (
    Access,
    GameChange,
    LoggedOut,
    NotFound,
    access_groups,
    access_to_page,
    load_access,
    load_changes,
)
from games.pages.watched_groups import STORED_ANEW, WatchedGroups
from gamesched.lib.clock import db_now
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.pg_notify import listen
from guilds.models import User
from guilds.sessions import ACCESS_CHANGED

log = logging.getLogger(__name__)

GAME_CHANGED = "game_changed"
ALL_PAGES_GROUP = "live"
ACCESS_CHECK_SECONDS = 30.0  # seconds; names are refreshed at the same time
CLOSE_LOGGED_OUT, CLOSE_NOT_FOUND, CLOSE_TRY_AGAIN = 4403, 4404, 1013

_listen_task: "asyncio.Task[None] | None" = None
_watched = WatchedGroups()


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """`/live/?game=42`, `?guild=7` or `?mine=1`. Closes with 4403 for users logged out, 4404 for unknown objects.

    It closes as soon as its session ends, and hears of no game that its person may not see.
    """

    def __init__(self) -> None:
        super().__init__()
        self.joined: set[str] = set()
        self.access: Access | None = None
        self.access_changed = asyncio.Event()
        self.access_task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        _ensure_listening()
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self._close(CLOSE_LOGGED_OUT)
            return
        session = self.scope.get("session")
        self.user_id, self.session_key = user.pk, None if session is None else session.session_key
        # Before the first look, so that what ends during it is heard of.
        await self._join(access_groups(self.user_id, self.session_key) | {ALL_PAGES_GROUP})
        try:
            if not await self._check_access():
                return
        except DATABASE_AWAY:
            await self._close(CLOSE_TRY_AGAIN)
            return
        assert self.access is not None
        if self.access.game_id is not None:
            # The page was rendered before this socket listened, so send it the current post version.
            await self._tell({"now": await run_in_db_thread(post_version_of, self.access.game_id)})
        self.access_task = asyncio.create_task(self._keep_checking())

    async def _check_access(self) -> bool:
        """Read what this socket may hear. Return False after closing it, if that is nothing."""
        params = {k: v[0] for k, v in parse_qs(self.scope["query_string"].decode("ascii", "replace")).items()}
        try:
            access = await run_in_db_thread(load_access, self.user_id, self.session_key, params)
        except LoggedOut:
            await self._close(CLOSE_LOGGED_OUT)
            return False
        except NotFound:
            await self._close(CLOSE_NOT_FOUND)
            return False
        own = access_groups(self.user_id, self.session_key) | {ALL_PAGES_GROUP}
        await self._leave(self.joined - own - access.groups)
        await self._join(access.groups - self.joined)
        before, self.access = self.access, access
        if before not in (None, access):
            await self._tell({"look": True})  # what the page shows may be less now, or more
        return True

    async def _keep_checking(self) -> None:
        try:
            while True:
                try:
                    async with asyncio.timeout(ACCESS_CHECK_SECONDS):
                        await self.access_changed.wait()
                except TimeoutError:
                    pass
                self.access_changed.clear()
                try:
                    if not await self._check_access():
                        return
                    if self.access is not None and self.access.game_id is not None:
                        await run_in_db_thread(refresh_people, self.access.game_id, self.access.user)
                except DATABASE_AWAY:
                    continue  # nothing changes meanwhile, and when it is back every socket is checked
        except Exception:
            log.exception("A live page stumbled")
            await self._close(CLOSE_TRY_AGAIN)

    async def disconnect(self, code: int) -> None:
        if self.access_task is not None:
            self.access_task.cancel()
        await self._leave(self.joined)

    async def websocket_receive(self, message: Any) -> None:
        """Ignore frames, text and binary: pages send none."""

    # --- from the listener -------------------------------------------------------------------------------

    async def send_page_update(self, event: dict[str, Any]) -> None:
        await self._tell(event["say"])

    async def send_guild_update(self, event: dict[str, Any]) -> None:
        """Tell the page that games of a guild changed, if one of them exists for its person."""
        changes: Iterable[GameChange] = event["changes"]
        if self.access is not None and any(map(self.access.may_know_of, changes)):
            # Without the game's id, which a page of a guild has no use for.
            await self._tell({"guild": event["guild"]})

    async def check_access(self, event: dict[str, Any]) -> None:
        self.access_changed.set()

    # --- the socket itself -------------------------------------------------------------------------------

    async def _tell(self, message: dict[str, Any]) -> None:
        await self.send(text_data=dumps(message))

    async def _close(self, code: int) -> None:
        self.access = None
        await self._leave(self.joined)  # the browser may take its time to close
        await self.close(code)

    async def _join(self, groups: Iterable[str]) -> None:
        new = set(groups) - self.joined
        for group in new:
            await self.channel_layer.group_add(group, self.channel_name)
        self.joined |= new
        await _watched.add(new)

    async def _leave(self, groups: Iterable[str]) -> None:
        for group in tuple(groups):
            await self.channel_layer.group_discard(group, self.channel_name)
            if group in self.joined:
                self.joined.discard(group)
                _watched.discard(group)


def groups_for(user: User, params: Mapping[str, str]) -> list[str]:
    """Return the groups for a page of this user; none for objects that do not exist for them."""
    try:
        return sorted(access_to_page(user, params).groups)
    except NotFound:
        return []


def post_version_of(game_id: int) -> int:
    return Game.objects.values_list("post_version", flat=True).get(pk=game_id)


def refresh_people(game_id: int, viewer: User) -> None:
    refresh_people_shown(Game.objects.get(pk=game_id), viewer, db_now())


def _ensure_listening() -> None:
    """Start the process's one listener with its first socket, and again if it ever died."""
    global _listen_task, _watched
    if _listen_task is None or _listen_task.done() or _listen_task.get_loop() is not asyncio.get_running_loop():
        _watched = WatchedGroups()
        _listen_task = asyncio.create_task(_listen())


async def _listen() -> None:
    layer = get_channel_layer()
    while True:
        try:
            async with listen(GAME_CHANGED, ACCESS_CHANGED) as conn:
                await _watched.store_anew()
                # Notifications from before this connection are lost, so every open page is checked, and refreshes.
                await layer.group_send(ALL_PAGES_GROUP, {"type": "check_access"})
                await layer.group_send(ALL_PAGES_GROUP, {"type": "send_page_update", "say": {"look": True}})
                while True:
                    # All that came at once, so that a crowd costs one query.
                    await _pass_on([note async for note in conn.notifies(timeout=STORED_ANEW, stop_after=1)])
                    await _watched.store_in_time()
        except DATABASE_AWAY as reason:
            log.warning("Live pages wait for the database: %s", str(reason).strip())
        except Exception:
            log.exception("Live pages stumbled")
        await asyncio.sleep(1.0)


async def _pass_on(notes: Iterable[psycopg.Notify]) -> None:
    layer = get_channel_layer()
    moved_from: dict[int, set[int]] = {}
    for note in notes:
        if note.channel == ACCESS_CHANGED:
            await layer.group_send(f"access.{note.payload}", {"type": "check_access"})
            continue
        game, _, post_version, *channels = note.payload.split()
        moved_from.setdefault(int(game), set()).update(map(int, channels))
        say = {"game": game, "revision": int(post_version)}
        await layer.group_send(f"game.{game}", {"type": "send_page_update", "say": say})
    if not moved_from:
        return
    by_guild: dict[int, list[GameChange]] = {}
    for change in await run_in_db_thread(load_changes, moved_from):
        by_guild.setdefault(change.guild_id, []).append(change)
    for guild_id, changes in by_guild.items():
        message = {"type": "send_guild_update", "guild": str(guild_id), "changes": changes}
        await layer.group_send(f"guild.{guild_id}", message)
