"""Sends reminders, announcements and their edits, when they are due."""

import asyncio
import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from gamesched.lib import metrics
from gamesched.lib.clock import db_now
from gamesched.lib.readiness import require_database
from gamesched.lib.service import stop_on_signals
from notifications import health, report
from notifications.daemon import pause
from notifications.daemon.lock import DatabaseStuck, ListenUnavailable
from notifications.daemon.loop import HOW_TO_RESUME, Notifyd
from notifications.gauges import read_gauges
from notifications.messages import TokenRefused, load_backend


class Command(BaseCommand):
    help = "Send due messages to Discord. Run one or more: one sends, the others stand by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_mutually_exclusive_group()
        words.add_argument("--check", action="store_true", help="exit with 1 unless one is sending on time")
        words.add_argument("--hold", metavar="WHY", help="put sending on hold until you release it")
        words.add_argument("--release", action="store_true", help="end the hold and drop what was due meanwhile")

    def handle(self, *args: Any, check: bool, hold: str | None, release: bool, **options: Any) -> None:
        require_database()
        if check:
            self._check()
        elif hold is not None:
            pause.pause(hold, db_now())
            self.stdout.write(f"Held: {HOW_TO_RESUME}")
        elif release:
            self._resume()
        else:
            self._run_daemon()

    def _check(self) -> None:
        now = db_now()
        if (problem := health.notifyd_problem(now)) is not None:
            raise CommandError(str(problem))
        late = report.lateness(now).total_seconds()
        self.stdout.write("Sending." if late < 10 else f"Sending; the most overdue message is {late:.0f} s late.")

    def _resume(self) -> None:
        if pause.current_pause() is None:
            self.stdout.write("Nothing was on hold.")
            return
        dropped = pause.resume(getpass.getuser(), db_now())
        self.stdout.write(f"Released. We dropped {dropped} messages that were due meanwhile, and send the rest.")

    def _run_daemon(self) -> None:
        metrics.serve("notifyd", read_gauges)
        connection_created.connect(read_by_indexes)
        try:
            asyncio.run(self._run())
        except TokenRefused as reason:
            raise CommandError(f"{reason}\nCopy a new token from the developer portal: Bot, Reset Token.") from None
        except DatabaseStuck as reason:
            self.stderr.write(f"{reason} Stopping, so a new notifyd can take over.")
            os._exit(1)  # the waiting thread would block every other way out
        except ListenUnavailable as reason:
            raise CommandError(f"{reason}\nPoint DATABASE_URL at PostgreSQL itself, or a session pool.") from None

    async def _run(self) -> None:
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        await Notifyd(load_backend(), stopping).run()


# Few rows of large tables are read, each by an index. By statistics of a moment when little was due, PostgreSQL read
# tables whole in a storm, and a prepared statement keeps its plan. Without JIT, which such a plan's cost would bring.
PLANNING = "; ".join(f"SET {name} = off" for name in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"))


def read_by_indexes(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Have a new connection plan so."""
    with connection.cursor() as cursor:
        cursor.execute(PLANNING)
