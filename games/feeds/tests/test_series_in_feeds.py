"""Games of a series in calendars: one UID for all of them, and each by the start that it had before it was moved."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.feeds.tests.parsers import READERS, RECURRENCE_READERS
from games.feeds.tests.test_feed import address, fetch
from games.models import Game
from games.scheduling import cancellation
from games.scheduling.actions import edit_game, plan_from_game
from games.scheduling.rules import change_plan
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


def test_a_game_of_a_series_that_is_moved_stays_its_occurrence(world: World) -> None:
    """It has the start that it had before, a higher sequence number and a later time; the others stay as they are."""
    starts = [datetime(2027, 10, 22, 20, tzinfo=BERLIN) + timedelta(weeks=n) for n in range(2)]
    games = [world.create_game(title=f"Night {n}", starts_at=at) for n, at in enumerate(starts)]
    series = repeat(world, games[0])
    for game, at in zip(games, starts, strict=True):
        Game.objects.filter(pk=game.pk).update(series=series, series_date=at.date(), series_start=at)
    path = address(world.bob, world.now)

    def events() -> dict[str, Any]:
        return {str(one["SUMMARY"]): one for one in Calendar.from_ical(fetch(path).text).walk("VEVENT")}

    before, later = events(), world.now + timedelta(minutes=1)
    moved = datetime(2028, 1, 7, 19, tzinfo=BERLIN)
    plan = change_plan(plan_from_game(Game.objects.get(pk=games[1].pk)), starts_at=moved)
    edit_game(games[1].pk, plan, Actor(world.bob, EntryPoint.PAGE), later)
    after, body = events(), fetch(path).text
    assert after["Night 0"].to_ical() == before["Night 0"].to_ical()
    was, now = before["Night 1"], after["Night 1"]
    assert (now["UID"], now["RECURRENCE-ID"].to_ical()) == (was["UID"], was["RECURRENCE-ID"].to_ical())
    assert now["SEQUENCE"] > was["SEQUENCE"]
    assert (now["DTSTAMP"].dt, now["DTSTART"].dt) == (later.replace(microsecond=0), moved)
    for name, reader in RECURRENCE_READERS.items():
        assert reader(body) == {starts[0]: starts[0], starts[1]: moved}, name
    for name, event_reader in READERS.items():
        read = {one.summary: one for one in event_reader(body)}["Night 1"]
        assert (read.starts_at, read.sequence) == (moved, int(now["SEQUENCE"])), name


def test_of_two_with_the_same_place_none_is_lost(world: World) -> None:
    games = [world.create_game(title=f"Night {n}") for n in range(2)]
    series = repeat(world, games[0])
    Game.objects.filter(pk=games[1].pk).update(series=series, series_start=games[0].starts_at)
    uids = [str(one["UID"]) for one in Calendar.from_ical(fetch(address(world.bob, world.now)).text).walk("VEVENT")]
    assert len(set(uids)) == 2
