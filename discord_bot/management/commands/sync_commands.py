"""Updates the slash commands at Discord. Exit codes: 0 done, 1 refused, or outdated with --check."""

import asyncio
from argparse import ArgumentParser
from typing import Any

import discord
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.interactions.command_sync import shown_command, sync_commands
from discord_bot.patches.addresses import use_configured_addresses


class Command(BaseCommand):
    help = "Give Discord the slash commands of this version. Run it once after each upgrade."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether they're up to date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        use_configured_addresses()
        try:
            outdated = asyncio.run(sync_commands(settings.DISCORD_BOT_TOKEN, check_only=check))
        except discord.LoginFailure:
            raise CommandError(
                "Discord refused DISCORD_BOT_TOKEN.\nCopy a new token from the developer portal: Bot, Reset Token."
            ) from None
        except REQUEST_FAILED as reason:
            raise CommandError(
                f"Can't ask Discord right now: {str(reason) or type(reason).__name__}\nTry again in a minute."
            ) from None
        names = ", ".join(map(shown_command, outdated))
        if check and outdated:
            raise CommandError(f"Not up to date: {names}.\nRun python manage.py sync_commands.")
        self.stdout.write(f"Updated: {names}." if outdated else "The commands are up to date.")
