"""The failed deliveries from the command line. Exit codes: 0 done, 1 refused, 2 wrong usage."""

import json
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.core.base import Actor, EntryPoint
from games.deliveries import actions as deliveries
from games.management.delivery_rows import delivery_line, delivery_row
from games.management.lookups import find_person
from gamesched.lib.clock import db_now
from gamesched.lib.durations import BadDuration, parse_duration
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from notifications import report


class Command(BaseCommand):
    help = "List undelivered messages, send them again, or give them up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="list|retry|drop")
        listing = words.add_parser(
            "list",
            help="list what failed or is in doubt, and posts that gave up; with an option, everything it matches",
        )
        listing.add_argument("--json", action="store_true")
        listing.add_argument("--game", help="only this game's: its number")
        listing.add_argument("--person", help="only this person's: Discord id or username")
        listing.add_argument("--since", help="only messages due since: 2h, 1 day")
        for name, text in (("retry", "send a message again, as a new one"), ("drop", "give a message up")):
            words.add_parser(name, help=text).add_argument("delivery", type=int)

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        if word == "list":
            self._list(options)
            return
        try:
            action = deliveries.resend_delivery if word == "retry" else deliveries.drop_delivery
            result = action(options["delivery"], Actor(None, EntryPoint.COMMAND, operator=True), db_now())
        except Refused as refused:
            raise CommandError(refused.refusal.sentence) from None
        self.stdout.write(result.text)

    def _list(self, options: dict[str, Any]) -> None:
        as_json, now = options["json"], db_now()
        if any(options[name] is not None for name in ("game", "person", "since")):
            self._list_found(options, now)
            return
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
            self.stdout.write("Nothing failed.")
        self._say_what_waits(now)

    def _say_what_waits(self, now: datetime) -> None:
        if waiting := report.waiting(now):
            self.stdout.write(f"Due and not sent yet: {waiting}. See python manage.py notifyd --check.")
        if dropped := sum(count for _, count in report.skip_reasons(now)):
            self.stdout.write(f"Not sent for a reason in the last 48 hours: {dropped}. List them with --since 48h.")

    def _list_found(self, options: dict[str, Any], now: datetime) -> None:
        found = report.deliveries()
        if options["game"] is not None:
            found = found.filter(notification__game=parse_id(options["game"]) or 0)
        if options["person"] is not None:
            found = found.filter(recipient=find_person(options["person"]))
        if options["since"] is not None:
            try:
                since = now - timedelta(minutes=parse_duration(options["since"]))
            except (BadDuration, OverflowError) as reason:
                raise CommandError(f"--since: {reason}") from None
            found = found.filter(notification__due_at__gte=since)
        rows = [delivery_row(one) for one in found]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write(delivery_line(row))
        if not rows:
            self.stdout.write("We have no record of a message there.")
