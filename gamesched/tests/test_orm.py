"""Work in the database threads, and what comes before it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from gamesched.lib import orm


def start(name: str, started: list[str]) -> threading.Thread:
    """Run one piece of work in a thread of its own, as the database threads do."""
    thread = threading.Thread(target=orm._with_live_connections, args=(started.append, name))
    thread.start()
    return thread


def test_new_work_waits_while_a_crowd_is_urgent() -> None:
    started: list[str] = []
    with ExitStack() as crowd:
        for _ in range(orm.CROWD):
            crowd.enter_context(orm.before_new_work())
        thread = start("work", started)
        time.sleep(0.1)
        assert started == []
    thread.join()
    assert started == ["work"]


def test_a_few_urgent_tasks_delay_nothing() -> None:
    started: list[str] = []
    with orm.before_new_work(), orm.before_new_work():
        start("work", started).join()
    assert started == ["work"]


def test_a_crowd_that_never_ends_delays_work_for_a_while_only() -> None:
    started: list[str] = []
    with ExitStack() as crowd:
        for _ in range(orm.CROWD):
            crowd.enter_context(orm.before_new_work())
        orm._held_until = time.monotonic() + 0.05
        start("work", started).join()
        assert started == ["work"]


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


async def test_a_kept_connection_is_used_without_a_question_and_replaced_when_it_ended(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 300)
    monkeypatch.setattr(orm, "_threads", ThreadPoolExecutor(1))
    monkeypatch.setattr(DatabaseWrapper, "is_usable", lambda self: pytest.fail("it was asked"))
    first = await orm.run_in_db_thread(backend_pid)
    assert await orm.run_in_db_thread(backend_pid) == first
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [first])
    assert await orm.run_in_db_thread(backend_pid) != first
    await orm.run_in_db_thread(lambda: connection.close())
