"""The failed deliveries from the command line. Exit codes: 0 done, 1 refused, 2 wrong usage."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.core.base import Actor, EntryPoint
from games.deliveries import actions as deliveries
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from notifications import report


class Command(BaseCommand):
    help = "What could not be delivered: list it, try it again, or give it up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="list|retry|drop")
        words.add_parser("list", help="what failed or is in doubt, and posts that gave up").add_argument(
            "--json", action="store_true"
        )
        for name, text in (("retry", "send it again as a new message"), ("drop", "give it up")):
            words.add_parser(name, help=text).add_argument("delivery", type=int)

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        if word == "list":
            self._list(options["json"])
            return
        try:
            action = deliveries.resend_delivery if word == "retry" else deliveries.drop_delivery
            result = action(options["delivery"], Actor(None, EntryPoint.COMMAND, operator=True), db_now())
        except Refused as refused:
            raise CommandError(refused.refusal.sentence) from None
        self.stdout.write(result.text)

    def _list(self, as_json: bool) -> None:
        deliveries, posts = report.undelivered()
        rows = [
            {
                "delivery": d.pk,
                "kind": d.notification.kind,
                "game": d.notification.game_id,
                "to": str(d.recipient),
                "why": d.error,
            }
            for d in deliveries
        ]
        rows += [{"delivery": None, "kind": p.kind, "game": p.game_id, "to": "", "why": p.error} for p in posts]
        if as_json:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            number = row["delivery"] if row["delivery"] is not None else "-"
            self.stdout.write(f"{number:>6}  {row['kind']} of game {row['game']} {row['to']}: {row['why']}")
        if not rows:
            self.stdout.write("Everything was delivered.")
