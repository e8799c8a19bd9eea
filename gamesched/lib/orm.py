"""Runs ORM work for async code, in threads."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Its own threads: with asgiref's single "thread-sensitive" one, a click that waits for a lock blocks all others.
# No more than two: they and the event loop share one interpreter, and with eight the loop got a ninth of it, so
# that of 200 people clicking at once on 20 games 164 got no answer at all.
THREADS = 2
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="db")
# Seconds, a running average. At start a guess for a slow machine: with one for a fast one, the first of a crowd wait.
_task_seconds = 0.25


def _with_live_connections(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    global _task_seconds
    started = time.monotonic()
    # A long-lived process never gets the request signals on which Django drops dead connections: without
    # this, every click after a database restart fails.
    close_old_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()
        _task_seconds += (time.monotonic() - started - _task_seconds) / 10


def expected_seconds(tasks: int) -> float:
    """Estimate the seconds that so many tasks will take, from how long recent ones took."""
    return tasks * _task_seconds / THREADS


async def run_in_db_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous ORM work in a database thread and return its result.

    Call it once per event, with all work in one function: a transaction cannot span two calls.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, lambda: _with_live_connections(work, *args, **kwargs))
