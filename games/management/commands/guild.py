"""The guilds from the command line, for ids."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Q

from gamesched.lib.clock import db_now
from guilds.models import Guild


class Command(BaseCommand):
    help = "List the servers the bot is in, with their ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="list")
        words.add_parser("list", help="list all of them").add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        upcoming = Q(games__cancelled_at=None, games__ends_at__gt=db_now())
        guilds = Guild.objects.present().order_by("name", "pk").values_list("pk", "name")
        counted = guilds.annotate(n_games=Count("games", filter=upcoming))
        rows = [{"id": str(pk), "name": name, "games_to_come": n_games} for pk, name, n_games in counted]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write(f"{row['id']:>20}  {row['name']} ({row['games_to_come']} upcoming games)")
        if not rows:
            self.stdout.write("The bot isn't in any server. Invite it: python manage.py invite_url")
