"""The advisory lock of the one notifyd that sends, and when it gives the lock up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.db import connection

from gamesched.lib.clock import db_now
from gamesched.lib.pg_notify import terminate_backend
from notifications import heartbeat
from notifications.models import Heartbeat

SENDER_LOCK = 0x6E6F7469  # "noti": the advisory lock of the one speaker


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
    heartbeat = Heartbeat.objects.filter(name=heartbeat.SPEAKER).first()
    if heartbeat is None or (db_now() - heartbeat.at).total_seconds() < STUCK_AFTER:
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
