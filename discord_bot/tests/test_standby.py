"""Which of several bots answers: the one that has the lock. The others stand by, and know when to."""

import asyncio
from collections.abc import Callable, Coroutine
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from conftest import World
from discord_bot import sharding
from discord_bot.management.commands import runbot
from discord_bot.sharding import Shards
from gamesched.lib import pg_notify
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import terminate_backend
from guilds.shards import WHOLE
from notifications.daemon import lock

pytestmark = pytest.mark.slow


def holder() -> int | None:
    """Return the process id of the connection that has the lock."""
    with connection.cursor() as cursor:
        cursor.execute(lock.HOLDER, [lock.BOT_LOCK])
        row = cursor.fetchone()
    return row and int(row[0])


def waiters() -> int:
    with connection.cursor() as cursor:
        cursor.execute(lock.LOCAL_PROCESSES, [lock.BOT_LOCK, 60])
        return [granted for (granted,) in cursor.fetchall()].count(False)


def hold_lock(held: asyncio.Event) -> Coroutine[Any, Any, None]:
    return runbot.hold_lock(held, asyncio.Event(), Shards(1), WHOLE)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not await run_in_db_thread(condition):
            await asyncio.sleep(0.01)


def check() -> str:
    out = StringIO()
    call_command("runbot", "--check", stdout=out)
    return out.getvalue()


async def test_a_bot_that_lost_its_lock_to_a_standby_stands_down(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_held, second_held = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(hold_lock(first_held))
    await first_held.wait()
    second = asyncio.create_task(hold_lock(second_held))
    await until(waiters)
    pid = await run_in_db_thread(holder)
    with monkeypatch.context() as patch:
        # As if the first ran elsewhere: the tests have one address.
        patch.setattr(lock, "LOCAL_PROCESSES", f"{lock.LOCAL_PROCESSES} AND pid <> {pid}")
        assert await run_in_db_thread(check) == "Standing by: another bot answers.\n"
    assert pid is not None
    await run_in_db_thread(terminate_backend, pid)
    with pytest.raises(runbot.AnotherBotAnswers):
        await first
    await second_held.wait()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


async def test_after_an_outage_of_the_database_the_connected_bot_goes_on(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbot, "HEAD_START", 1.2)  # longer than the first's wait between attempts
    real, is_away = pg_notify.connect, False
    pids: list[int] = []

    async def connect() -> Any:
        if is_away:
            raise psycopg.OperationalError("away")
        conn = await real()
        pids.append(conn.info.backend_pid)
        return conn

    monkeypatch.setattr(runbot, "connect", connect)
    held = [asyncio.Event(), asyncio.Event()]
    first = asyncio.create_task(hold_lock(held[0]))
    await held[0].wait()
    second = asyncio.create_task(hold_lock(held[1]))
    await until(waiters)
    is_away = True
    for pid in reversed(pids):  # or the second would have the lock for a moment
        await run_in_db_thread(terminate_backend, pid)
    await until(lambda: holder() is None and not waiters())
    is_away = False
    await until(waiters)
    assert (first.done(), held[1].is_set()) == (False, False)
    for task in (first, second):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)


async def test_a_bot_that_is_stopped_gives_the_lock_away_before_its_last_replies(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    class Bot:
        def __init__(self, *args: object) -> None:
            pass

        async def start(self, token: str) -> None:
            steps.append("reads")
            stopping.set()
            try:
                await asyncio.Event().wait()
            finally:
                steps.append("reads no more")

        async def close(self) -> None:
            assert steps == ["reads", "reads no more"]
            await until(lambda: holder() is None)
            steps.append("replied")

    stopping = asyncio.Event()
    monkeypatch.setattr(sharding, "Bot", Bot)
    await runbot.serve(Shards(1), stopping)
    assert steps[-1] == "replied"
