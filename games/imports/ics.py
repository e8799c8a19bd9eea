"""Reads iCalendar files (RFC 5545) as Google, Outlook, Apple and others write them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Event
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from games.imports.found import (
    Dropped,
    FoundGame,
    FoundSeries,
    Note,
    Reading,
    ReadingOptions,
    Source,
    Why,
    as_text,
    refuse,
    require_few,
    tidied,
)
from games.imports.recurrences import SINGLE_GAMES_WITHIN, BadRule, Budget, ForeignRule, TooOften
from games.scheduling.rules import MAX_LEAD_TIME, MIN_LEAD_TIME
from games.series.rules import SKIPPED_MAX, moment
from gamesched.lib.moments import in_zone, is_usable
from gamesched.lib.zones import find_zone, zone_info

_REPEATING = re.compile(r"^(?:RRULE|RDATE|RECURRENCE-ID)[;:]", re.MULTILINE | re.IGNORECASE)
_START = re.compile(r"^DTSTART[^:\n]*:(\d{8})", re.MULTILINE | re.IGNORECASE)
_UID = re.compile(r"^UID[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_TITLE = re.compile(r"^SUMMARY[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
COMMAS_MAX = 50_000  # of all that is read: more dates than any calendar leaves out
LINES_MAX = 50_000  # of all that is read: these take some seconds


@dataclass(frozen=True)
class _Start:
    """When an event starts: the moment; with its local time and zone, where that has a name."""

    at: datetime
    local: datetime
    zone: str
    is_guessed: bool = False


def read_ics(text: str, now: datetime, options: ReadingOptions) -> Reading:
    """Return the games of a calendar file, its zone for times without one. Raises Refused."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(re.findall(r"(?im)^BEGIN:", text)) != len(re.findall(r"(?im)^END:", text)):
        raise refuse("truncated")
    text, over = _without_past(text, now)
    lines = text.count("\n") - text.count("\n ") - text.count("\n\t")
    if lines > LINES_MAX or text.count(",") > COMMAS_MAX:
        raise refuse("too_much")
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        raise refuse("bad_calendar") from None
    reader = _Reader(now, options)
    for calendar in calendars:
        if calendar.name != "VCALENDAR":
            raise refuse("bad_calendar")
        reader.read(calendar)
    dropped = [*(Dropped(label, Why.OVER) for label in over), *reader.dropped]
    return Reading(Source.ICS, tuple(tidied(game) for game in reader.games), tuple(dropped))


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a file: each event, and what stands between them. One pass: a pattern would take hours."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        word = line.strip().upper()
        if word == "BEGIN:VEVENT":
            yield False, "".join(lines)
            lines = []
        lines.append(line)
        if word == "END:VEVENT":
            yield True, "".join(lines)
            lines = []
    yield False, "".join(lines)


def _without_past(text: str, now: datetime) -> tuple[str, list[str]]:
    """Return a file without single events of days past, and what these are called. Raises Refused for too many others.

    A calendar of many years has thousands of them, which would take a minute to read.
    """
    yesterday = f"{now - timedelta(days=2):%Y%m%d}"
    blocks = list(_blocks(text))
    repeating = {
        uid for is_event, block in blocks if is_event and _REPEATING.search(block) for uid in _UID.findall(block)
    }
    kept: list[str] = []
    over: list[str] = []
    events = 0
    for is_event, block in blocks:
        if not is_event:
            kept.append(block)
            continue
        start = _START.search(block)
        belongs = _REPEATING.search(block) or {*_UID.findall(block)} & repeating
        if start is not None and not belongs and start[1] < yesterday:
            title = _TITLE.search(block)
            over.append(title[1].strip() if title else "")
            continue
        events += 1
        kept.append(block)
    require_few(range(events))
    return "".join(kept), over


