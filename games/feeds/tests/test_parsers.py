"""What other programs make of a feed: the same moments, the same texts, and of hostile ones no more than text."""

from datetime import UTC, datetime, timedelta

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.feeds.tests.parsers import READERS, ReadEvent, local_time
from games.feeds.tests.test_feed import address, events_in, fetch, join
from games.models import CalendarFeed, Game
from games.scheduling import cancellation
from notifications.models import Preference


def read_all(body: str) -> ReadEvent:
    """Return a file's only event, which every parser reads alike."""
    seen = {name: list(reader(body)) for name, reader in READERS.items()}
    if r"\\n" in body.casefold():
        del seen["ics"]  # of an escaped backslash and an n, it makes the end of a line
    first, *others = seen.values()
    assert len(first) == 1
    for other in others:
        assert other == first, seen
    return first[0]


HOSTILE = [
    "Dune; part 1, \\n again",
    "A\r\nBEGIN:VEVENT\r\nUID:forged",
    "A\nEND:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR",
    " \r\n continued\r\n\tDTSTART:19700101T000000Z",
    "one\rtwo\x0bthree\x0cfour\x85five\u2028six\u2029seven\x1ceight",
    "\N{FAMILY}\U0001f469\u200d\U0001f469\u200d\U0001f467" * 30,
    "ä" * 190,
    "\U0001f409" * 2500,
    "x" * 10_000,
    '"quoted": =%41; X="a"',
    "a^nb^'c^^d \\N \\; \\, \\\\n",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil\x07\x1b[31m",
]


def test_typed_text_stays_text(world: World) -> None:
    game = world.create_game(description="x", location="y", instructions="z")
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)
    for text in HOSTILE:
        CalendarFeed.objects.update(fetches=0)  # it is fetched more often than anybody may
        Game.objects.update(title=text[:200], description=text, location=text[:200], instructions=text)
        stays_text(game, path, text[:40])


def stays_text(game: Game, path: str, name: str) -> None:
    answer = fetch(path)
    body = answer.content
    lines = body.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines), name
    others = (b"\r", b"\n", b"\x0b", b"\x07", b"\x1b", b"\x1c")
    assert not any(one in body.replace(b"\r\n", b"") for one in others), name
    [line.decode() for line in lines]  # no character is torn apart
    theirs = read_all(body.decode())
    [ours] = events_in(answer).values()
    for event in (theirs.summary, theirs.location, theirs.description, ours["SUMMARY"]):
        assert event, name
    assert theirs.uid == f"{GUILD}-{game.pk}@game-scheduler", name
    assert theirs.summary == ours["SUMMARY"], name
    assert theirs.description == ours["DESCRIPTION"], name
    assert theirs.location == ours["LOCATION"], name


def test_backslashes_are_read_as_typed(world: World) -> None:
    title = r"D:\New; C:\new, \; \\N"
    join(world.create_game(title=title), world.charlie, world.now)
    assert read_all(fetch(address(world.charlie, world.now)).text).summary == title


MOMENTS = [
    ("Europe/Berlin", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # 3:30, half an hour after the clocks changed
    ("Europe/Berlin", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # the first 2:30
    ("Europe/Berlin", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),  # the second
    ("America/New_York", datetime(2027, 11, 7, 6, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, 15, tzinfo=UTC)),  # changes by half an hour
    ("Africa/Casablanca", datetime(2027, 2, 20, 20, 0, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2027, 7, 2, 20, 0, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2027, 7, 2, 20, 0, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2027, 4, 3, 14, 30, tzinfo=UTC)),
    ("Etc/GMT+5", datetime(2027, 7, 2, 20, 0, tzinfo=UTC)),
    ("UTC", datetime(2027, 12, 31, 23, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2190, 7, 2, 20, 0, tzinfo=UTC)),
]


def test_every_parser_reads_the_same_moment(world: World) -> None:
    game = world.create_game(title="Game")
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)
    for zone, starts_at in MOMENTS:
        CalendarFeed.objects.update(fetches=0)
        ends_at = starts_at + timedelta(hours=2)
        Game.objects.update(zone=zone, starts_at=starts_at, ends_at=ends_at)
        answer = fetch(path)
        ours, body = events_in(answer)["Game"], answer.text
        theirs = read_all(body)
        times = [
            (ours["DTSTART"].dt, ours["DTEND"].dt),
            (theirs.starts_at, theirs.ends_at),
            (local_time(body, "DTSTART"), local_time(body, "DTEND")),
        ]
        for start, end in times:
            assert (start.astimezone(UTC), end.astimezone(UTC)) == (starts_at, ends_at), (zone, starts_at)


def test_every_parser_reads_what_a_game_is(world: World) -> None:
    starts_at = datetime(2027, 7, 2, 18, 30, tzinfo=UTC)
    Preference.objects.create(user=world.charlie, guild_id=GUILD, reminder_minutes=15)
    game = world.create_game(
        title="Dune, part 1; again", seats=1, starts_at=starts_at, description="**Bring** dice.", location="Bob's attic"
    )
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)

    def version() -> int:
        return Game.objects.values_list("post_version", flat=True).get()

    expected = ReadEvent(
        f"{GUILD}-{game.pk}@game-scheduler",
        starts_at,
        starts_at + timedelta(hours=2),
        "Dune, part 1; again",
        f"Bring dice.\n\n{game.url}",
        "Bob's attic",
        game.url,
        "CONFIRMED",
        "OPAQUE",
        version(),
        tuple(timedelta(minutes=-minutes) for minutes in (1440, 60, 15)),
    )
    assert read_all(fetch(path).text) == expected
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    cancelled = read_all(fetch(path).text)
    assert (cancelled.uid, cancelled.status, cancelled.alarms) == (expected.uid, "CANCELLED", ())
    assert cancelled.sequence == version() > expected.sequence
