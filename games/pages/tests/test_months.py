"""Games by the days of a month: which, on which day, and for whom."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.pages import game_list, months
from games.pages.months import read_month
from games.pages.tests.test_lists import walk
from games.pages.tests.test_query_counts import statements
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from guilds.models import VIEW_CHANNEL, Channel, User

PAGE = reverse("guild-month", args=[GUILD])


def days_of(html: str) -> dict[str, list[str]]:
    """Return the titles on each day that has games."""
    parts = re.split(r'id="day-(\d{4}-\d\d-\d\d)"', html)[1:]
    found = {
        day: [
            title.strip()
            for title in re.findall(r'<a href="/games/\d+/"><time[^>]*>[^<]*</time> <bdi>([^<]+)</bdi></a>', text)
        ]
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
    User.objects.update(language="he")  # whose weeks begin on Sunday, and this month's last with its last day
    shown = as_person(world.charlie).get(PAGE, {"month": "2027-02"}).text
    assert days_of(shown) == {"2027-01-31": ["Before"], "2027-02-01": ["First", "Later"],
                              "2027-02-28": ["Last"], "2027-03-01": ["Next"]}  # fmt: skip
    User.objects.update(zone="America/New_York", language="")
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
        days = re.findall(r'id="day-(\d{4}-\d\d-\d\d)"', shown)
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
    monkeypatch.setattr(months, "MAX_COUNTED", 5)
    shown = client.get(address)
    assert sum(map(len, days_of(shown.text).values())) == 5
    assert shown.context["month"].more


def test_a_full_day_has_a_page_of_its_own(world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, day = as_person(world.charlie), datetime(2027, 2, 10, 12, tzinfo=UTC)
    User.objects.update(zone="Europe/Berlin")
    names = [f"Game {number}" for number in range(6)]
    for number, title in enumerate(names):
        game_at(world, title, day + timedelta(hours=number))
    game_at(world, "Next day", day + timedelta(hours=11))
    monkeypatch.setattr(game_list, "PER_PAGE", 4)
    shown = client.get(PAGE, {"month": "2027-02"}).text
    assert days_of(shown) == {"2027-02-10": names[: months.SHOWN_PER_DAY], "2027-02-11": ["Next day"]}
    assert '<a href="?day=2027-02-10">3 more</a>' in shown
    assert walk(client, f"{PAGE}?day=2027-02-10") == names
    for text in ("2027-02-30", "1999-12-31", "x", "2027-02-10T00", "٢٠٢٧-٠٢-١٠"):
        assert "month" in client.get(PAGE, {"day": text}).context, "what is no day shows the month"
    for text in ("2000-01-01", "2199-12-31"):
        assert client.get(PAGE, {"day": text}).status_code == 200


def test_my_month_has_my_games_of_all_servers(world: World, as_person: Any) -> None:
    at = datetime(2027, 2, 10, 20, tzinfo=UTC)
    game_at(world, "Not mine", at)
    mine = game_at(world, "Mine", at + timedelta(days=1))
    hidden = game_at(world, "Hidden", at + timedelta(days=2), channel_id=world.other_channel.pk)
    for game in (mine, hidden):
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]])
    client, address = as_person(world.charlie), reverse("month")
    shown = client.get(address, {"month": "2027-02"}).text
    assert days_of(shown) == {"2027-02-11": ["Mine"]}
    assert re.search(r'<li class="you">.*?<span class="tag you">', shown), "by words too, not by colour alone"
    assert "<caption" in shown
    assert len(re.findall(r'<th scope="col">', shown)) == 7
    assert days_of(as_person(world.bob).get(address, {"month": "2027-02"}).text).keys() == {
        f"2027-02-{day}" for day in (10, 11)
    }
    day = client.get(address, {"day": "2027-02-12"}).text
    assert "Hidden" not in day
    assert len(statements(lambda: client.get(address, {"month": "2027-02"}))) <= 7


def test_a_month_of_who_is_in_no_server(world: World, as_person: Any) -> None:
    game_at(world, "One", datetime(2027, 2, 10, 20, tzinfo=UTC))
    stranger = as_person(User.objects.create(id=999, username="999"))
    assert days_of(stranger.get(reverse("month"), {"month": "2027-02"}).text) == {}
    assert stranger.get(reverse("month"), {"day": "2027-02-10"}).status_code == 200
