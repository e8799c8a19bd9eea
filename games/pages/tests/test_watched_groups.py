"""Only games that an open page shows notify, and a page that opens while somebody writes misses nothing."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from conftest import NotifyListener, World
from games.models import Game, WatchedGroup
from games.pages.tests.test_live import open_socket, session_of
from games.pages.watched_groups import STORED_FOR, WatchedGroups
from gamesched.lib.clock import db_now
from gamesched.lib.orm import run_in_db_thread
from gamesched.testing.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_game_that_nobody_looks_at_notifies_nobody(committed_world: World, pg_notifications: NotifyListener) -> None:
    world = committed_world
    game, other = world.create_game(), world.create_game()

    def is_notified_of(watched: str, lasts: timedelta = STORED_FOR) -> bool:
        WatchedGroup.objects.all().delete()
        WatchedGroup.objects.create(name=watched, until=db_now() + lasts)
        pg_notifications.received()
        Game.objects.filter(pk=game.pk).update(title=watched)
        return "game_changed" in pg_notifications.received()

    assert is_notified_of(f"game.{game.pk}")
    assert is_notified_of(f"guild.{world.guild.pk}")
    assert not is_notified_of(f"game.{other.pk}")
    assert not is_notified_of("guild.7")
    assert not is_notified_of(f"game.{game.pk}", -STORED_FOR), "its process ended"


async def test_groups_are_stored_with_the_first_socket_and_not_after_the_last(committed_world: World) -> None:
    def names() -> set[str]:
        return set(WatchedGroup.objects.filter(until__gt=db_now()).values_list("name", flat=True))

    async def look(group: str) -> None:
        pass

    watched = WatchedGroups(look)
    await asyncio.gather(*(watched.add(["game.1", f"game.{number}", "access.user.7"]) for number in range(1, 30)))
    assert await run_in_db_thread(names) == {f"game.{number}" for number in range(1, 30)}
    for group in ("game.1", "game.2", "access.user.7"):
        watched.discard(group)
    await run_in_db_thread(WatchedGroup.objects.all().delete)
    await watched.add(["game.3"])
    assert await run_in_db_thread(names) == set(), "it is stored for a while"
    await watched.store_in_time()
    assert await run_in_db_thread(names) == {"game.1"} | {f"game.{number}" for number in range(3, 30)}


async def test_a_change_under_way_when_a_page_opens_is_told(committed_world: World) -> None:
    world = committed_world
    game = await run_in_db_thread(world.create_game)
    cookie, name = await session_of(world.charlie), str(connection.settings_dict["NAME"])
    async with await psycopg.AsyncConnection.connect(make_conninfo(settings.DATABASE_URL, dbname=name)) as writer:
        await writer.execute("UPDATE games_game SET title = 'Renamed', post_version = 7 WHERE id = %s", [game.pk])
        socket = await open_socket(cookie, f"game={game.pk}")
        first = [await socket.receive_json_from(timeout=PATIENCE) for _ in range(2)]
        assert {"now": 1} in first
        assert {"look": True} in first, "from the listener, which begins with the first page"
        assert await socket.receive_nothing(timeout=0.3)
        await writer.commit()
        assert await socket.receive_json_from(timeout=PATIENCE) == {"look": True}
    await socket.disconnect()
