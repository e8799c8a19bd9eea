"""The channels from the command line, for ids."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.management.lookups import find_guild
from games.models.layers import announcement_channels
from gamesched.lib.refusal import Refused
from guilds.models import Guild


class Command(BaseCommand):
    help = "List a server's channels, with their ids and what the bot needs there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="list")
        listing = words.add_parser("list", help="list the channels where games can be announced")
        listing.add_argument("--guild", required=True, help="the server's id or name")
        listing.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            guild = find_guild(options["guild"], Guild.objects.present())
        except Refused as refused:
            raise CommandError(f"{refused.refusal.sentence}\nSee: python manage.py guild list") from None
        channels = announcement_channels(guild.pk)
        rows = [{"id": str(one.pk), "name": str(one), "lacks": list(one.missing_requirements)} for one in channels]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            lacks = f" (the bot needs {' and '.join(row['lacks'])})" if row["lacks"] else ""
            self.stdout.write(f"{row['id']:>20}  {row['name']}{lacks}")
        if not rows:
            self.stdout.write("The bot sees no channel for announcements there.")
