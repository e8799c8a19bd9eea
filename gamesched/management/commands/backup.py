"""Makes a backup of the database, and lists those that are kept."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gamesched.backup.actions import make_backup, size_text
from gamesched.backup.problems import BackupProblem
from gamesched.backup.stores import Store
from gamesched.lib.clock import db_now
from gamesched.lib.readiness import require_database


class Command(BaseCommand):
    help = "Back up the database, restore the backup into a scratch database to verify it, and keep the newest ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", metavar="PLACE", help="a folder or s3://BUCKET/FOLDER, in place of BACKUP_TO")
        parser.add_argument("--no-verify", action="store_true", help="don't restore it into a scratch database")
        parser.add_argument("--list", action="store_true", help="list the backups that are kept")

    def handle(self, *args: Any, **options: Any) -> None:
        place = options["to"] or settings.BACKUP_TO
        if not place:
            raise CommandError(
                "There's no place for it.\nSet BACKUP_TO to a folder or s3://BUCKET/FOLDER, or use --to."
            )
        try:
            if options["list"]:
                for backup in Store(place).backups():
                    self.stdout.write(f"{backup.name}  {backup.made_at:%Y-%m-%d %H:%M} UTC  {size_text(backup.size)}")
                return
            require_database()
            made = make_backup(db_now(), place, verify=not options["no_verify"])
        except BackupProblem as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"{made}.")
        for name in made.rotated:
            self.stdout.write(f"Deleted {name}: {settings.BACKUP_KEPT} are kept.")
