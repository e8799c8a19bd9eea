"""A guild's games by the days of a month: which, on which day, and for whom."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.pages import months
from games.pages.months import read_month
from games.pages.tests.test_query_counts import statements
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from guilds.models import VIEW_CHANNEL, Channel, User

PAGE = reverse("guild-month", args=[GUILD])


def days_of(html: str) -> dict[str, list[str]]:
    """Return the titles on each day that has games."""
    parts = re.split(r'<time datetime="(\d{4}-\d\d-\d\d)"', html)[1:]
    found = {
        day: re.findall(r'<a href="/games/\d+/">([^<]+)</a>', text)
        for day, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return {day: titles for day, titles in found.items() if titles}


def game_at(world: World, title: str, starts_at: datetime, **changes: Any) -> Game:
    game = world.create_game(title=title, **changes)
    Game.objects.filter(pk=game.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    return game


def test_games_stand_on_their_days_in_the_readers_zone(world: World, as_person: Any) -> None:
    game_at(world, "Before", datetime(2027, 1, 31, 12, tzinfo=UTC))
    game_at(world, "First", datetime(2027, 1, 31, 23, 30, tzinfo=UTC))
    game_at(world, "Later", datetime(2027, 2, 1, 21, tzinfo=UTC))
    game_at(world, "Last", datetime(2027, 2, 28, 22, 59, tzinfo=UTC))
    game_at(world, "Next", datetime(2027, 2, 28, 23, tzinfo=UTC))
    User.objects.update(zone="Europe/Berlin")
    shown = as_person(world.charlie).get(PAGE, {"month": "2027-02"}).text
    assert days_of(shown) == {"2027-02-01": ["First", "Later"], "2027-02-28": ["Last"]}
    assert "00:30</time>" in shown
    User.objects.update(zone="America/New_York")
    shown = as_person(world.charlie).get(PAGE, {"month": "2027-01"}).text
    assert days_of(shown) == {"2027-01-31": ["Before", "First"]}
    assert f'href="?month={"2026-12"}"' in shown
    assert f'href="?month={"2027-02"}"' in shown


def test_each_day_of_a_clock_change_is_there_once(world: World, as_person: Any) -> None:
    User.objects.update(zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    for month, day in ((3, 28), (10, 31)):
        game_at(world, f"On {month}", datetime(2027, month, day, 23, 30, tzinfo=berlin))
        shown = as_person(world.charlie).get(PAGE, {"month": f"2027-{month:02}"}).text
        assert days_of(shown)[f"2027-{month:02}-{day}"] == [f"On {month}"]
        days = re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)"', shown)
        assert len(days) == len(set(days)) == 35


def test_what_somebody_may_not_see_is_in_no_month(world: World, as_person: Any) -> None:
    at = datetime(2027, 2, 10, 20, tzinfo=UTC)
    game_at(world, "Officers", at, channel_id=world.other_channel.pk)
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    hidden = scheduling.create_game(
        GUILD, world.make_plan(title="Draft"), Actor(world.bob, EntryPoint.PAGE), world.now, announce=draft
    ).game
    Game.objects.filter(pk=hidden.pk).update(starts_at=at, ends_at=at + timedelta(hours=1))
    off = game_at(world, "Called off", at)
    cancellation.cancel_game(off.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]])

    def seen(person: User) -> set[str]:
        found = days_of(as_person(person).get(PAGE, {"month": "2027-02"}).text)
        return {title for titles in found.values() for title in titles}

    assert seen(world.charlie) == {"Called off"}
    assert '<span class="tag cancelled">' in as_person(world.charlie).get(PAGE, {"month": "2027-02"}).text
    assert '<span class="tag draft">' in as_person(world.bob).get(PAGE, {"month": "2027-02"}).text
    assert seen(world.bob) == {"Called off", "Draft"}
    assert seen(world.alice) == {"Called off", "Draft", "Officers"}
    assert as_person(User.objects.create(id=999, username="999")).get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2027-02", date(2027, 2, 1)),
        ("2000-01", date(2000, 1, 1)),
        ("2199-12", date(2199, 12, 1)),
        *(
            (one, date(2026, 11, 1))
            for one in ("", "2027-13", "2027-00", "1999-12", "2200-01", "0000-01", "2027-2", "x")
        ),
        ("2027-02\n", date(2026, 11, 1)),
        ("\N{ARABIC-INDIC DIGIT TWO}027-02", date(2026, 11, 1)),
    ],
)
def test_a_month_is_read(text: str, first: date) -> None:
    assert read_month(text, date(2026, 11, 29)) == first


@pytest.mark.parametrize("month", ["2000-01", "2199-12", "9999-99"])
def test_the_ends_of_all_dates(world: World, as_person: Any, month: str) -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        User.objects.update(zone=zone)
        assert as_person(world.charlie).get(PAGE, {"month": month}).status_code == 200


def test_a_month_takes_as_many_statements_for_many_games(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = as_person(world.charlie), f"{PAGE}?month=2027-02"
    game_at(world, "One", datetime(2027, 2, 10, 20, tzinfo=UTC))
    client.get(address)
    few = len(statements(lambda: client.get(address)))
    assert few <= 7
    for number in range(8):
        game_at(world, f"More {number}", datetime(2027, 2, 11 + number, 20, tzinfo=UTC))
    assert len(statements(lambda: client.get(address))) == few
    monkeypatch.setattr(months, "MAX_SHOWN", 5)
    shown = client.get(address).text
    assert sum(map(len, days_of(shown).values())) == 5
    assert "There are more games" in shown
