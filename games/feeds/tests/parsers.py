"""Foreign parsers of iCalendar files, each asked for the same."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from dateutil.tz import tzical  # type: ignore[import-untyped]


@dataclass(frozen=True)
class ReadEvent:
    """What a parser reads of an event; times in UTC."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    url: str
    status: str
    transparency: str
    sequence: int
    alarms: tuple[timedelta, ...]


# Importing one takes up to a second, and each process that runs tests collects these modules.


def read_by_ical(body: str) -> Iterator[ReadEvent]:
    """Yield the events that the library `ical` reads. It knows zones by their names."""
    from ical.calendar_stream import IcsCalendarStream

    for one in IcsCalendarStream.calendar_from_ics(body).events:
        yield _event(
            one.uid, one.dtstart, one.dtend, one.summary, one.description, one.location, one.url, one.status,
            one.transparency, one.sequence, [alarm.trigger for alarm in one.alarm],
        )  # fmt: skip


def read_by_vobject(body: str) -> Iterator[ReadEvent]:
    """Yield the events that the library `vobject` reads, by the zones that the file has."""
    import vobject  # type: ignore[import-untyped]

    vars(vobject.icalendar)["__tzidMap"].clear()  # it keeps the zones of the first file for all others
    for one in vobject.readOne(body).contents.get("vevent", ()):
        known: dict[str, Any] = {name: rows[0].value for name, rows in one.contents.items() if name != "valarm"}
        names = ("summary", "description", "location", "url", "status", "transp", "sequence")
        alarms = [alarm.trigger.value for alarm in one.contents.get("valarm", ())]
        yield _event(known["uid"], known["dtstart"], known["dtend"], *map(known.get, names), alarms)


def read_by_ics(body: str) -> Iterator[ReadEvent]:
    """Yield the events that the library `ics` reads, by the zones that the file has."""
    import ics  # type: ignore[import-untyped]

    for one in ics.Calendar(body).events:
        sequence = next((line.value for line in one.extra if line.name == "SEQUENCE"), None)
        yield _event(
            one.uid, one.begin.datetime, one.end.datetime, one.name, one.description, one.location, one.url,
            one.status, "TRANSPARENT" if one.transparent else "OPAQUE", sequence,
            [alarm.trigger for alarm in one.alarms],
        )  # fmt: skip


def _event(uid: Any, start: Any, end: Any, *others: Any) -> ReadEvent:
    """Return an event from what a parser reads: values that are numbers, enums, None and texts."""
    *texts, sequence, alarms = others
    summary, description, location, url, status, transparency = (str(getattr(one, "value", one) or "") for one in texts)
    return ReadEvent(
        str(uid),
        start.astimezone(UTC),
        end.astimezone(UTC),
        summary,
        description,
        location,
        url,
        status,
        transparency,
        int(sequence or 0),
        tuple(sorted(alarms)),
    )


READERS: dict[str, Callable[[str], Iterator[ReadEvent]]] = {
    "ical": read_by_ical,
    "vobject": read_by_vobject,
    "ics": read_by_ics,
}


def recurrences_by_ical(body: str) -> dict[datetime, datetime]:
    """Return the start of each occurrence by the start that it had before it was moved, as `ical` reads them."""
    from ical.calendar_stream import IcsCalendarStream
    from ical.types.recur import RecurrenceId

    found: dict[datetime, datetime] = {}
    for one in IcsCalendarStream.calendar_from_ics(body).events:
        if (before := one.recurrence_id) is not None:
            at = RecurrenceId.to_value(before)
            assert isinstance(at, datetime)
            assert isinstance(one.dtstart, datetime)
            found[at.replace(tzinfo=before.tzinfo)] = one.dtstart
    return found


def recurrences_by_vobject(body: str) -> dict[datetime, datetime]:
    """Return the same as `vobject` reads them, by the zones that the file has."""
    import vobject

    vars(vobject.icalendar)["__tzidMap"].clear()
    events = vobject.readOne(body).contents["vevent"]
    return {one.recurrence_id.value: one.dtstart.value for one in events if "recurrence-id" in one.contents}


RECURRENCE_READERS = {"ical": recurrences_by_ical, "vobject": recurrences_by_vobject}


def local_time(body: str, name: str) -> datetime:
    """Return a time of a file's only event, read by hand, and by dateutil what the file says of its zone."""
    zones = tzical(StringIO(body)) if "BEGIN:VTIMEZONE" in body else None
    event = body.partition("BEGIN:VEVENT")[2]
    [(parameter, value)] = re.findall(rf"(?m)^{name}(?:;TZID=([^:]+))?:(\w+)\r$", event)
    at = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")
    return at.replace(tzinfo=zones.get(parameter) if parameter and zones else UTC)
