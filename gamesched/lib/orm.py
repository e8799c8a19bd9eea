"""Runs ORM work for async code, in threads."""

import asyncio
import select
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils import translation

P = ParamSpec("P")
T = TypeVar("T")

# What is raised while the database is away, by the ORM and by connections of our own.
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)

# Its own threads: with asgiref's single "thread-sensitive" one, a click that waits for a lock blocks all others.
# No more than two: they and the event loop share one interpreter, and with eight the loop got a ninth of it, so
# that of 200 people clicking at once on 20 games 164 got no answer at all.
THREADS = 2
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="db")
# Seconds, a running average. At start a guess for a slow machine: with one for a fast one, the first of a crowd wait.
_task_seconds = 0.25

# While a crowd waits for the event loop, no new work starts: it would take the interpreter from the loop. A few do not
# count: over a slow network some are always under way.
CROWD = 10
LONGEST_HOLD = 2.0  # seconds from the moment they were a crowd; then work starts all the same
_urgent_tasks = 0
_held_until = 0.0
_may_start = threading.Event()
_may_start.set()


def _with_live_connections(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    global _task_seconds
    _may_start.wait(max(0.0, _held_until - time.monotonic()))
    started = time.monotonic()
    # A long-lived process never gets the request signals on which Django drops dead connections: without
    # this, every click after a database restart fails.
    close_old_connections()
    _close_ended_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()
        _task_seconds += (time.monotonic() - started - _task_seconds) / 10


def _close_ended_connections() -> None:
    """Close this thread's connections that the server ended, without asking the server.

    Django would send a `SELECT 1` before each piece of work. Nothing comes on an idle connection but its end; a change
    of the server's configuration does too, and costs a new connection.
    """
    for conn in connections.all(initialized_only=True):
        if conn.connection is None or conn.in_atomic_block:
            continue
        poll = select.poll()
        poll.register(conn.connection.fileno(), select.POLLIN)
        if poll.poll(0):
            conn.close()
        conn.health_check_done = True  # type: ignore[attr-defined]  # its stubs lack it


@contextmanager
def before_new_work() -> Iterator[None]:
    """Mark what the event loop has to do by a deadline; a crowd of it comes before new work in the threads.

    For the event loop's thread only.
    """
    global _urgent_tasks, _held_until
    _urgent_tasks += 1
    if _urgent_tasks == CROWD:
        _held_until = time.monotonic() + LONGEST_HOLD
        _may_start.clear()
    try:
        yield
    finally:
        _urgent_tasks -= 1
        if _urgent_tasks < CROWD:
            _may_start.set()


def expected_seconds(tasks: int) -> float:
    """Estimate the seconds that so many tasks will take, from how long recent ones took."""
    return tasks * _task_seconds / THREADS


async def run_in_db_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous ORM work in a database thread, in the caller's language, and return its result.

    Call it once per event, with all work in one function: a transaction cannot span two calls.
    """
    loop, language = asyncio.get_running_loop(), translation.get_language() or settings.LANGUAGE_CODE

    def spoken() -> T:
        with translation.override(language):
            return work(*args, **kwargs)

    return await loop.run_in_executor(_threads, lambda: _with_live_connections(spoken))
