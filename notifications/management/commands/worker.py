"""Runs the worker: the periodic tasks, such as reading roles anew and deleting what is old."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_q.cluster import Cluster

from gamesched.lib import metrics
from gamesched.lib.clock import db_now
from gamesched.lib.readiness import ask_once, require_database
from notifications import health


class Command(BaseCommand):
    help = "Run the worker: check roles and posts, and clean up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="say whether a worker runs; exit with 1 if not")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        if check:
            require_database()
            if (problem := health.worker_problem(db_now())) is not None:
                raise CommandError(str(problem))
            self.stdout.write("Running.")
            return
        metrics.serve("worker")
        # Its processes are forked, and no connection may be shared.
        ask_once(require_database)
        Cluster().start()
