"""Shared by all long-running commands: stopping on signals, and refusing to start without a database."""

import asyncio
import signal

from django.core.management.base import CommandError
from django.db import OperationalError, connection

MIN_POSTGRES_VERSION = 150000  # 15: unique constraints over nulls


def stop_on_signals(stopping: asyncio.Event) -> None:
    """Set the event on SIGTERM and SIGINT. Call it inside the running loop."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)


def require_database() -> None:
    """Raise CommandError, with the next step, if the database cannot be reached or is too old."""
    try:
        connection.ensure_connection()
    except OperationalError as reason:
        raise CommandError(
            f"The database cannot be reached: {str(reason).strip().splitlines()[0]}\n"
            "Check DATABASE_URL, and that PostgreSQL is running."
        ) from None
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
    if version < MIN_POSTGRES_VERSION:
        raise CommandError(
            f"PostgreSQL {version // 10000} is too old: version 15 or newer is needed.\n"
            "Upgrade the server, or point DATABASE_URL at a newer one."
        )
