"""Lists logged clicks and commands. Exit codes: 0 done, 2 wrong usage."""

import json
import statistics
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from discord_bot.models import Interaction, Outcome
from gamesched.lib.ids import parse_id
from gamesched.lib.text import is_storable

LAST_MAX = 1_000_000
DEADLINE_MS = 3000  # milliseconds: Discord waits no longer


class Command(BaseCommand):
    help = "Show how clicks and commands went: who, which, how it ended, how long the answer took."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--last", type=int, default=50, help="how many to show, the newest first (50)")
        parser.add_argument("--person", help="only those of this Discord username or id")
        parser.add_argument("--slow", type=int, metavar="MS", help="only answers that took more milliseconds than this")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Interaction.objects.select_related("guild")
        if (person := options["person"]) and is_storable(person):
            person_id = parse_id(person)
            rows = rows.filter(person_id=person_id) if person_id else rows.filter(person__iexact=person)
        if options["slow"] is not None:
            rows = rows.filter(milliseconds__gt=options["slow"])
        interactions = list(rows[: min(max(options["last"], 0), LAST_MAX)])
        if options["json"]:
            self.stdout.write(json.dumps([_to_json(row) for row in interactions]))
            return
        for row in interactions:
            took = "    -" if row.milliseconds is None else f"{row.milliseconds:5}"
            self.stdout.write(
                f"{row.at:%Y-%m-%d %H:%M:%S}  {took} ms  {row.person:20} {row.name:24} "
                f"{Outcome(row.outcome).label}: {row.detail}"
            )
        self.stdout.write(_summary(interactions))


def _to_json(row: Interaction) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "at": row.at.isoformat(),
        "server": row.guild.name if row.guild else None,
        "person": row.person,
        "name": row.name,
        "outcome": row.outcome,
        "milliseconds": row.milliseconds,
        "since_click": row.milliseconds_since_click,
        "detail": row.detail,
    }


def _summary(rows: list[Interaction]) -> str:
    took = sorted(row.milliseconds for row in rows if row.milliseconds is not None)
    if not took:
        return "Nobody has clicked or used a command in this list."
    late = sum(ms >= DEADLINE_MS for ms in took) + sum(row.milliseconds is None for row in rows)
    return (
        f"{len(rows)} interactions: half were answered within {statistics.median(took):.0f} ms, 99 of 100 within "
        f"{took[int(len(took) * 0.99)]} ms, the slowest in {took[-1]} ms; {late} not within Discord's 3 seconds."
    )
