"""Games from other programs, from the command line: a preview, the import, and undoing it.

Exit codes: 0 done, 1 refused or unknown, 2 wrong usage.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from games.core.base import Actor, EntryPoint
from games.imports import wording
from games.imports.actions import ImportPlan, import_games, preview_import, undo_import
from games.imports.files import read_file
from games.imports.found import ZIP_MAX, ReadingOptions
from games.imports.restoring import store_pictures
from games.imports.table import FIELDS
from games.management.lookups import find_guild, find_person
from games.scheduling.planned_line import channels_for
from games.scheduling.rules import AnnounceWhen
from games.server_settings.base_forms import channel_label
from games.server_settings.commands import channel_id
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.zones import find_zone
from guilds.models import Guild


class Command(BaseCommand):
    help = (
        "Import games from a calendar, a table, another bot's JSON or pasted text. Without --as you are the operator."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--guild", required=True, help="the server's id or name")
        parser.add_argument("--from", dest="file", metavar="FILE", help="the file")
        parser.add_argument("--preview", action="store_true", help="say which games it would make, and change nothing")
        parser.add_argument("--undo", metavar="IMPORT", help="cancel what an import made, by its number")
        parser.add_argument("--as", dest="person", metavar="PERSON", help="act as this person: Discord id or username")
        parser.add_argument("--host", metavar="PERSON", help="who hosts the games whose file names no member")
        parser.add_argument("--channel", help="where they are announced: a name or an id; else the first")
        parser.add_argument("--zone", default="UTC", help="for times that say none")
        parser.add_argument("--announce", choices=["draft", "now"], default="draft", help="when players see them")
        parser.add_argument(
            "--column", action="append", default=[], metavar="FIELD=NAME", help=f"of a table: {', '.join(FIELDS)}"
        )
        parser.add_argument("--dates", choices=["day-first", "month-first"], help="of a table with dates like 3/4/2027")
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except Refused as refused:
            if options["json"]:
                self.stdout.write(json.dumps({"error": refused.refusal.sentence, "code": refused.refusal.code}))
            raise CommandError(refused.refusal.sentence) from None

    def _handle(self, options: dict[str, Any]) -> None:
        user = find_person(options["person"]) if options["person"] else None
        actor = Actor(user, EntryPoint.COMMAND, operator=user is None)
        guild, now = find_guild(options["guild"], Guild.objects.present()), db_now()
        if options["undo"]:
            text = undo_import(guild.pk, parse_id(options["undo"]) or 0, actor, now)
            self.stdout.write(json.dumps({"text": text}) if options["json"] else text)
            return
        if not options["file"]:
            raise CommandError("Name the file: --from FILE.")
        host = find_person(options["host"]) if options["host"] else user
        if host is None:
            raise Refused(Refusal("no_host", wording.NO_HOST))
        zone = find_zone(options["zone"])
        if zone is None:
            raise CommandError(f"We don't know the time zone {options['zone']!r}.")
        reading = read_file(
            _content(options["file"]), now, ReadingOptions(zone, _mapping(options), _day_first(options))
        )
        channels = channels_for(actor.viewer(guild.pk), guild)
        chosen = channels[0].pk if channels else 0
        if options["channel"]:
            chosen = parse_id(channel_id(options["channel"], [(one.pk, channel_label(one)) for one in channels])) or 0
        pictures = {} if options["preview"] else store_pictures(reading)
        plan = ImportPlan(chosen, zone, host, AnnounceWhen(options["announce"]), pictures)
        result = (preview_import if options["preview"] else import_games)(guild.pk, reading, plan, actor, now)
        rows = [
            {
                "title": row.found.title,
                "starts_at": row.found.starts_at.isoformat(),
                "repeats": str(row.found.repeats.recurrence) if row.found.repeats else "",
                "outcome": row.outcome.value,
                "why": row.sentence,
                "notes": [note.value for note in row.found.notes],
            }
            for row in result.rows
        ]
        rows += [
            {
                "title": one.label,
                "starts_at": "",
                "repeats": "",
                "outcome": "dropped",
                "why": wording.WHY_DROPPED[one.why],
                "notes": [],
            }
            for one in reading.dropped
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"text": result.text, "rows": rows}))
            return
        for row in rows:
            notes = " ".join([str(row["why"]), *(wording.NOTES[one] for one in row["notes"])])
            self.stdout.write(
                f"{row['outcome']:<8}  {row['starts_at']:<25}  {row['title']}  {row['repeats']}  {notes}".rstrip()
            )
        self.stdout.write(f"Nothing changed. It would answer: {result.text}" if options["preview"] else result.text)


def _content(path: str) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(ZIP_MAX + 1)
    except (OSError, RuntimeError, ValueError):
        raise CommandError(f"We can't read the file {path!r}.") from None


def _mapping(options: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    pairs = [text.partition("=") for text in options["column"]]
    if bad := [field for field, _, name in pairs if field not in FIELDS or not name]:
        raise CommandError(f"--column takes FIELD=NAME. We don't know {bad[0]!r}.")
    return tuple((name, field) for field, _, name in pairs)


def _day_first(options: dict[str, Any]) -> bool | None:
    return None if options["dates"] is None else bool(options["dates"] == "day-first")
