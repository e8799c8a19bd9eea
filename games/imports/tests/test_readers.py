"""Files as other programs write them, read into games; and files that are none, each refused with one code."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

from games.core.text_rules import has_control_characters
from games.imports.archive import read_archive
from games.imports.files import read_file
from games.imports.found import FoundGame, Note, Reading, ReadingOptions, Source, Why, as_plain
from games.imports.recurrences import Budget, ForeignRule
from games.scheduling.rules import TITLE_MAX
from games.series.rules import moment
from gamesched.lib.refusal import Refused
from gamesched.lib.zones import zone_info
from gamesched.testing.odd_inputs import EVERY_ODD_INPUT

NEVER = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=9"
FILES = Path(__file__).parent / "files"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
BERLIN = ReadingOptions(zone="Europe/Berlin")


def read(content: str | bytes, options: ReadingOptions = BERLIN) -> Reading:
    return read_file(content.encode() if isinstance(content, str) else content, NOW, options)


def by_title(reading: Reading) -> dict[str, FoundGame]:
    return {game.title: game for game in reading.games}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def starts(game: FoundGame, until: date) -> list[datetime]:
    """Return when a found game and the dates of its series start."""
    if game.repeats is None:
        return [game.starts_at]
    local = game.starts_at.astimezone(zone_info(game.zone))
    days = game.repeats.recurrence.dates(local.date(), until)
    return [moment(day, local.time(), game.zone) for day in days if day not in game.repeats.skipped]


# --- calendars -----------------------------------------------------------------------------------------------


def test_a_calendar_of_google() -> None:
    reading = read((FILES / "google.ics").read_bytes())
    games = by_title(reading)
    single = games["Board games"]
    assert (single.starts_at, single.minutes, single.zone) == (utc(2026, 12, 12, 18), 210, "Europe/Berlin")
    assert single.description == "Bring snacks.\nSee the rules (https://example.org/rules)"
    assert single.location == "Café Würfel, Hinterzimmer"
    weekly = games["Curse of Strahd"]
    assert weekly.repeats is not None
    assert str(weekly.repeats.recurrence) == "FREQ=WEEKLY;BYDAY=TH"
    # The 17th was moved, the 24th and 31st are left out.
    assert starts(weekly, date(2027, 1, 14)) == [
        *(utc(2026, 12, day, 19) for day in (3, 10)),
        *(utc(2027, 1, day, 19) for day in (7, 14)),
    ]
    assert starts(weekly, date(2027, 4, 1))[-1] == utc(2027, 4, 1, 18), "at the same local time in summer"
    assert games["Curse of Strahd on a Friday"].starts_at == utc(2026, 12, 18, 18)
    assert {(one.label, one.why) for one in reading.dropped} == {("Holiday", Why.ALL_DAY), ("Last year", Why.OVER)}


def test_a_calendar_of_outlook() -> None:
    games = by_title(read((FILES / "outlook.ics").read_bytes()))
    raid = games["Molten Core"]
    assert raid.zone == "America/New_York"
    assert raid.repeats is not None
    assert raid.repeats.recurrence.count == 4
    assert starts(raid, date(2027, 12, 1)) == [
        utc(2027, 3, 2, 1), utc(2027, 3, 16, 0), utc(2027, 3, 30, 0), utc(2027, 4, 13, 0),
    ]  # fmt: skip
    custom = games["Call with India"]
    assert custom.starts_at == utc(2026, 12, 15, 13, 30), "by the rules in the file"
    assert custom.notes == (Note.ZONE_GUESSED,)


def test_a_calendar_of_apple() -> None:
    reading = read((FILES / "apple.ics").read_bytes())
    monthly = [game for game in reading.games if game.title == "Last of the month"]
    # January and March have a 31st. Ours would play in February too, so these are single games, for 90 days.
    assert [game.starts_at for game in monthly] == [utc(2026, 12, 31, 8), utc(2027, 1, 31, 8), utc(2027, 3, 31, 8)]
    assert {game.notes for game in monthly} == {(Note.SINGLE_GAMES,)}
    assert len({game.key for game in monthly}) == 3
    assert by_title(reading)["Floating"].starts_at == utc(2026, 12, 19, 18), "in the zone that was chosen"
    assert [(one.label, one.why) for one in reading.dropped] == [("Called off", Why.CANCELLED)]


def event(*lines: str) -> str:
    body = "\n".join(("BEGIN:VEVENT", "UID:1", "SUMMARY:Dune", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{body}\nEND:VCALENDAR\n"


START = "DTSTART;TZID=Europe/Berlin:20261203T200000"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((START, "RRULE:FREQ=HOURLY"), Why.TOO_OFTEN),
        ((START, "RRULE:FREQ=DAILY;BYHOUR=8,20"), Why.TOO_OFTEN),
        ((START, "RRULE:FREQ=BOGUS"), Why.BAD_RULE),
        ((START, "RRULE:FREQ=DAILY;INTERVAL=0"), Why.BAD_RULE),
        ((START, "RRULE:FREQ=YEARLY;BYYEARDAY=337"), Why.BAD_RULE),
        ((START, "RRULE:FREQ=WEEKLY;UNTIL=20261001T000000Z"), Why.OVER),
        ((START, "EXDATE:nonsense", "RRULE:FREQ=WEEKLY"), Why.BAD_TIME),
        (("DTSTART:99999999T250000",), Why.BAD_TIME),
        (("DTSTART:16010101T000000",), Why.OVER),
        ((), Why.NO_TIME),
    ],
)
def test_an_event_that_becomes_no_game(lines: tuple[str, ...], why: Why) -> None:
    reading = read(event(*lines))
    assert not reading.games
    assert [one.why for one in reading.dropped] == [why]


@pytest.mark.parametrize(
    ("rule", "ours"),
    [
        ("FREQ=WEEKLY;BYDAY=TH,SA;INTERVAL=2;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,SA;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=1TH", "FREQ=MONTHLY;BYDAY=1TH"),
        ("FREQ=MONTHLY;BYDAY=-1TH", None),  # its first start is not the last Thursday, and counts all the same
        ("FREQ=DAILY;UNTIL=20261210T190000Z", "FREQ=DAILY;UNTIL=20261210"),
        ("FREQ=YEARLY", "FREQ=YEARLY;BYMONTHDAY=3;BYMONTH=12"),
        ("FREQ=WEEKLY;BYHOUR=20;BYMINUTE=0;BYSECOND=0", "FREQ=WEEKLY;BYDAY=TH"),
    ],
)
def test_a_rule(rule: str, ours: str | None) -> None:
    games = read(event(START, f"RRULE:{rule}")).games
    assert games[0].starts_at == utc(2026, 12, 3, 19)
    if ours is not None:
        assert [str(game.repeats.recurrence) for game in games if game.repeats] == [ours]


def test_dates_that_are_added() -> None:
    games = read(event(START, "RDATE;TZID=Europe/Berlin:20261206T200000,20261208T200000")).games
    assert [game.starts_at.day for game in games] == [3, 6, 8]


def test_a_zip_of_google() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("me@example.org.ics", event(START))
    assert [game.title for game in read(file.getvalue()).games] == ["Dune"]


# --- tables ----------------------------------------------------------------------------------------------------


def test_a_table_of_google() -> None:
    reading = read(
        "Subject,Start Date,Start Time,End Date,End Time,All Day Event,Description,Location\r\n"
        '"Dune, again",12/13/2026,7:00 PM,12/13/2026,10:30 PM,False,"Two\nlines",Café\r\n'
        "Holiday,12/24/2026,,12/24/2026,,True,,\r\n"
    )
    (game,) = reading.games
    assert (game.title, game.starts_at, game.minutes) == ("Dune, again", utc(2026, 12, 13, 18), 210)
    assert game.description == "Two\nlines"
    assert [one.why for one in reading.dropped] == [Why.ALL_DAY]


def test_columns_that_are_said() -> None:
    text = "Spiel;Tag;Uhr;Plätze\nCatan;03/04/2027;20:00;4\n"
    unknown = read(text)
    assert unknown.columns == ("Spiel", "Tag", "Uhr", "Plätze")
    assert not unknown.games
    mapping = (("Spiel", "title"), ("Tag", "date"), ("Uhr", "time"), ("Plätze", "seats"))
    assert [one.why for one in read(text, ReadingOptions("UTC", mapping)).dropped] == [Why.WHICH_DAY]
    for day_first, month in ((True, 4), (False, 3)):
        (game,) = read(text, ReadingOptions("UTC", mapping, day_first)).games
        assert (game.starts_at.month, game.seats) == (month, 4)


# --- other bots ------------------------------------------------------------------------------------------------


def test_raid_helper() -> None:
    text = (FILES / "raid_helper.json").read_text().replace("LEADER", "1001").replace("PLAYER", "1002")
    reading = read(text)
    assert reading.source is Source.RAID_HELPER
    (game,) = reading.games
    assert (game.title, game.host_id, game.people, game.minutes) == ("Ulduar 25", 1001, (1001, 1002), 180)
    assert game.notes == (Note.HAS_STATUS,)
    assert [one.why for one in reading.dropped] == [Why.OVER]
    (single,) = read(json.dumps(json.loads(text)["postedEvents"][0])).games
    assert single.key == game.key, "the same event, asked for alone"


def test_rpg_schedule() -> None:
    when = NOW + timedelta(days=3)
    game = {
        "_id": "5f1e", "adventure": "Lost Mine", "date": f"{when:%Y-%m-%d}", "time": "19:30", "timezone": -5,
        "runtime": "4", "players": "6", "where": "Roll20", "dm": {"tag": "bob#1", "id": "1001"}, "frequency": 2,
        "reserved": [{"tag": "c#1", "id": "1002"}, {"tag": "Guest", "id": ""}], "weekdays": [False] * 7,
    }  # fmt: skip
    reading = read(json.dumps([game]))
    (found,) = reading.games
    assert found.starts_at == utc(when.year, when.month, when.day + 1, 0, 30)
    assert (found.minutes, found.seats, found.host_id, found.people) == (240, 6, 1001, (1002,))
    assert found.repeats is not None


SESH = """Dungeons & Dragons

