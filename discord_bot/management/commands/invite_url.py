"""Prints the link for inviting the bot to a server."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.pages.invite import invite_url
from games.server_settings.doctor import diagnose
from gamesched.lib.clock import db_now
from guilds.models import Guild


class Command(BaseCommand):
    help = "Print the link that invites the bot, with only the permissions it needs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--guild", type=int, metavar="ID", help="a server the bot is in, to ask for what its settings need, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["guild"] is None:
            self.stdout.write(invite_url())
            return
        guild = Guild.objects.filter(pk=options["guild"]).first()
        if guild is None:
            raise CommandError("The bot has never been in a server with this id.")
        self.stdout.write(invite_url(guild.pk, diagnose(guild, db_now()).permissions))