class _Reader:
    """Collects the games of calendars."""

    def __init__(self, now: datetime, options: ReadingOptions) -> None:
        self.now, self.options = now, options
        self.budget = Budget()
        self.games: list[FoundGame] = []
        self.dropped: list[Dropped] = []
        self.calendar_zone = options.zone
        self.places: dict[str, str] = {}  # zones by the names of a file

    def read(self, calendar: Calendar) -> None:
        self.calendar_zone = find_zone(_text(calendar, "X-WR-TIMEZONE")) or self.options.zone
        self.places = {_text(zone, "TZID"): _text(zone, "X-LIC-LOCATION") for zone in calendar.walk("VTIMEZONE")}
        events: dict[tuple[str, str], Event] = {}
        for number, event in enumerate(calendar.events):
            uid = _text(event, "UID") or f"{_text(event, 'SUMMARY')} {_raw(event, 'DTSTART')} {number}"
            name = (uid, _raw(event, "RECURRENCE-ID"))
            if name not in events or _sequence(event) >= _sequence(events[name]):
                events[name] = event
        masters = {uid: event for (uid, of), event in events.items() if not of}
        changes: dict[str, list[Event]] = {}
        for (uid, of), event in events.items():
            if of:
                changes.setdefault(uid, []).append(event)
        for uid in dict.fromkeys(uid for uid, _ in events):
            self._read_event(uid, masters.get(uid), changes.get(uid, []))

    def _read_event(self, uid: str, master: Event | None, changes: list[Event]) -> None:
        label = _text(master or changes[0], "SUMMARY")
        is_cancelled = master is not None and _text(master, "STATUS").upper() == "CANCELLED"
        if is_cancelled:
            self.dropped.append(Dropped(label, Why.CANCELLED))
            return
        changed: set[date] = set()
        for event in changes:
            try:
                changed.add(self._read_change(uid, event))
            except _Unusable as unusable:
                self.dropped.append(Dropped(_text(event, "SUMMARY") or label, unusable.why))
        if master is None:
            return
        try:
            self._read_master(uid, master, changed)
        except _Unusable as unusable:
            self.dropped.append(Dropped(label, unusable.why))

    def _read_change(self, uid: str, event: Event) -> date:
        """Make one changed date a game of its own, and return which date it stands for."""
        of = self._start(event, "RECURRENCE-ID")
        if "RANGE" in getattr(event.get("RECURRENCE-ID"), "params", {}):
            raise _Unusable(Why.LATER_ONES)
        if _text(event, "STATUS").upper() != "CANCELLED":
            start = self._start(event)
            if start.at >= self.now + MIN_LEAD_TIME:
                self.games.append(self._game(f"{uid}/{of.local:%Y%m%d}", event, start))
        return of.local.date()

    def _read_master(self, uid: str, event: Event, changed: set[date]) -> None:
        start = self._start(event)
        rules = [one for one in _listed(event.get("RRULE")) if one is not None]
        extra = [one for one in self._dates(event, "RDATE", start) if one.date() != start.local.date()]
        if not rules and not extra:
            if start.at < self.now + MIN_LEAD_TIME:
                raise _Unusable(Why.OVER)
            self.games.append(self._game(uid, event, start))
            return
        left_out = {one.date() for one in self._dates(event, "EXDATE", start)} | changed
        if len(rules) > 1 or "RRULE" in {name for name, _ in event.errors} or "EXRULE" in event:
            raise _Unusable(Why.BAD_RULE)
        found = len(self.games)
        try:
            if rules:
                text = rules[0].to_ical().decode()
                self._repeat(uid, event, start, ForeignRule(text, start.local, start.zone, self.budget), left_out)
            else:
                extra.append(start.local)
        except TooOften:
            raise _Unusable(Why.TOO_OFTEN) from None
        except BadRule:
            raise _Unusable(Why.BAD_RULE) from None
        for local in sorted(set(extra)):
            if local.date() not in left_out:
                self._add_date(uid, event, start, local)
        if len(self.games) == found and not changed:
            raise _Unusable(Why.OVER)

    def _repeat(self, uid: str, event: Event, start: _Start, rule: ForeignRule, left_out: set[date]) -> None:
        """Make a repeating event a series of ours, or games of the next days."""
        soonest = self.now + MIN_LEAD_TIME
        first = None
        today = in_zone(self.now, zone_info(start.zone)).replace(tzinfo=None)
        since = today - timedelta(days=1)
        for number, local in rule.starts(since, today + MAX_LEAD_TIME):
            if local.date() not in left_out and self._moment(start, local) >= soonest:
                first = (number, local)
                break
        if first is None:
            return
        number, local = first
        skipped = tuple(sorted(day for day in left_out if day > local.date()))
        recurrence = rule.as_series(local, number)
        if recurrence is not None and len(skipped) <= SKIPPED_MAX:
            game = self._game(uid, event, replace(start, at=self._moment(start, local), local=local))
            self.games.append(replace(game, repeats=FoundSeries(recurrence, skipped)))
            return
        until = local + SINGLE_GAMES_WITHIN
        later = [one for _, one in rule.starts(local, until)]
        note = (Note.SINGLE_GAMES,) if len(later) > 1 else ()
        for one in later:
            if one.date() not in left_out:
                self._add_date(uid, event, start, one, note)

    def _add_date(self, uid: str, event: Event, start: _Start, local: datetime, notes: tuple[Note, ...] = ()) -> None:
        at = self._moment(start, local)
        if at < self.now + MIN_LEAD_TIME:
            return
        game = self._game(f"{uid}/{local:%Y%m%d}", event, replace(start, at=at, local=local))
        self.games.append(replace(game, notes=(*game.notes, *notes)))
        require_few(self.games)

    def _moment(self, start: _Start, local: datetime) -> datetime:
        return moment(local.date(), local.time(), start.zone)

    def _game(self, uid: str, event: Event, start: _Start) -> FoundGame:
        return FoundGame(
            source_id=f"ics {uid}",
            title=_text(event, "SUMMARY"),
            starts_at=start.at,
            zone=start.zone,
            description=_text(event, "DESCRIPTION"),
            location=_text(event, "LOCATION"),
            minutes=self._minutes(event),
            notes=(Note.ZONE_GUESSED,) if start.is_guessed else (),
        )

    def _minutes(self, event: Event) -> int | None:
        length = _dt(event.get("DURATION"))
        if not isinstance(length, timedelta):
            try:
                length = self._start(event, "DTEND").at - self._start(event).at
            except _Unusable:
                return None
        return int(length.total_seconds()) // 60

    def _start(self, event: Event, name: str = "DTSTART") -> _Start:
        """Return an event's time. Raises _Unusable."""
        value = event.get(name)
        at = _dt(value)
        if not isinstance(at, date) or not is_usable(at):
            raise _Unusable(Why.NO_TIME if value is None else Why.BAD_TIME)
        if not isinstance(at, datetime):
            if name == "RECURRENCE-ID":
                return _Start(
                    datetime(at.year, at.month, at.day, tzinfo=UTC), datetime(at.year, at.month, at.day), "UTC"
                )
            raise _Unusable(Why.ALL_DAY)
        return self._with_zone(at, as_text(value.params.get("TZID")).strip('"'))

    def _with_zone(self, at: datetime, tzid: str) -> _Start:
        """Return a time with its zone by an IANA name: the clock of one without a name is only known this once."""
        zone = self._zone_of(tzid) if tzid else None
        if zone is not None:
            # By the named zone, not by a copy of its rules in the file, which may be of years ago.
            local = at.replace(tzinfo=None)
            return _Start(moment(local.date(), local.time(), zone), local, zone)
        if at.tzinfo is None:
            local, zone = at, self.calendar_zone
            return _Start(moment(local.date(), local.time(), zone), local, zone, is_guessed=bool(tzid))
        exact = at.astimezone(UTC)
        zone = self.calendar_zone
        return _Start(exact, exact.astimezone(zone_info(zone)).replace(tzinfo=None), zone, is_guessed=bool(tzid))

    def _zone_of(self, tzid: str) -> str | None:
        """Return the IANA zone that a file calls so: by that name, Windows's, or the end of a path."""
        path = tzid.strip("/").split("/")
        names = [tzid, WINDOWS_TO_OLSON.get(tzid, ""), self.places.get(tzid, "")]
        names += ["/".join(path[-count:]) for count in (3, 2) if len(path) > count]
        return next((zone for name in names if name and (zone := find_zone(name)) is not None), None)

    def _dates(self, event: Event, name: str, start: _Start) -> list[datetime]:
        """Return the local starts that a list of dates names; whole days at the event's own time."""
        found: list[datetime] = []
        if name in {one for one, _ in event.errors}:
            raise _Unusable(Why.BAD_TIME)
        for value in _listed(event.get(name)):
            tzid = as_text(getattr(value, "params", {}).get("TZID")).strip('"')
            for one in getattr(value, "dts", ()):
                at: Any = one.dt[0] if isinstance(one.dt, tuple) else one.dt
                if not isinstance(at, date) or not is_usable(at):
                    raise _Unusable(Why.BAD_TIME)
                if not isinstance(at, datetime):
                    found.append(datetime.combine(at, start.local.time()))
                    continue
                exact = self._with_zone(at, tzid).at if at.tzinfo or tzid else None
                local = exact.astimezone(zone_info(start.zone)).replace(tzinfo=None) if exact else at
                found.append(local)
        return found


class _Unusable(Exception):
    """Raised for an event that becomes no game."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def _listed(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value] if value is not None else []


def _dt(value: Any) -> Any:
    """Return the time of a property; None for none, and for one that cannot be read."""
    try:
        return value.dt
    except Exception:  # icalendar raises several for a broken one
        return None


def _text(component: Any, name: str) -> str:
    value = component.get(name)
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return next((str(one) for one in values if isinstance(one, str)), "")


def _raw(event: Event, name: str) -> str:
    value = event.get(name)
    try:
        return value.to_ical().decode() if value is not None and not isinstance(value, list) else ""
    except Exception:
        return ""


def _sequence(event: Event) -> int:
    value = event.get("SEQUENCE")
    return int(value) if isinstance(value, int) else 0
