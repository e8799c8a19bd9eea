"""Speak: send reminders, announcements and their edits, when they are due."""

import asyncio
import getpass
import os
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gamesched.lib.clock import db_now
from gamesched.lib.service import require_database, stop_on_signals
from notifications import heartbeat
from notifications.daemon import pause, steps
from notifications.daemon.lock import Stuck
from notifications.daemon.loop import HOW_TO_RELEASE, NoListen, Notifyd
from notifications.messages import TokenRefused, backend
from notifications.models import Heartbeat

SILENT_FOR = timedelta(minutes=1)  # it beats at least every half a minute


class Command(BaseCommand):
    help = "Send what is due to Discord. Run one or more: one speaks, the others stand by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_mutually_exclusive_group()
        words.add_argument("--check", action="store_true", help="say whether one speaks, and exit with 1 if none does")
        words.add_argument("--hold", metavar="WHY", help="have nothing said until it is released")
        words.add_argument("--release", action="store_true", help="end the hold; what was due meanwhile is dropped")

    def handle(self, *args: Any, check: bool, hold: str | None, release: bool, **options: Any) -> None:
        require_database()
        if check:
            self._check()
        elif hold is not None:
            pause.hold(hold, db_now())
            self.stdout.write(f"Held: {HOW_TO_RELEASE}")
        elif release:
            self._release()
        else:
            self._speak()

    def _check(self) -> None:
        now = db_now()
        beat = Heartbeat.objects.filter(name=heartbeat.SPEAKER).first()
        if beat is None or now - beat.at > SILENT_FOR:
            since = f"since {beat.at:%Y-%m-%d %H:%M:%S} UTC" if beat else "yet"
            raise CommandError(f"No notifyd has spoken {since}. Look at its log.")
        if (held := pause.open_hold()) is not None:
            self.stdout.write(f"Speaking, but held since {held.at:%Y-%m-%d %H:%M} UTC: {held.why}")
            return
        due = steps.next_due()
        late = max((now - due).total_seconds(), 0) if due else 0
        self.stdout.write("Speaking." if late < 10 else f"Speaking; what waits longest is {late:.0f} s late.")

    def _release(self) -> None:
        if pause.open_hold() is None:
            self.stdout.write("Nothing was held.")
            return
        dropped = pause.release(getpass.getuser(), db_now())
        self.stdout.write(f"Released. {dropped} letters that were due meanwhile are dropped; the rest will be said.")

    def _speak(self) -> None:
        try:
            asyncio.run(self._run())
        except TokenRefused as reason:
            raise CommandError(f"{reason}\nCopy the token anew from the developer portal: Bot, Reset Token.") from None
        except Stuck as reason:
            self.stderr.write(f"{reason} Ending, so that a new notifyd can go on.")
            os._exit(1)  # the thread that waits would hold up every other way out
        except NoListen as reason:
            raise CommandError(f"{reason}\nPoint DATABASE_URL at PostgreSQL itself, or a session pool.") from None

    async def _run(self) -> None:
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        await Notifyd(backend(), stopping).run()
