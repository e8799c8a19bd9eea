"""Asks for what a site needs, tests each value at Discord, and writes them to .env."""

import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from games.pages.invite import invite_url
from gamesched.lib.ids import application_id
from gamesched.setup import Setup, examine, read_file, write_file


class Command(BaseCommand):
    help = "Ask for what a site needs, test each value at Discord, and write them to a file of variables."
    requires_system_checks = ()  # what they would miss is what is asked for

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--env", default=".env", metavar="FILE", help="the file of variables; .env, if not named")
        parser.add_argument("--check", action="store_true", help="ask nothing: test what is in the file")
        parser.add_argument("--database-url", default="", help="without compose: postgresql://USER:PASSWORD@HOST/NAME")

    def handle(self, *args: Any, env: str, check: bool, database_url: str, **options: Any) -> None:
        path = Path(env)
        stored = read_file(path)
        if check:
            findings = list(examine(stored))
            for finding in findings:
                self.stdout.write(str(finding))
            if bad := sum(not finding.is_well for finding in findings):
                raise CommandError(f"Not well: {bad} of {len(findings)}.")
            return
        try:
            values = Setup(stored, input, getpass.getpass, self.stdout.write).run(database_url)
        except (EOFError, KeyboardInterrupt):
            raise CommandError("Stopped; nothing was written.") from None
        try:
            write_file(path, values)
        except OSError as reason:
            raise CommandError(f"Can't write {path}: {reason.strerror}.") from None
        settings.DISCORD_CLIENT_ID = application_id(values["DISCORD_BOT_TOKEN"])
        self.stdout.write(f"\nWritten to {path}, which only you can read. Next:\n\n    {self._start(values)}\n")
        self.stdout.write(f"Then add the bot to your server:\n\n    {invite_url()}\n")

    def _start(self, values: dict[str, str]) -> str:
        return "python manage.py migrate" if "DATABASE_URL" in values else "docker compose up -d"
