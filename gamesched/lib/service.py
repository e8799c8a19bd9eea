"""Shared by all long-running commands: stopping on signals, and refusing to start without a database."""

import asyncio
import os
import signal
import threading

from django.core.management.base import CommandError
from django.db import OperationalError, connection

STOP_WITHIN = 8.0  # seconds; Docker kills after ten
MIN_POSTGRES_VERSION = 150000  # 15: unique constraints over nulls


def stop_on_signals(stopping: asyncio.Event) -> None:
    """Set the event on SIGTERM and SIGINT, and end the process soon, whatever it waits for.

    Call it inside the running loop.
    """

    def stop() -> None:
        stopping.set()
        # A thread that waits for a database which does not answer can be stopped by nothing, and would keep the
        # process. All that is kept is in the database, so nothing is lost with it.
        ending = threading.Timer(STOP_WITHIN, os._exit, [0])
        ending.daemon = True
        ending.start()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)


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
