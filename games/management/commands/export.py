"""A server's archive, from the command line.

Exit codes: 0 done, 1 refused or unknown, 2 wrong usage.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.core.base import Actor, EntryPoint
from games.exports.archive import guild_archive
from games.management.lookups import find_guild, find_person
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.models import Guild


class Command(BaseCommand):
    help = "Write a server's archive: games, sign-ups, settings, pictures. Without --as you are the operator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--guild", required=True, help="the server's id or name")
        parser.add_argument("--to", required=True, metavar="FILE", help="the zip to write; it must not exist")
        parser.add_argument("--as", dest="person", metavar="PERSON", help="act as this person: Discord id or username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_person(options["person"]) if options["person"] else None
        actor = Actor(user, EntryPoint.COMMAND, operator=user is None)
        try:
            guild = find_guild(options["guild"], Guild.objects.present())
            content = guild_archive(guild.pk, actor, db_now())
        except Refused as refused:
            raise CommandError(refused.refusal.sentence) from None
        try:
            with Path(options["to"]).expanduser().open("xb") as file:
                file.write(content)
        except FileExistsError:
            raise CommandError(f"{options['to']!r} exists. Name another file.") from None
        except (OSError, RuntimeError, ValueError):
            raise CommandError(f"We can't write the file {options['to']!r}.") from None
        self.stdout.write(f"{guild.name}: {len(content):,} bytes in {options['to']}")
