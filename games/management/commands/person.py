"""A person's data from the command line, for whom the site cannot be asked. Exit codes: 0 done, 1 refused."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.privacy import wording
from games.privacy.actions import forget_person, prospect
from games.privacy.export import export_text
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.models import User


class Command(BaseCommand):
    help = "Export what we keep about a person, or forget them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="export|forget")
        words.add_parser("export", help="print everything we keep about them, as JSON").add_argument(
            "person", help="their Discord id"
        )
        forget = words.add_parser("forget", help="forget them for good")
        forget.add_argument("person", help="their Discord id")
        forget.add_argument("--yes", action="store_true", help="do it; without this, it only says what it would do")

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        now = db_now()
        # By id alone: names are not unique, and this cannot be undone.
        user = User.objects.filter(pk=parse_id(options["person"]) or 0).first()
        if user is None:
            raise CommandError(wording.UNKNOWN_PERSON)
        if word == "export":
            self.stdout.write(export_text(user, now))
            return
        if not options["yes"]:
            self.stdout.write(wording.would_forget(user.display_name, prospect(user, now).counts))
            return
        try:
            forget_person(user.pk, now)
        except Refused as refused:
            raise CommandError(refused.refusal.sentence) from None
        self.stdout.write(wording.forgotten_by_command(user.pk))
