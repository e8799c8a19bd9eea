"""LISTEN and NOTIFY: a bell says "look", never "what". The rows are the truth."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from django.db import connection
from psycopg import sql

APPLICATION_NAME = "bell"  # by which PostgreSQL's own lists show these connections


async def connect() -> psycopg.AsyncConnection[tuple[object, ...]]:
    """A connection of one's own to the database Django uses, in autocommit.

    For LISTEN and session locks, which belong to a connection: never one of Django's, which come and go.
    """
    wanted = {"host", "port", "dbname", "user", "password", "options", "sslmode", "sslrootcert", "service"}
    params = {k: v for k, v in connection.get_connection_params().items() if k in wanted}
    return await psycopg.AsyncConnection.connect(
        **params, autocommit=True, keepalives_idle=30, application_name=APPLICATION_NAME
    )


@asynccontextmanager
async def listen(*channels: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    """A connection that listens on the channels. Whatever rang before is lost, so look once after entering."""
    conn = await connect()
    try:
        for channel in channels:
            await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield conn
    finally:
        await conn.close()


def terminate_backend(backend_pid: int) -> None:
    """End a connection of ours at the server, which may hold it open long after the network swallowed it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s",
            [backend_pid, APPLICATION_NAME],
        )


def notify(channel: str, payload: str = "") -> None:
    """Ring from Django's connection; heard when its transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])
