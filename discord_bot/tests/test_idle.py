"""What the programs ask the database while nothing is to do: at most four statements a minute each, and heartbeats."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Success
from django_q.monitor import save_task
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from conftest import World
from discord_bot import bot as bot_module
from discord_bot.management.commands import runbot
from discord_bot.sharding import Shards
from games.models import Announcement
from gamesched.lib import pg_notify, task_queue
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import terminate_backend
from gamesched.lib.task_queue import TaskQueue
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import PATIENCE, eventually
from guilds.shards import WHOLE
from notifications import policy, probe
from notifications.daemon import lock, loop
from notifications.heartbeat import BOT_NAME
from notifications.models import Heartbeat, Notification

AN_HOUR, AT_MOST = 3600, 240


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of all threads on Django's connections from now on, without BEGIN and the like."""
    made: list[str] = []
    real = CursorWrapper._execute  # type: ignore[attr-defined]

    def execute(self: CursorWrapper, sql: Any, *args: Any) -> Any:
        if not str(sql).startswith(("SAVEPOINT", "RELEASE")):
            made.append(str(sql))
        return real(self, sql, *args)

    monkeypatch.setattr(CursorWrapper, "_execute", execute)
    return made


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not check():
            await asyncio.sleep(0.01)


async def test_notifyd_makes_one_statement_for_each_canary(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    assert AN_HOUR / loop.CANARY_EVERY <= AT_MOST
    assert loop.CANARY_EVERY + loop.CANARY_WITHIN <= 30, "docs/reliability.md promises it"
    assert loop.CANARY_EVERY <= policy.MAX_SLEEP
    monkeypatch.setattr(loop, "CANARY_EVERY", 0.05)
    heard = 0
    daemon = loop.Notifyd(UnsentBackend(), asyncio.Event())
    real = daemon.canary_received.set

    def hear() -> None:
        nonlocal heard
        heard += 1
        real()

    monkeypatch.setattr(daemon.canary_received, "set", hear)
    running = asyncio.create_task(daemon.run())
    await until(lambda: heard >= 3)
    made_before, heard_before = len(statements), heard
    await until(lambda: heard >= heard_before + 20)
    # One turn may be under way at either end.
    assert len(statements) - made_before <= heard - heard_before + 2
    assert not [sql for sql in statements[made_before:] if "pg_notify" not in sql]
    daemon.stopping.set()
    await running


class UnsentBackend:
    """A backend that has nothing to send."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: object) -> Any:
        raise AssertionError(message)

    async def newest_own_message_id(self, channel_ids: object) -> int | None:
        return None

    async def is_in_guild(self, guild_id: int) -> bool:
        return True

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        return True


async def test_the_bot_makes_one_statement_for_each_heartbeat(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    lock_tests = AN_HOUR / runbot.TEST_EVERY
    assert AN_HOUR / probe.HEARTBEAT_EVERY + lock_tests <= AT_MOST * 0.75
    monkeypatch.setattr(probe, "HEARTBEAT_EVERY", 0.01)
    bot = bot_module.Bot()
    beating = bot._start(bot._send_heartbeats())
    await until(lambda: len(statements) >= 20)
    assert {" ".join(sql.split()[:3]) for sql in statements} == {'INSERT INTO "notifications_heartbeat"'}
    beat = await run_in_db_thread(lambda: Heartbeat.objects.get(name=BOT_NAME))
    assert beat.last_event_at is not None
    assert timedelta() <= beat.at - beat.last_event_at < timedelta(seconds=PATIENCE)
    await bot.close()
    await asyncio.wait([beating], timeout=PATIENCE)


class FreezingConnection:
    """A connection that says nothing any more once it is frozen, and does not end."""

    def __init__(self, real: psycopg.AsyncConnection[Any]) -> None:
        self._real, self.is_frozen = real, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def execute(self, *args: Any) -> Any:
        if self.is_frozen:
            await asyncio.Event().wait()
        return await self._real.execute(*args)


async def test_the_bots_lock_asks_once_a_minute_and_ends_a_frozen_connection(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbot, "TEST_EVERY", 0.05)
    monkeypatch.setattr(runbot, "REPLY_WITHIN", 0.5)
    connections: list[FreezingConnection] = []
    real = pg_notify.connect

    async def connect() -> FreezingConnection:
        connections.append(FreezingConnection(await real()))
        return connections[-1]

    def backends() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(lock.HOLDER, [lock.BOT_LOCK])  # in this database: other workers' bots have locks too
            return [pid for (pid,) in cursor.fetchall()]

    monkeypatch.setattr(runbot, "connect", connect)
    held = asyncio.Event()
    holding = asyncio.create_task(runbot.hold_lock(held, asyncio.Event(), Shards(1), WHOLE))
    await held.wait()
    first = connections[0].info.backend_pid
    assert await run_in_db_thread(backends) == [first]
    connections[0].is_frozen = True
    await until(lambda: len(connections) == 2)
    second = connections[1].info.backend_pid
    while await run_in_db_thread(backends) != [second]:
        await asyncio.sleep(0.01)
    # One that ends is noticed without being asked.
    monkeypatch.setattr(runbot, "TEST_EVERY", AN_HOUR)
    await asyncio.sleep(0.1)
    await run_in_db_thread(terminate_backend, second)
    await until(lambda: len(connections) == 3)
    holding.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await holding


# --- the worker ---------------------------------------------------------------------------------------------


def run_due_tasks(queue: TaskQueue) -> None:
    """Do what the worker's processes do once a task is due: its scheduler, pusher, worker and monitor."""
    scheduler(broker=queue)
    taken = queue.dequeue()
    while taken:
        for key, package in taken:
            task = SignedPackage.loads(package)
            result = import_string(task["func"])(*task["args"], **task["kwargs"])
            task |= {"result": result, "success": True, "stopped": timezone.now(), "ack_id": key}
            save_task(task, queue)
            queue.acknowledge(key)
        taken = queue.dequeue()


def test_the_worker_stays_within_its_statements_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    world.create_game()
    Announcement.objects.update(message_id=1, shown_version=1, checked_at=world.now)
    Notification.objects.filter(kind="announcement").delete()
    monkeypatch.setattr(TaskQueue, "_wait", lambda self: True)
    # They would close the connection, and with it the test's transaction.
    for module in ("scheduler", "monitor"):
        monkeypatch.setattr(f"django_q.{module}.close_old_django_connections", lambda: None)
    monkeypatch.setattr(task_queue, "close_old_connections", lambda: None)
    queue = TaskQueue(Conf.CLUSTER_NAME)
    Schedule.objects.update(next_run=timezone.now() + timedelta(hours=1))
    ContentType.objects.clear_cache()
    statements.clear()
    scheduler(broker=queue)
    each_look = len(statements)
    an_hour = each_look * AN_HOUR / Conf.GUARD_CYCLE + AN_HOUR / task_queue.LOOK_EVERY  # and its heartbeats
    counts: dict[str, int] = {}
    for schedule in Schedule.objects.all():
        Schedule.objects.filter(pk=schedule.pk).update(next_run=timezone.now() - timedelta(minutes=1))
        statements.clear()
        run_due_tasks(queue)
        counts[schedule.name] = len(statements)
        assert Success.objects.filter(group=schedule.name).count() == 1
        assert OrmQ.objects.count() == 0
        an_hour += (counts[schedule.name] - each_look) * 60 / schedule.minutes
    assert each_look == 1
    assert an_hour <= AT_MOST, counts


def test_the_queue_waits_for_a_task_without_a_statement(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    assert task_queue.WAIT + Conf.POLL <= 1.0, "stopping waits as long"
    monkeypatch.setattr(task_queue, "WAIT", 0.01)
    queue = TaskQueue(Conf.CLUSTER_NAME)
    try:
        assert [queue.dequeue() for _ in range(20)] == [[], *[None] * 19]
        assert len(statements) == 1
        monkeypatch.setattr(task_queue, "WAIT", PATIENCE)
        async_task("math.sqrt", 4)
        [(key, _)] = queue.dequeue() or []
        assert queue.dequeue() == [], "taken, and not by another worker"
        queue.acknowledge(key)
        assert OrmQ.objects.count() == 0
        # What was added while nobody listened is found at once after the connection is made anew.
        assert queue._listener is not None
        terminate_backend(queue._listener.info.backend_pid)
        monkeypatch.setattr(task_queue, "RECONNECT_AFTER", 0.0)
        async_task("math.sqrt", 9)
        eventually(queue.dequeue)
    finally:
        if queue._listener is not None:
            queue._listener.close()


@pytest.mark.processes
def test_a_worker_takes_a_task_at_once_and_stops_at_once(transactional_db: None) -> None:
    Schedule.objects.all().delete()
    with Stack("worker") as stack:
        for number in range(3):
            async_task("math.sqrt", number)
            eventually(lambda: Success.objects.count() == number + 1)  # noqa: B023
        stack.stop("worker")
