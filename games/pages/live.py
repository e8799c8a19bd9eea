"""Live pages: a socket that only tells a page to refresh; the page then fetches what it may see by an ordinary GET."""

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qs

import psycopg
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import OperationalError

from games.core.permissions import find_visible_game
from games.models import Game
from games.pages.game_page import refresh_people_shown
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import listen
from guilds.models import Guild, User

log = logging.getLogger(__name__)

GAME_CHANGED = "game_changed"
ALL_PAGES_GROUP = "live"
ACCESS_CHECK_SECONDS = 30.0  # seconds; names are refreshed at the same time
CLOSE_LOGGED_OUT, CLOSE_NOT_FOUND = 4403, 4404

_listen_task: "asyncio.Task[None] | None" = None


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """`/live/?game=42`, `?guild=7` or `?mine=1`. Closes with 4403 for users logged out, 4404 for unknown objects."""

    async def connect(self) -> None:
        _ensure_listening()
        await self.accept()
        groups = await self._allowed_groups()
        if groups is None:
            return
        for group in [*groups, ALL_PAGES_GROUP]:
            await self.channel_layer.group_add(group, self.channel_name)
        self.group_names = [*groups, ALL_PAGES_GROUP]
        if groups[0].startswith("game."):
            # The page was rendered before this socket listened, so send it the current post version.
            await self.send_json({"now": await run_in_db_thread(post_version_of, int(groups[0].removeprefix("game.")))})
        self.access_task = asyncio.create_task(self._check_access())

    async def _allowed_groups(self) -> list[str] | None:
        """Return the user's groups, or None after closing the socket of a user who may join none."""
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(CLOSE_LOGGED_OUT)
            return None
        params = {k: v[0] for k, v in parse_qs(self.scope["query_string"].decode("ascii", "replace")).items()}
        groups = await run_in_db_thread(groups_for, user, params)
        if not groups:
            await self.close(CLOSE_NOT_FOUND)
            return None
        return groups

    async def _check_access(self) -> None:
        while True:
            await asyncio.sleep(ACCESS_CHECK_SECONDS)
            groups = await self._allowed_groups()
            if groups is None:
                return
            if groups[0].startswith("game."):
                await run_in_db_thread(refresh_people, int(groups[0].removeprefix("game.")), self.scope["user"])

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "access_task"):
            self.access_task.cancel()
        for group in getattr(self, "group_names", []):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Ignore messages: pages send none."""

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        return text_data

    async def send_page_update(self, event: dict[str, Any]) -> None:
        await self.send_json(event["say"])


def groups_for(user: User, params: dict[str, str]) -> list[str]:
    """Return the groups for a page of this user; none for objects that do not exist for them."""
    if "game" in params:
        game_id = parse_id(params["game"])
        visible = game_id and find_visible_game(user, game_id) is not None
        return [f"game.{game_id}"] if visible else []
    guilds = Guild.objects.visible_to(user)
    if "guild" in params:
        guild_id = parse_id(params["guild"])
        return [f"guild.{guild_id}"] if guild_id and guilds.filter(pk=guild_id).exists() else []
    if "mine" in params:
        return [f"user.{user.pk}", *(f"guild.{pk}" for pk in guilds.values_list("pk", flat=True))]
    return []


def post_version_of(game_id: int) -> int:
    return Game.objects.values_list("post_version", flat=True).get(pk=game_id)


def refresh_people(game_id: int, viewer: User) -> None:
    refresh_people_shown(Game.objects.get(pk=game_id), viewer, db_now())


def _ensure_listening() -> None:
    """Start the process's one listener with its first socket, and again if it ever died."""
    global _listen_task
    if _listen_task is None or _listen_task.done() or _listen_task.get_loop() is not asyncio.get_running_loop():
        _listen_task = asyncio.create_task(_listen())


async def _listen() -> None:
    layer = get_channel_layer()
    while True:
        try:
            async with listen(GAME_CHANGED) as conn:
                # Notifications from before this connection are lost, so every open page refreshes once.
                await layer.group_send(ALL_PAGES_GROUP, {"type": "send_page_update", "say": {"look": True}})
                async for note in conn.notifies():
                    game, guild, post_version = note.payload.split()
                    # The guild's members are not sent the game's id: players may not see that game yet.
                    for group, say in (
                        (f"game.{game}", {"game": game, "revision": int(post_version)}),
                        (f"guild.{guild}", {"guild": guild}),
                    ):
                        await layer.group_send(group, {"type": "send_page_update", "say": say})
        except (psycopg.OperationalError, OperationalError) as reason:
            log.warning("Live pages wait for the database: %s", str(reason).strip())
        except Exception:
            log.exception("Live pages stumbled")
        await asyncio.sleep(1.0)
