"""Runs the local Discord, for trying things out without a Discord account."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gamesched.local_discord.__main__ import add_arguments, run


class Command(BaseCommand):
    help = "Run the local Discord: people, channels and the bot's API on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(run(argparse.Namespace(**options)))
