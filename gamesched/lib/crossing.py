"""The one crossing from async code to the ORM."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Its own threads: with asgiref's single "thread-sensitive" one, a click that waits for a lock holds up all others.
_threads = ThreadPoolExecutor(8, thread_name_prefix="db")


def _unit(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    # A long-lived process never gets the request signals on which Django drops dead connections: without
    # this, every click after a database restart fails.
    close_old_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()


async def in_db(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous ORM work in a thread of its own and return what it returns.

    Cross once per event, with all of its work in one function: transactions cannot span two crossings.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, lambda: _unit(work, *args, **kwargs))
