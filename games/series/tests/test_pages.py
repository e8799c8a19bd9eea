"""The page on which a game repeats: what it offers, previews, refuses and gives back."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from conftest import World
from discord_bot.render import announcement_embed
from games.models import Game, Series
from games.posts.announcement import announcement_view
from games.series import wording
from games.series.expansion import make_due_games
from games.series.tests.scene import WEEK, local_start, repeat
from gamesched.testing.page_forms import form_to

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def game(world: World) -> Game:
    """A game on the Friday before clocks go forward in Berlin."""
    now = world.now.astimezone(BERLIN)
    change = next(
        day
        for day in (now + timedelta(days=number) for number in range(20, 600))
        if day.utcoffset() < (day + timedelta(days=1)).utcoffset()  # type: ignore[operator]
    )
    friday = datetime(change.year, change.month, change.day, 20, tzinfo=BERLIN) - timedelta(days=change.weekday() - 4)
    return world.create_game(starts_at=friday)


def form_of(client: Any, game: Game, **typed: Any) -> Any:
    address = reverse("game-repeat", args=[game.pk])
    return form_to(client, address, address, **typed)


def test_the_game_page_leads_to_it(world: World, game: Game, as_person: Any) -> None:
    address = reverse("game-repeat", args=[game.pk])
    assert address in as_person(world.bob).get(game.get_absolute_url()).text
    assert address not in as_person(world.charlie).get(game.get_absolute_url()).text


def test_the_page_opens_with_six_dates_of_what_it_begins_with(world: World, game: Game, as_person: Any) -> None:
    preview = as_person(world.bob).get(reverse("game-repeat", args=[game.pk])).context["preview"]
    days = [date.fromisoformat(row["day"]) for row in preview["dates"]]
    first = game.starts_at.astimezone(BERLIN).date()
    assert [(day - first).days % 7 for day in days] == [0] * 6


def test_a_game_repeats_weekly(world: World, game: Game, as_person: Any) -> None:
    client = as_person(world.bob)
    form = form_of(client, game)
    assert form["pattern"] == ["weekly"]
    answer = client.post(reverse("game-repeat", args=[game.pk]), form)
    assert answer.url == reverse("game-repeat", args=[game.pk])
    series = Series.objects.get()
    assert (series.rule, series.lead_days, series.start_time.hour) == ("FREQ=WEEKLY;BYDAY=FR", 7, 20)
    page = client.get(game.get_absolute_url()).text
    assert "Repeats weekly on Friday" in page
    assert reverse("game-edit-later", args=[game.pk]) in page


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ({"interval": "2", "weekdays": ["MO", "FR"]}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
        ({"weekdays": []}, "FREQ=WEEKLY;BYDAY=FR"),
        ({"pattern": "monthly_weekday"}, "FREQ=MONTHLY;BYDAY={nth}FR"),
        ({"pattern": "rule", "rule": "RRULE:FREQ=DAILY;COUNT=9"}, "FREQ=DAILY;COUNT=9"),
        ({"pattern": "rule", "rule": "FREQ=DAILY;COUNT=9", "count": "5"}, "FREQ=DAILY;COUNT=5"),
        ({"count": "5"}, "FREQ=WEEKLY;BYDAY=FR;COUNT=5"),
    ],
)
def test_what_is_chosen_is_stored_and_shown_again(
    world: World, game: Game, as_person: Any, typed: dict[str, Any], rule: str
) -> None:
    client = as_person(world.bob)
    nth = (local_start(game).day - 1) // 7 + 1
    rule = rule.format(nth=nth if nth < 5 else -1)
    form = form_of(client, game, **typed)
    assert client.post(reverse("game-repeat", args=[game.pk]), form).status_code == 302
    assert Series.objects.get().rule == rule
    again = form_of(client, game)
    client.post(reverse("game-repeat", args=[game.pk]), again)
    assert Series.objects.get().rule == rule


def test_the_preview_lists_six_dates_and_flags_the_clocks(world: World, game: Game, as_person: Any) -> None:
    client = as_person(world.bob)
    address = reverse("game-repeat", args=[game.pk])
    without_script = client.post(address, form_of(client, game, preview="1"))
    fragment = client.post(address, form_of(client, game), headers={"HX-Request": "true"})
    for answer in (without_script, fragment):
        assert answer.status_code == 200
        dates = answer.text.partition('id="dates"')[2]
        assert dates.count("<time") == 6
        assert dates.count(wording.CLOCKS["changed"]) == 1
        assert dates.index("CET") < dates.index(wording.CLOCKS["changed"])
        assert "20:00 CEST" in dates
    assert "<html" not in fragment.text
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"until": "2026-01-01"}, "end before it begins"),
        ({"count": "1"}, wording.NO_COUNT),
        ({"until": "2030-01-01", "count": "4"}, wording.TWO_ENDS),
        ({"pattern": "rule", "rule": "FREQ=SOMETIMES"}, "FREQ=SOMETIMES"),
        ({"pattern": "rule", "rule": ""}, wording.NO_RULE),
        ({"pattern": "rule", "rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, wording.NEVER),
        ({"pattern": "rule", "rule": "FREQ=DAILY", "lead_days": "300"}, wording.too_many_ahead(200)),
        ({"pattern": "rule", "rule": "FREQ=DAILY;BYSETPOS=" + ",".join(map(str, range(1, 96)))}, wording.TOO_LONG),
        ({"interval": "0"}, wording.NO_INTERVAL),
        ({"lead_days": ""}, wording.NO_LEAD),
        ({"until": "9999-12-31"}, wording.NO_USABLE_DATE),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    world: World, game: Game, as_person: Any, typed: dict[str, Any], sentence: str
) -> None:
    client, address = as_person(world.bob), reverse("game-repeat", args=[game.pk])
    answer = client.post(address, form_of(client, game, **typed))
    assert answer.status_code == 422
    assert sentence in answer.text
    for value in typed.values():
        assert value in answer.text
    live = client.post(address, form_of(client, game, **typed), headers={"HX-Request": "true"})
    assert sentence in live.text
    assert not Series.objects.exists()


def test_dates_are_skipped_and_taken_in_again(world: World, game: Game, as_person: Any) -> None:
    series, client = repeat(world, game), as_person(world.bob)
    page, day = reverse("game-repeat", args=[game.pk]), (local_start(game).date() + WEEK).isoformat()
    client.post(reverse("game-skip", args=[game.pk]), {"day": day})
    series.refresh_from_db()
    assert [one.isoformat() for one in series.skipped] == [day]
    assert "Take it in again" in client.get(page).text
    client.post(reverse("game-unskip", args=[game.pk]), {"day": day})
    series.refresh_from_db()
    assert series.skipped == []
    assert wording.NOT_A_DATE in client.post(reverse("game-skip", args=[game.pk]), {"day": "x"}, follow=True).text


def test_a_break_is_made_and_ended(world: World, game: Game, as_person: Any) -> None:
    series, client = repeat(world, game), as_person(world.bob)
    address = reverse("game-pause", args=[game.pk])
    until = (local_start(game).date() + 2 * WEEK).isoformat()
    assert client.post(address, {"pause_until": until}).status_code == 302
    series.refresh_from_db()
    assert str(series.paused_until) == until
    assert "in the break" in client.get(reverse("game-repeat", args=[game.pk])).text
    refused = client.post(address, {"pause_until": "2020-01-01"})
    assert refused.status_code == 422
    assert wording.BREAK_PAST in refused.text
    assert "2020-01-01" in refused.text
    client.post(reverse("game-resume", args=[game.pk]))
    series.refresh_from_db()
    assert series.paused_until is None


def test_a_series_ends(world: World, game: Game, as_person: Any) -> None:
    series, client = repeat(world, game), as_person(world.bob)
    client.post(reverse("game-end-series", args=[game.pk]))
    series.refresh_from_db()
    assert series.ended_at is not None
    assert "<dt>Series</dt>" not in client.get(game.get_absolute_url()).text


def test_regulars_and_substitutes_are_chosen_among_the_players(world: World, game: Game, as_person: Any) -> None:
    from games.core.base import Actor, EntryPoint
    from games.signups import actions as signups

    dan = world.add_member(100)
    for who in (world.charlie, dan):
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    client = as_person(world.bob)
    chosen = {f"player-{world.charlie.pk}": "regular", f"player-{dan.pk}": "substitute"}
    client.post(reverse("game-repeat", args=[game.pk]), form_of(client, game, **chosen))
    series = Series.objects.get()
    assert list(series.players.values_list("user_id", "is_substitute")) == [(world.charlie.pk, False), (dan.pk, True)]
    assert form_of(client, game)[f"player-{dan.pk}"] == ["substitute"]


def test_later_games_follow_an_edit(world: World, as_person: Any) -> None:
    game = world.create_game()
    series = repeat(world, game, lead_days=14)
    make_due_games(world.now)
    client, address = as_person(world.bob), reverse("game-edit-later", args=[game.pk])
    answer = client.post(address, form_to(client, address, address, title="Tomb of Horrors"))
    assert answer.url == reverse("game-repeat", args=[game.pk]), "where the next dates are listed"
    assert {one.title for one in series.games.all()} == {"Tomb of Horrors"}
    other = world.create_game()
    assert client.get(reverse("game-edit-later", args=[other.pk])).url == other.get_absolute_url()


def test_the_post_says_that_it_repeats(world: World, game: Game) -> None:
    assert "Repeats" not in str(announcement_embed(announcement_view(game, world.now)).to_dict())
    repeat(world, game)
    game.refresh_from_db()
    assert "Repeats weekly on Friday" in str(announcement_embed(announcement_view(game, world.now)).to_dict())


def test_why_the_next_game_is_not_there(world: World, game: Game, as_person: Any) -> None:
    series = repeat(world, game)
    Series.objects.filter(pk=series.pk).update(problem_code="too_many")
    page = as_person(world.bob).get(reverse("game-repeat", args=[game.pk])).text
    assert wording.PROBLEMS["too_many"] in page
