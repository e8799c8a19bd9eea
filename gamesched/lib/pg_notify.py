"""PostgreSQL's LISTEN and NOTIFY. A notification only means "something changed"; listeners read the rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

APPLICATION_NAME = "bell"  # the name of these connections in pg_stat_activity
OF_DJANGO = {"cursor_factory", "context", "prepare_threshold", "client_encoding"}


async def connect() -> psycopg.AsyncConnection[tuple[object, ...]]:
    """Open a separate autocommit connection to Django's database.

    LISTEN and session locks belong to a connection, and Django closes and reopens its own.
    """
    return await psycopg.AsyncConnection.connect(**_params())


def connect_in_thread() -> psycopg.Connection[tuple[object, ...]]:
    """Open such a connection for code that is not async."""
    return psycopg.Connection.connect(**_params())


def _params() -> dict[str, Any]:
    params = {name: value for name, value in connection.get_connection_params().items() if name not in OF_DJANGO}
    return {"keepalives_idle": 30} | params | {"autocommit": True, "application_name": APPLICATION_NAME}


@asynccontextmanager
async def listen(*channels: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    """Open a connection that listens on the channels. Earlier notifications are lost: read the rows once connected."""
    conn = await connect()
    try:
        for channel in channels:
            await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield conn
    finally:
        await conn.close()


def terminate_backend(backend_pid: int) -> None:
    """Terminate one of these connections at the server, which may keep it long after the network dropped it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s",
            [backend_pid, APPLICATION_NAME],
        )


def notify(channel: str, payload: str = "") -> None:
    """Send a notification on Django's connection; PostgreSQL delivers it when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def transactions_writing(*tables: str) -> set[str]:
    """Return the transactions that are writing to these tables at this moment, by names that no other gets.

    What they wrote cannot be seen yet, and a trigger may have decided on what has changed meanwhile. Once they are
    over, what they wrote is seen: a lock is released after that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT virtualtransaction FROM pg_locks JOIN pg_database ON oid = database"
            " WHERE datname = current_database() AND locktype = 'relation' AND relation = ANY(%s::regclass[])"
            " AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()",
            [list(tables)],
        )
        return {name for (name,) in cursor.fetchall()}
