"""Reads tables (CSV) of games; which column is which is guessed by their names, and said by people."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from games.imports.found import (
    Dropped,
    FoundGame,
    Reading,
    ReadingOptions,
    Source,
    Why,
    as_whole_number,
    refuse,
    require_few,
    tidied,
    unique_ids,
)
from games.series.rules import moment
from gamesched.lib.durations import BadDuration, parse_duration
from gamesched.lib.moments import is_usable
from gamesched.lib.zones import find_zone

FIELDS = (
    *("title", "start", "date", "time", "end", "end_date", "end_time", "duration", "all_day", "zone"),
    *("description", "location", "seats", "host", "people", "id"),
)
# As other programs call them: Google Calendar, Outlook, spreadsheets.
NAMES: Mapping[str, str] = {
    **dict.fromkeys(("title", "subject", "name", "event", "game", "summary", "adventure"), "title"),
    **dict.fromkeys(("start", "starts_at", "starts at", "start (utc)", "datetime", "when", "begin"), "start"),
    **dict.fromkeys(("date", "start date", "day"), "date"),
    **dict.fromkeys(("time", "start time"), "time"),
    **dict.fromkeys(("end", "ends_at", "ends at", "finish"), "end"),
    **{"end date": "end_date", "end time": "end_time", "all day event": "all_day", "all day": "all_day"},
    **dict.fromkeys(("duration", "length", "minutes", "runtime"), "duration"),
    **dict.fromkeys(("zone", "timezone", "time zone", "tz"), "zone"),
    **dict.fromkeys(("description", "details", "notes", "body"), "description"),
    **dict.fromkeys(("location", "place", "where"), "location"),
    **dict.fromkeys(("seats", "players", "max players", "capacity", "limit", "slots"), "seats"),
    **dict.fromkeys(("host", "host id", "leader", "gm", "dm"), "host"),
    **dict.fromkeys(("people", "signups", "sign-ups", "attendees"), "people"),
    **dict.fromkeys(("id", "uid", "key"), "id"),
}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})\.?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)


class _Bad(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def read_table(text: str, now: datetime, options: ReadingOptions) -> Reading:
    """Return the games of a table. Raises Refused."""
    rows = _rows(text)
    if len(rows) < 2:
        raise refuse("no_rows")
    head = tuple(cell.strip() for cell in rows[0])
    require_few(rows[1:])
    mapping = dict(options.mapping) or guess_mapping(head)
    mapping = {column: field for column, field in mapping.items() if column in head and field in FIELDS}
    if "title" not in mapping.values() or not {"start", "date"} & {*mapping.values()}:
        return Reading(Source.CSV, (), (), head, tuple(mapping.items()))
    places = {field: head.index(column) for column, field in mapping.items()}
    table = [{field: row[at].strip() if at < len(row) else "" for field, at in places.items()} for row in rows[1:]]
    day_first = _day_first(table) if options.day_first is None else options.day_first
    games: list[FoundGame] = []
    dropped: list[Dropped] = []
    for row in table:
        try:
            games.append(tidied(_game(row, options.zone, day_first, now)))
        except _Bad as bad:
            dropped.append(Dropped(row["title"], bad.why))
    return Reading(Source.CSV, tuple(games), tuple(dropped), head, tuple(mapping.items()))


def guess_mapping(head: Sequence[str]) -> dict[str, str]:
    """Return which column is which field, by their names; each field once."""
    found: dict[str, str] = {}
    for column in head:
        field = NAMES.get(" ".join(column.lower().replace("_", " ").split())) or NAMES.get(column.lower().strip())
        if field is not None and field not in found.values():
            found[column] = field
    return found


def _rows(text: str) -> list[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise refuse("bad_table") from None
    return [row for row in rows if any(cell.strip() for cell in row)]


def _day_first(table: Sequence[Mapping[str, str]]) -> bool | None:
    """Return whether days stand before months, where a date of the table shows it; with dots they always do."""
    for row in table:
        for name in ("start", "date", "end", "end_date"):
            found = _NUMBERS.match(row.get(name, ""))
            if found is not None and (int(found[1]) > 12 or int(found[3]) > 12):
                return int(found[1]) > 12
    return None


def _game(row: Mapping[str, str], default_zone: str, day_first: bool | None, now: datetime) -> FoundGame:
    if row.get("all_day", "").lower() in {"true", "yes", "1"}:
        raise _Bad(Why.ALL_DAY)
    zone = find_zone(row.get("zone", "")) or default_zone
    starts_at = _moment(row.get("start", ""), row.get("date", ""), row.get("time", ""), zone, day_first)
    if starts_at is None:
        raise _Bad(Why.NO_TIME)
    if starts_at <= now:
        raise _Bad(Why.OVER)
    day = row.get("end_date", "") or row.get("date", "")
    ends_at = _moment(row.get("end", ""), day, row.get("end_time", ""), zone, day_first)
    minutes = None if ends_at is None else int((ends_at - starts_at) / timedelta(minutes=1))
    if row.get("duration"):
        try:
            minutes = as_whole_number(row["duration"]) or parse_duration(row["duration"])
        except BadDuration:
            minutes = None
    host = unique_ids(re.findall(r"\d+", row.get("host", "")))
    return FoundGame(
        source_id=f"csv {row.get('id') or row['title'] + ' ' + starts_at.isoformat()}",
        title=row["title"],
        starts_at=starts_at,
        zone=zone,
        description=row.get("description", ""),
        location=row.get("location", ""),
        minutes=minutes,
        seats=as_whole_number(row.get("seats", "")),
        host_id=host[0] if host else None,
        people=unique_ids(re.findall(r"\d+", row.get("people", ""))),
    )


def _moment(both: str, day: str, clock: str, zone: str, day_first: bool | None) -> datetime | None:
    """Return the moment that cells say, in UTC; None for empty ones. Raises _Bad."""
    if both:
        try:
            exact = datetime.fromisoformat(both)
        except ValueError:
            day, _, clock = both.replace(",", " ").replace("T", " ").strip().partition(" ")
        else:
            if not is_usable(exact):
                raise _Bad(Why.BAD_TIME)
            if exact.tzinfo is not None:
                return exact.astimezone(UTC)
            return moment(exact.date(), exact.time(), zone)
    if not day or not clock:
        return None
    return moment(_day(day.strip(), day_first), _clock(clock.strip()), zone)


def _day(text: str, day_first: bool | None) -> date:
    if found := _ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _NUMBERS.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == ".":
            day_first = True
        if day_first is None and first != second:
            raise _Bad(Why.WHICH_DAY)
        day, month = (first, second) if day_first else (second, first)
    else:
        raise _Bad(Why.BAD_TIME)
    try:
        return _usable(date(year, month, day))
    except ValueError:
        raise _Bad(Why.BAD_TIME) from None


def _usable(day: date) -> date:
    if not is_usable(day):
        raise ValueError
    return day


def _clock(text: str) -> time:
    found = _CLOCK.fullmatch(text)
    if found is None or (found[2] is None and found[3] is None):
        raise _Bad(Why.BAD_TIME)
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            raise _Bad(Why.BAD_TIME)
        hour = hour % 12 + (12 if found[3].lower() == "p" else 0)
    if hour > 23 or minute > 59:
        raise _Bad(Why.BAD_TIME)
    return time(hour, minute)
