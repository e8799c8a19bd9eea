"""The advisory lock of the one notifyd that sends, and how to take it from a stuck one."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from django.db import connection
from psycopg import AsyncConnection

from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import notify, terminate_backend
from notifications.heartbeat import DAEMON_NAME
from notifications.queue import DUE_CHANNEL

log = logging.getLogger(__name__)

SENDER_LOCK = 0x6E6F7469  # "noti": the advisory lock of the one notifyd that sends
LOCK_WAIT, LOCK_REPLY_WAIT = 25.0, 30.0  # seconds to wait for the lock per attempt, and for the attempt's response

# After so long without a response from the database, or without the sender's heartbeat, it counts as stuck.
STUCK_AFTER = 60.0  # seconds


class DatabaseStuck(Exception):
    """The database does not respond to a step. No thread can be stopped, so only a new process can go on."""


class ConnectionFrozen(Exception):
    """The connection receives nothing any more, though no one closed it."""


class ListenUnavailable(Exception):
    """NOTIFY does not reach LISTEN on this connection."""


@asynccontextmanager
async def fail_if_stuck() -> AsyncIterator[None]:
    """Raise DatabaseStuck if the database does not respond: a network may swallow every connection and end none."""
    try:
        async with asyncio.timeout(STUCK_AFTER):
            yield
    except TimeoutError:
        raise DatabaseStuck(f"PostgreSQL hasn't answered for {STUCK_AFTER:.0f} seconds.") from None


def terminate_silent_sender() -> bool:
    """End the connection of a sender without a heartbeat, since the server would keep its lock. Return whether it did.

    A working sender records a heartbeat every 20 seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database()"
            " AND locktype = 'advisory' AND granted AND classid = 0 AND objid = %s AND EXISTS ("
            " SELECT FROM notifications_heartbeat WHERE name = %s AND at < clock_timestamp() - %s * interval '1 s')",
            [SENDER_LOCK, DAEMON_NAME, STUCK_AFTER],
        )
        holders = [pid for (pid,) in cursor.fetchall()]
    for pid in holders:
        terminate_backend(pid)
    return bool(holders)


async def acquire(conn: AsyncConnection[tuple[object, ...]], stopping: asyncio.Event) -> bool:
    """Wait for the lock; the server hands it over the moment its holder's connection ends. Return False if stopped.

    In repeated attempts, so that a standby whose connection froze is noticed too: it could be handed the
    lock and never learn of it.
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
                    log.info("Another notifyd is sending. Standing by.")
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
                    log.warning("The notifyd that was sending shows no life. Taking over.")
    finally:
        stop.cancel()


async def require_listen(conn: "AsyncConnection[tuple[object, ...]]") -> None:
    """Receive a notification of another connection, or raise ListenUnavailable: transaction poolers drop LISTEN.

    Not of this one: a pool that is idle runs LISTEN and NOTIFY on one connection to the server, and both seem to work.
    """
    token = uuid.uuid4().hex
    async with fail_if_stuck():
        await run_in_db_thread(notify, DUE_CHANNEL, token)
    async for note in conn.notifies(timeout=5):
        if note.payload == token:
            return
    raise ListenUnavailable("DATABASE_URL leads to a pool in transaction mode, which drops notifications.")
