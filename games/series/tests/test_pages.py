"""The page on which a game repeats: what it offers, previews, refuses and gives back."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils.html import escape

from conftest import World
from discord_bot.render import announcement_embed
from games.core import wording as core_wording
from games.core.base import Actor, EntryPoint
from games.models import Game, GameTemplate, Series
from games.posts.announcement import announcement_view
from games.series import wording
from games.series.actions import players_of
from games.series.expansion import make_due_games
from games.series.tests.scene import WEEK, local_start, repeat
from games.signups import actions as signups
from gamesched.testing.page_forms import form_to
from guilds.models import Member

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
        ({"until": "2026-01-01"}, "The series starts on"),
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
    assert escape(sentence) in answer.text
    for value in typed.values():
        assert value in answer.text
    live = client.post(address, form_of(client, game, **typed), headers={"HX-Request": "true"})
    assert escape(sentence) in live.text
    assert not Series.objects.exists()


def test_dates_are_skipped_and_taken_in_again(world: World, game: Game, as_person: Any) -> None:
    series, client = repeat(world, game), as_person(world.bob)
    page, day = reverse("game-repeat", args=[game.pk]), (local_start(game).date() + WEEK).isoformat()
    client.post(reverse("game-skip", args=[game.pk]), {"day": day})
    series.refresh_from_db()
    assert [one.isoformat() for one in series.skipped] == [day]
    assert "Bring it back" in client.get(page).text
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
    assert "· paused" in client.get(reverse("game-repeat", args=[game.pk])).text
    refused = client.post(address, {"pause_until": "2020-01-01"})
    assert refused.status_code == 422
    assert wording.BREAK_PAST in refused.text
    assert "2020-01-01" in refused.text
    client.post(reverse("game-resume", args=[game.pk]))
    series.refresh_from_db()
    assert series.paused_until is None


@pytest.mark.parametrize("word", ["skip", "unskip", "pause", "resume", "end-series", "correct-series"])
def test_who_does_not_run_it_may_not(world: World, game: Game, as_person: Any, word: str) -> None:
    series, day = repeat(world, game), (local_start(game).date() + WEEK).isoformat()
    before = Series.objects.values().get()
    typed = {"day": day, "pause_until": day, "host": "@charlie", "channel": str(world.other_channel.pk)}
    answer = as_person(world.charlie).post(reverse(f"game-{word}", args=[game.pk]), typed)
    assert answer.status_code == 403
    assert Series.objects.values().get(pk=series.pk) == before


def test_a_series_ends(world: World, game: Game, as_person: Any) -> None:
    series, client = repeat(world, game), as_person(world.bob)
    client.post(reverse("game-end-series", args=[game.pk]))
    series.refresh_from_db()
    assert series.ended_at is not None
    assert "<dt>Series</dt>" not in client.get(game.get_absolute_url()).text


def test_regulars_and_substitutes_are_named_in_their_order(world: World, game: Game, as_person: Any) -> None:
    dan, eve = world.add_member(100, "Dan the Bold"), world.add_member(101)
    client, address = as_person(world.bob), reverse("game-repeat", args=[game.pk])
    named = {"regulars": f"<@{eve.pk}>\n@charlie", "substitutes": f"@Dan the Bold, <@{world.alice.pk}>"}
    assert client.post(address, form_of(client, game, **named)).status_code == 302
    kept = (eve.pk, world.charlie.pk), (dan.pk, world.alice.pk)
    assert players_of(Series.objects.get()) == kept, "nobody of them plays in this game"
    page = client.get(address).text
    assert page.index("Dan the Bold") < page.index("alice")
    assert f"Dan the Bold &lt;@{dan.pk}&gt;" in page
    client.post(address, form_of(client, game, lead_days="9"))
    assert players_of(Series.objects.get()) == kept, "what the form shows is what it saves"
    client.post(address, form_of(client, game, regulars="", substitutes="@charlie"))
    assert players_of(Series.objects.get()) == ((), (world.charlie.pk,))


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"regulars": "@nobody", "substitutes": "@charlie"}, core_wording.nobody_is_called(False, looked_up=False)),
        ({"regulars": "@charlie", "substitutes": "Zoe from work"}, wording.not_a_player("Zoe from work")),
        ({"regulars": "@charlie", "substitutes": "@charlie"}, wording.IN_BOTH),
    ],
)
def test_who_cannot_be_named_is_said_and_both_lists_stay(
    world: World, game: Game, as_person: Any, named: dict[str, str], sentence: str
) -> None:
    client = as_person(world.bob)
    answer = client.post(reverse("game-repeat", args=[game.pk]), form_of(client, game, **named))
    assert answer.status_code == 422
    assert escape(sentence) in answer.text
    assert [answer.context["form"][name].value() for name in named] == list(named.values())
    assert not Series.objects.exists()


def test_of_several_one_is_chosen_in_either_list(world: World, game: Game, as_person: Any) -> None:
    dan, _ = world.add_member(100, "Dan"), world.add_member(101, "Dan")
    client, address = as_person(world.bob), reverse("game-repeat", args=[game.pk])
    typed = form_of(client, game, regulars="@charlie", substitutes="@dan")
    response = client.post(address, typed)
    assert 'name="choice:@dan"' in response.text
    assert client.post(address, typed | {"choice:@dan": str(dan.pk)}).status_code == 302
    assert players_of(Series.objects.get()) == ((world.charlie.pk,), (dan.pk,))


def test_the_dates_shown_while_one_types_ask_discord_about_nobody(
    world: World, game: Game, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, lookups = as_person(world.bob), list[str]()
    monkeypatch.setattr("games.signups.participant_lookup.resolve_typed_names", lambda *names: lookups.append("names"))
    typed = form_of(client, game, regulars="@nobody")
    live = client.post(reverse("game-repeat", args=[game.pk]), typed, headers={"HX-Request": "true"})
    assert live.text.count("<time") == 6
    assert not lookups


def test_who_stands_there_already_is_not_asked_about_again(
    world: World, game: Game, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeat(world, game, regulars=(world.charlie.pk,))
    Member.objects.update(member_read_at=world.now - WEEK)
    lookups = list[Any]()

    def look_up(guild_id: int, wanted: list[Any], seconds: float) -> list[Any]:
        lookups.extend(wanted)
        return []

    monkeypatch.setattr("games.signups.participant_lookup.look_up_people", look_up)
    client, address = as_person(world.bob), reverse("game-repeat", args=[game.pk])
    typed = form_of(client, game, substitutes=f"<@{world.alice.pk}>")
    assert client.post(address, typed).status_code == 302
    assert lookups == [world.alice.pk]
    assert players_of(Series.objects.get()) == ((world.charlie.pk,), (world.alice.pk,))


@pytest.mark.parametrize("layer", ["template", "game"])
@pytest.mark.parametrize("door", ["page", "command line"])
def test_players_become_regulars_where_a_setting_says_so(world: World, as_person: Any, door: str, layer: str) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Table", players_become_regulars=True)
    where = {"template_id": template.pk} if layer == "template" else {"players_become_regulars": True}
    game, dan = world.create_game(seats=1, **where), world.add_member(100)
    for who in (dan, world.charlie):
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    if door == "page":
        client = as_person(world.bob)
        client.post(reverse("game-repeat", args=[game.pk]), form_of(client, game))
    else:
        call_command("game", "repeat", str(game.pk), "--rule=FREQ=WEEKLY")
    assert players_of(Series.objects.get()) == ((dan.pk,), ()), "who waits has no seat"


def test_players_stay_out_where_no_setting_says_otherwise(world: World, game: Game, as_person: Any) -> None:
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert form_of(as_person(world.bob), game)["regulars"] == [""]


# --- this game and later ones --------------------------------------------------------------------------------


def edit_form(client: Any, game: Game, **typed: Any) -> tuple[str, dict[str, Any]]:
    address = reverse("game-edit-later", args=[game.pk])
    return address, form_to(client, address, address, **typed)


def test_an_edit_shows_the_next_dates_before_it_is_saved(world: World, game: Game, as_person: Any) -> None:
    """The Friday game before clocks go forward in Berlin moves to Saturdays in New York, where they do so earlier."""
    repeat(world, game)
    client, saturday = as_person(world.bob), local_start(game).date() + timedelta(days=1)
    typed = {"date": saturday.isoformat(), "time": "13:00", "zone": "America/New_York", "fold": ""}
    address, form = edit_form(client, game, **typed)
    assert client.get(address).text.partition('id="dates"')[2].count("<time") == 6
    fragment = client.post(address, form, headers={"HX-Request": "true"})
    page = client.post(address, form | {"preview": "1"})
    zone = ZoneInfo("America/New_York")
    days = [saturday + number * WEEK for number in range(6)]
    starts = [datetime(day.year, day.month, day.day, 13, tzinfo=zone) for day in days]
    for answer in (fragment, page):
        assert answer.status_code == 200
        dates = answer.text.partition('id="dates"')[2]
        assert [datetime.fromisoformat(at) for at in re.findall('<time datetime="([^"]+)"', dates)] == starts
        assert dates.count("scheduled") == 1, "this one, which moves along"
    assert "<html" not in fragment.text
    assert 'value="America/New_York"' in page.text
    game.refresh_from_db()
    assert (game.zone, Series.objects.get().zone) == ("Europe/Berlin", "Europe/Berlin"), "nothing is saved yet"

    assert client.post(address, form).status_code == 302
    make_due_games(starts[1] - WEEK)
    series = Series.objects.get()
    assert (series.rule, series.zone, series.start_time.hour) == ("FREQ=WEEKLY;BYDAY=SA", "America/New_York", 13)
    made = series.games.order_by("starts_at")
    assert [(one.starts_at, one.zone) for one in made] == [(start, zone.key) for start in starts[:2]]


def test_the_dates_of_an_edit_flag_the_clocks(world: World, game: Game, as_person: Any) -> None:
    repeat(world, game)
    client = as_person(world.bob)
    address, form = edit_form(client, game, time="21:00")
    dates = client.post(address, form, headers={"HX-Request": "true"}).text
    assert dates.count(wording.CLOCKS["changed"]) == 1
    assert "21:00 CEST" in dates


@pytest.mark.parametrize(
    ("rule", "typed", "sentence"),
    [
        ("FREQ=WEEKLY", {"time": ""}, "Choose a time."),
        ("FREQ=WEEKLY;UNTIL={until:%Y%m%d}", {}, "The series starts on"),
    ],
)
def test_an_edit_that_cannot_be_says_why_in_place_of_dates(
    world: World, game: Game, as_person: Any, rule: str, typed: dict[str, str], sentence: str
) -> None:
    first = local_start(game).date()
    repeat(world, game, rule.format(until=first + timedelta(days=7)))
    client = as_person(world.bob)
    address, form = edit_form(client, game, **{"date": (first + timedelta(days=8)).isoformat()} | typed)
    live = client.post(address, form, headers={"HX-Request": "true"})
    assert escape(sentence) in live.text
    assert "<time" not in live.text
    refused = client.post(address, form)
    assert refused.status_code == 422
    assert escape(sentence) in refused.text
    assert 'id="dates"' in refused.text


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