Bring your level 5 character.

Time
<t:1796932800:F> - <t:1796943600:t>

Attendees (2/5)
> Bob
> Charlie
"""
APOLLO = """**Raid night**
We clear it all.

Time
Sat, 12 December 2026 8:00 PM - 10:00 PM

✅ Accepted (2)
> Bob
"""


@pytest.mark.parametrize(
    ("text", "title", "starts_at", "minutes"),
    [
        (SESH, "Dungeons & Dragons", utc(2026, 12, 10, 20), 180),
        (APOLLO, "Raid night", utc(2026, 12, 12, 19), 120),
        ("Catan - <t:1796932800:f>", "Catan", utc(2026, 12, 10, 20), None),
    ],
)
def test_a_pasted_announcement(text: str, title: str, starts_at: datetime, minutes: int | None) -> None:
    (game,) = read(text).games
    assert (game.title, game.starts_at, game.minutes) == (title, starts_at, minutes)
    assert "Bob" not in game.description


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<b><![", "<!["),
        ("<b>a</b><!-- b -->c<![CDATA[d]]>", "ac<![CDATA[d]]>"),
        ("<p>a &amp; b<br/>c<ul><li>d</ul>", "a & b\nc\n• d"),
        ("<a href=https://a.example/?b&amp;c>here</a>", "here (https://a.example/?b&c)"),
        ("<a class=x href='https://a.example'>https://a.example</a>", "https://a.example"),
        ("<a href='javascript:x'>a</a></a><a>b</a>", "ab"),
        ("<b>" + "<a " * 6000, "<a " * 6000),
        ("<b>" + "<!--" * 5000, "<!--" * 5000),
        ("<b>" + "&" * 10_000, "&" * 10_000),
    ],
)
def test_a_description_in_html(html: str, text: str) -> None:
    assert as_plain(html) == text.strip()


def test_a_pasted_list() -> None:
    games = read("Upcoming events\n\nCatan <t:1796932800:f>\nDune <t:1796943600:f>\n").games
    assert [game.title for game in games] == ["Catan", "Dune"]


# --- files that are none -------------------------------------------------------------------------------------


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("calendar.ics", b"0" * (51 * 1024 * 1024))
    return file.getvalue()


def locked() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("calendar.ics", b"x")
    return file.getvalue().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


def zip_of(count: int, content: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"{number}.ics", content)
    return file.getvalue()


MANY = "".join(f"BEGIN:VEVENT\nUID:{n}\nDTSTART:20270101T200000Z\nEND:VEVENT\n" for n in range(501))
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b" \n ", "empty"),
    "huge": (lambda: b"a" * (5 * 1024 * 1024 + 1), "too_large"),
    "truncated": (lambda: (FILES / "google.ics").read_bytes()[:-200], "truncated"),
    "latin-1": (lambda: "title,start\nCaf\xe9,2027".encode("latin-1"), "bad_encoding"),
    "nul": (lambda: b"title,start\nA\0,2027", "bad_encoding"),
    "many": (lambda: f"BEGIN:VCALENDAR\n{MANY}END:VCALENDAR".encode(), "too_many_events"),
    "rows": (lambda: b"title,start\n" + b"a,2027-01-01 20:00\n" * 501, "too_many_events"),
    "bomb": (bomb, "bomb"),
    "locked zip": (locked, "locked"),
    "broken zip": (lambda: locked()[:-10], "bad_zip"),
    "other zip": (lambda: b"PK\x05\x06" + b"\0" * 18, "unknown"),
    "xml": (lambda: b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "markup"),
    "picture": (lambda: b"\x89PNG\r\n", "unknown"),
    "broken json": (lambda: b'[{"startTime": 1', "bad_json"),
    "deep json": (lambda: b"[" * 100_000, "bad_json"),
    "other json": (lambda: b'{"hello": "world"}', "unknown_json"),
    "long ago": (lambda: event(*["DTSTART:20000101T200000Z", "RRULE:FREQ=DAILY"]).encode() * 1, ""),
    "too much": (
        lambda: (
            "BEGIN:VCALENDAR\n"
            + "".join(f"BEGIN:VEVENT\nUID:{n}\nDTSTART:20000101T200000Z\n{NEVER}\nEND:VEVENT\n" for n in range(400))
            + "END:VCALENDAR"
        ).encode(),
        "too_much",
    ),
    "dates": (
        lambda: event("DTSTART:20270101T200000Z", "EXDATE:" + ",".join(["20270101T200000Z"] * 51_000)).encode(),
        "too_much",
    ),
    # Each of which is small, but all of which would take minutes, or a gigabyte.
    "calendars": (lambda: zip_of(501, event(START)), "too_many_events"),
    "entries": (lambda: zip_of(1, "")[:-22] + b"PK\x01\x02" * 2001 + zip_of(1, "")[-22:], "bomb"),
    "lines": (lambda: event(START, *["A:1"] * 50_001).encode(), "too_much"),
    "to-dos": (
        lambda: event(START).replace("BEGIN:VEVENT", "BEGIN:VTODO\nEND:VTODO\n" * 25_001 + "BEGIN:VEVENT").encode(),
        "too_much",
    ),
    "long text": (lambda: b"Catan 2027-01-01 20:00\n" + b"[" * 200_000, "too_much"),
    "values": (lambda: b"[" + b"{}," * 1_600_000 + b"1]", "too_much"),
    "words": (lambda: b"hello there", "unknown"),
    "no rows": (lambda: b"title,start\n", "no_rows"),
}


@pytest.mark.parametrize("name", [name for name, (_, code) in HOSTILE.items() if code])
def test_a_hostile_file(name: str) -> None:
    content, code = HOSTILE[name]
    with pytest.raises(Refused) as refused:
        read(content())
    assert refused.value.refusal.code == code
    assert refused.value.refusal.sentence


@pytest.mark.parametrize("title", ["\\ud800", "a\\u0000b", "\\u0007", "x" * 100_000, "\\n\\n"])
def test_a_label_of_what_is_left_out_can_be_shown(title: str) -> None:
    content = f'[{{"title": "{title}", "startTime": 1}}, {{"title": "{title}", "startTime": "x"}}]'
    dropped = read(content).dropped
    assert len(dropped) == 2
    for one in dropped:
        assert len(one.label) <= TITLE_MAX
        assert not has_control_characters(one.label)


def test_a_rule_of_long_ago() -> None:
    (game,) = read(HOSTILE["long ago"][0]()).games
    assert game.starts_at == utc(2026, 12, 1, 20)


def test_odd_texts_are_read_or_refused() -> None:
    for text in EVERY_ODD_INPUT:
        plain = text.encode(errors="replace").decode()
        for content in (plain, event(START, f"DESCRIPTION:{plain}"), f"title,start\n{plain},2027-01-01 20:00\n"):
            try:
                reading = read(content)
            except Refused:
                continue
            assert all(game.starts_at > NOW for game in reading.games)


@pytest.mark.parametrize("data", [{}, [], None, {"format": "game-scheduler-server", "version": 2}])
def test_a_broken_archive(data: object) -> None:
    with pytest.raises(Refused) as refused:
        read_archive(data, {})
    assert refused.value.refusal.code == "bad_archive"


RULES = (
    "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH,SU;WKST=SU",
    "FREQ=WEEKLY;BYDAY=MO,TH;WKST=MO;COUNT=9",
    "FREQ=MONTHLY;BYMONTHDAY=3,-1", "FREQ=MONTHLY;BYDAY=1MO,-1FR", "FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=-1",
    "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=5SA", "FREQ=YEARLY;BYMONTH=2,6",
    "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR",
    "FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=2", "FREQ=DAILY;BYMONTH=12;BYDAY=TH",
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_dates_are_those_of_the_standard(rule: str) -> None:
    for first in (datetime(2026, 12, 3, 20), datetime(2025, 1, 31, 20)):
        until = datetime(2029, 1, 1)
        kept, _, count = rule.partition(";COUNT=")
        theirs = [at for at in rrulestr(f"{kept};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=first) if at != first]
        theirs = [first, *theirs[: int(count) - 1 if count else None]]
        foreign = ForeignRule(rule, first, "UTC", Budget())
        assert [at for _, at in foreign.starts(first, until)] == theirs
        since = datetime(2028, 5, 5)
        assert [at for _, at in foreign.starts(since, until)] == [at for at in theirs if at >= since]
