"""Restores a backup of the database, with sending on hold."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gamesched.backup.actions import restore_backup
from gamesched.backup.problems import BackupProblem
from gamesched.lib.readiness import ask_once, database_problem


class Command(BaseCommand):
    help = "Restore a backup in the database's place. Nothing is sent until you release the hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a backup that backup --list names, 'latest', or a file")
        parser.add_argument("--from", dest="place", metavar="PLACE", help="where backups are, in place of BACKUP_TO")
        parser.add_argument("--replace", action="store_true", help="also if the database isn't empty")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restored = restore_backup(
                options["name"], options["place"] or settings.BACKUP_TO, options["replace"], datetime.now(UTC)
            )
        except BackupProblem as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write("Restored.")
        if restored.former:
            self.stdout.write(f"The database from before is kept as {restored.former}. Drop it once you're content.")
        if (problem := ask_once(database_problem)) is not None:
            self.stdout.write(str(problem))
        if restored.is_held:
            self.stdout.write("Sending is on hold. Check what's due, then run: python manage.py notifyd --release")
        else:
            self.stdout.write("Before you start notifyd, run: python manage.py notifyd --hold restored")
        self.stdout.write("Forget again everyone you forgot since the backup.")
