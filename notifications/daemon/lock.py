"""The advisory lock of the one notifyd that sends, and when it gives the lock up."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from django.db import connection
from psycopg import AsyncConnection

from gamesched.lib.clock import db_now
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import terminate_backend
from notifications import heartbeat
from notifications.models import Heartbeat

log = logging.getLogger(__name__)

SENDER_LOCK = 0x6E6F7469  # "noti": the advisory lock of the one notifyd that sends
LOCK_WAIT, LOCK_REPLY_WAIT = 10.0, 15.0  # seconds to wait for the lock at a time, and to hear how that ended


# The database answers no step for so long, or a speaker shows no life: whoever is left gives it up.
STUCK_AFTER = 60.0  # seconds


class DatabaseStuck(Exception):
    """A step does not come back from the database, and no thread can be stopped: only a new process goes on."""


class ConnectionFrozen(Exception):
    """The connection hears nothing any more, though nobody closed it."""


@asynccontextmanager
async def fail_if_stuck() -> AsyncIterator[None]:
    """Raise Stuck for what the database does not answer: a network may swallow every connection and end none."""
    try:
        async with asyncio.timeout(STUCK_AFTER):
            yield
    except TimeoutError:
        raise DatabaseStuck(f"PostgreSQL has not answered for {STUCK_AFTER:.0f} seconds.") from None


def terminate_silent_sender() -> bool:
    """End the connection of a speaker that shows no life, whose lock the server would keep; says whether there was one.

    It beats every ten seconds at least, whatever it does.
    """
    last = Heartbeat.objects.filter(name=heartbeat.DAEMON_NAME).first()
    if last is None or (db_now() - last.at).total_seconds() < STUCK_AFTER:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database()"
            " AND locktype = 'advisory' AND granted AND classid = 0 AND objid = %s",
            [SENDER_LOCK],
        )
        holders = [pid for (pid,) in cursor.fetchall()]
    for pid in holders:
        terminate_backend(pid)
    return bool(holders)


async def acquire(conn: AsyncConnection[tuple[object, ...]], stopping: asyncio.Event) -> bool:
    """Wait for the lock; the server hands it over the moment its holder's connection ends.

    In turns, so that a standby whose connection froze is noticed too: it could be handed the
    lock and never hear of it.
    """
    await conn.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_WAIT * 1000:.0f}ms"])
    stop = asyncio.create_task(stopping.wait())
    has_logged = False
    try:
        while True:
            attempt = asyncio.create_task(conn.execute("SELECT pg_advisory_lock(%s)", [SENDER_LOCK]))
            done, _ = await asyncio.wait([stop, attempt], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                if not has_logged:
                    log.info("Another notifyd speaks. Standing by.")
                    has_logged = True
                done, _ = await asyncio.wait(
                    [stop, attempt], timeout=LOCK_REPLY_WAIT, return_when=asyncio.FIRST_COMPLETED
                )
            if attempt not in done:
                attempt.cancel()
                if not done:
                    raise ConnectionFrozen
                return False
            try:
                attempt.result()
                return True
            except psycopg.errors.LockNotAvailable:
                if await run_in_db_thread(terminate_silent_sender):
                    log.warning("The notifyd that speaks shows no life. Taking over from it.")
    finally:
        stop.cancel()
