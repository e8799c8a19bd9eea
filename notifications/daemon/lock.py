"""The advisory lock of the one notifyd that sends, and when it gives the lock up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.db import connection

from gamesched.lib.clock import db_now
from gamesched.lib.pg_notify import cut_off
from notifications import heartbeat
from notifications.models import Heartbeat

SPEAKER_LOCK = 0x6E6F7469  # "noti": the advisory lock of the one speaker


LOCK_TURN, LOCK_ANSWER = 10.0, 15.0  # seconds to wait for the lock at a time, and to hear how that ended


# The database answers no step for so long, or a speaker shows no life: whoever is left gives it up.
STUCK = 60.0  # seconds


class Stuck(Exception):
    """A step does not come back from the database, and no thread can be stopped: only a new process goes on."""


class Deaf(Exception):
    """The connection hears nothing any more, though nobody closed it."""


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Raise Stuck for what the database does not answer: a network may swallow every connection and end none."""
    try:
        async with asyncio.timeout(STUCK):
            yield
    except TimeoutError:
        raise Stuck(f"PostgreSQL has not answered for {STUCK:.0f} seconds.") from None


def cut_off_silent() -> bool:
    """End the connection of a speaker that shows no life, whose lock the server would keep; says whether there was one.

    It beats every ten seconds at least, whatever it does.
    """
    beat = Heartbeat.objects.filter(name=heartbeat.SPEAKER).first()
    if beat is None or (db_now() - beat.at).total_seconds() < STUCK:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database()"
            " AND locktype = 'advisory' AND granted AND classid = 0 AND objid = %s",
            [SPEAKER_LOCK],
        )
        holders = [pid for (pid,) in cursor.fetchall()]
    for pid in holders:
        cut_off(pid)
    return bool(holders)
