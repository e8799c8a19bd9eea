"""The advisory locks of the one notifyd that sends and of the bots that answer, and how to take one from the stuck."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from django.db import connection
from psycopg import AsyncConnection

from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.pg_notify import notify, terminate_backend
from guilds.shards import WHOLE, Shard
from notifications.heartbeat import DAEMON_NAME, bot_name
from notifications.queue import DUE_CHANNEL

log = logging.getLogger(__name__)

SENDER_LOCK = 0x6E6F7469  # "noti": the advisory lock of the one notifyd that sends
BOT_LOCK = 0x626F74  # "bot": the advisory locks of the bots that answer, one for each shard
IDENTIFY_LOCK = 0x69640000  # "id": the advisory locks of whoever may identify itself at Discord
IDENTIFY_EVERY = 5.5  # seconds; Discord says five
LOCK_WAIT, LOCK_REPLY_WAIT = 25.0, 30.0  # seconds to wait for the lock per attempt, and for the attempt's response

# After so long without a response from the database, or without the sender's heartbeat, it counts as stuck.
STUCK_AFTER = 60.0  # seconds
BOT_STUCK_AFTER = 120.0  # the bot records a heartbeat in a thread that clicks may keep busy

OUR_LOCKS = (
    "FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database() AND locktype = 'advisory'"
)
OF_KEY = f"{OUR_LOCKS} AND (classid::bigint << 32 | objid::bigint) = %s"
HOLDER = f"SELECT pid {OF_KEY} AND granted"
SERVING_OR_WAITING = f"SELECT count(*) {OF_KEY}"
SHARD_COUNTS = f"SELECT DISTINCT (classid::bigint >> 16) + 1 {OUR_LOCKS} AND granted AND objid = %s"
# Of the processes at this address, those that have or await the lock. Each container has an address of its own.
LOCAL_PROCESSES = (
    "SELECT granted FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database()"
    " AND locktype = 'advisory' AND objid = %s"
    " AND (granted OR waitstart > clock_timestamp() - %s * interval '1 s')"
    " AND client_addr IS NOT DISTINCT FROM inet_client_addr()"
)


@dataclass(frozen=True)
class Role:
    """What one process at a time does, under a lock. The others stand by."""

    lock: int
    heartbeat: str  # the name of what it records while it lives
    stuck_after: float  # seconds without one
    on_standby: str
    takes_over: str


SENDER = Role(
    SENDER_LOCK,
    DAEMON_NAME,
    STUCK_AFTER,
    on_standby="Another notifyd is sending. Standing by.",
    takes_over="The notifyd that was sending shows no life. Taking over.",
)


def answerer(shard: Shard) -> Role:
    """Return the role of the bot that has a shard. Without shards, its lock is the same in every version."""
    what = "answers" if shard == WHOLE else f"has {shard}"
    return Role(
        ((shard.count - 1) << 16 | shard.number) << 32 | BOT_LOCK,
        bot_name(shard.number),
        BOT_STUCK_AFTER,
        on_standby=f"Another bot {what}. Standing by.",
        takes_over=f"The bot that {what} shows no life. Taking over.",
    )


ANSWERER = answerer(WHOLE)


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


def terminate_silent_holder(role: Role) -> bool:
    """End the connection of a holder without a heartbeat, since the server would keep its lock. Return whether it did.

    A working sender records a heartbeat every 20 seconds, a working bot every 30.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"{HOLDER} AND EXISTS ("
            " SELECT FROM notifications_heartbeat WHERE name = %s AND at < clock_timestamp() - %s * interval '1 s')",
            [role.lock, role.heartbeat, role.stuck_after],
        )
        holders = [pid for (pid,) in cursor.fetchall()]
    for pid in holders:
        terminate_backend(pid)
    return bool(holders)


async def acquire(conn: AsyncConnection[tuple[object, ...]], stopping: asyncio.Event, role: Role = SENDER) -> bool:
    """Wait for the lock; the server hands it over the moment its holder's connection ends. Return False if stopped.

    In repeated attempts, so that a standby whose connection froze is noticed too: it could be handed the
    lock and never learn of it.
    """
    await conn.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_WAIT * 1000:.0f}ms"])
    stop = asyncio.create_task(stopping.wait())
    attempt = None
    has_logged = False
    try:
        while True:
            attempt = asyncio.create_task(conn.execute("SELECT pg_advisory_lock(%s)", [role.lock]))
            done, _ = await asyncio.wait([stop, attempt], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                if not has_logged:
                    log.info(role.on_standby)
                    has_logged = True
                done, _ = await asyncio.wait(
                    [stop, attempt], timeout=LOCK_REPLY_WAIT, return_when=asyncio.FIRST_COMPLETED
                )
            if attempt not in done:
                if not done:
                    raise ConnectionFrozen
                return False
            try:
                attempt.result()
                return True
            except psycopg.errors.LockNotAvailable:
                if await run_in_db_thread(terminate_silent_holder, role):
                    log.warning(role.takes_over)
    finally:
        stop.cancel()
        if attempt is not None:
            attempt.cancel()


async def acquire_again(conn: AsyncConnection[tuple[object, ...]], lost_pid: int, role: Role) -> bool:
    """Take the lock back after its connection was lost. Return False if another process has it meanwhile.

    The server may not know yet that the lost connection ended, and keep its lock.
    """
    while True:
        row = await (await conn.execute("SELECT pg_try_advisory_lock(%s)", [role.lock])).fetchone()
        if row and row[0]:
            return True
        row = await (await conn.execute(HOLDER, [role.lock])).fetchone()
        if row and row[0] != lost_pid:
            return False
        await run_in_db_thread(terminate_backend, lost_pid)
        await asyncio.sleep(0.05)


def bot_stands_by() -> bool:
    """Return whether a process at this address waits for a shard, and none has one."""
    with connection.cursor() as cursor:
        cursor.execute(LOCAL_PROCESSES, [BOT_LOCK, LOCK_WAIT + LOCK_REPLY_WAIT])
        return {granted for (granted,) in cursor.fetchall()} == {False}


def shard_counts() -> set[int]:
    """Return by how many shards the bots that answer have divided the servers: one number, but for a moment."""
    with connection.cursor() as cursor:
        cursor.execute(SHARD_COUNTS, [BOT_LOCK])
        return {count for (count,) in cursor.fetchall()}


def bots_at(shard: Shard) -> int:
    """Return how many bots have a shard or wait for it. One that froze waits no longer than LOCK_WAIT."""
    with connection.cursor() as cursor:
        cursor.execute(SERVING_OR_WAITING, [answerer(shard).lock])
        return int(cursor.fetchone()[0])


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
