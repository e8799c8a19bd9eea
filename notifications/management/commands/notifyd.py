"""Speak: send reminders, announcements and their edits, when they are due."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gamesched.lib.service import require_database, stop_on_signals
from notifications.daemon import NoListen, Notifyd
from notifications.letter import TokenRefused, backend


class Command(BaseCommand):
    help = "Send what is due to Discord. Run one or more: one speaks, the others stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        require_database()
        try:
            asyncio.run(self._run())
        except TokenRefused as reason:
            raise CommandError(f"{reason}\nCopy the token anew from the developer portal: Bot, Reset Token.") from None
        except NoListen as reason:
            raise CommandError(f"{reason}\nPoint DATABASE_URL at PostgreSQL itself, or a session pool.") from None

    async def _run(self) -> None:
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        await Notifyd(backend(), stopping).run()
