"""Runs the demo in an existing environment; `python3 run.py` makes one first."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gamesched.demo import supervisor
from gamesched.demo.postgres import ServerProblem


class Command(BaseCommand):
    help = "Start everything in one process tree, with a local Discord. Needs no settings."
    # This would check this process's settings; the programs get their own, and check those.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sys.exit(supervisor.run())
        except ServerProblem as problem:
            raise CommandError(str(problem)) from None
