"""Games of a series in calendars: one UID for all of them, and each by the start that it had before it was moved."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.feeds.tests.parsers import READERS
from games.feeds.tests.test_feed import address, fetch
from games.models import Game
from games.scheduling import cancellation
from games.series.tests.scene import repeat

BERLIN = ZoneInfo("Europe/Berlin")


def test_games_of_a_series_are_its_occurrences(world: World) -> None:
    """Across a change of clocks, with one moved past the next year and one cancelled."""
    starts = [datetime(2027, 10, 22, 20, tzinfo=BERLIN) + timedelta(weeks=n) for n in range(3)]
    games = [world.create_game(title=f"Night {n}", starts_at=at) for n, at in enumerate(starts)]
    single = world.create_game(title="Single", starts_at=starts[0])
    series = repeat(world, games[0])
    for game, at in zip(games, starts, strict=True):
        Game.objects.filter(pk=game.pk).update(series=series, series_date=at.date(), series_start=at)
    moved = datetime(2028, 1, 7, 19, tzinfo=BERLIN)
    Game.objects.filter(pk=games[1].pk).update(starts_at=moved, ends_at=moved + timedelta(hours=2))
    cancellation.cancel_game(games[2].pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    body = fetch(address(world.bob, world.now)).text
    ours: dict[str, Any] = {str(one["SUMMARY"]): one for one in Calendar.from_ical(body).walk("VEVENT")}
    assert {name: one["RECURRENCE-ID"].dt for name, one in ours.items() if "RECURRENCE-ID" in one} == {
        f"Night {n}": at for n, at in enumerate(starts)
    }
    assert [ours[f"Night {n}"]["DTSTART"].dt for n in range(3)] == [starts[0], moved, starts[2]]
    uid = f"{GUILD}-series-{series.pk}@game-scheduler"
    for name, reader in READERS.items():
        read = {one.summary: (one.uid, one.starts_at, one.status) for one in reader(body)}
        assert read == {
            "Night 0": (uid, starts[0], "CONFIRMED"),
            "Night 1": (uid, moved, "CONFIRMED"),
            "Night 2": (uid, starts[2], "CANCELLED"),
            "Single": (f"{GUILD}-{single.pk}@game-scheduler", starts[0], "CONFIRMED"),
        }, name


def test_of_two_with_the_same_place_none_is_lost(world: World) -> None:
    games = [world.create_game(title=f"Night {n}") for n in range(2)]
    series = repeat(world, games[0])
    Game.objects.filter(pk=games[1].pk).update(series=series, series_start=games[0].starts_at)
    uids = [str(one["UID"]) for one in Calendar.from_ical(fetch(address(world.bob, world.now)).text).walk("VEVENT")]
    assert len(set(uids)) == 2
