"""Editing a game of a series: this one, or this one and the later ones."""

from datetime import datetime, timedelta

import pytest

from conftest import World
from games.models import Game, GameTemplate, Series
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import Plan, change_plan
from games.series import actions, wording
from games.series.expansion import make_due_games
from games.series.later_edits import edit_this_and_later
from games.series.tests.scene import WEEK, bob, local_start, plan_from, repeat
from gamesched.lib.refusal import Refused
from guilds.models import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def series(world: World) -> Series:
    """Three games scheduled, and the fourth to come."""
    starts_at = (world.now + 3 * DAY).replace(hour=17)  # an hour earlier or later is the same day
    found = repeat(world, world.create_game(starts_at=starts_at), lead_days=20)
    assert make_due_games(world.now) == 2
    return found


def games(series: Series) -> list[Game]:
    return list(series.games.order_by("series_date"))


def plan_of(game: Game, **values: object) -> Plan:
    return change_plan(scheduling.plan_from_game(game), **values)


def test_this_one_alone(world: World, series: Series) -> None:
    second = games(series)[1]
    scheduling.edit_game(second.pk, plan_of(second, title="Special"), bob(world), world.now)
    make_due_games(world.now + WEEK)
    titles = [game.title for game in games(series)]
    assert titles == ["Curse of Strahd", "Special", "Curse of Strahd", "Curse of Strahd"]


def test_the_first_alone(world: World, series: Series) -> None:
    first = games(series)[0]
    plan = plan_of(first, title="Special", seats=3, channel_id=world.other_channel.pk, description="Only today.")
    scheduling.edit_game(first.pk, plan, bob(world), world.now)
    make_due_games(world.now + WEEK)
    fourth = games(series)[3]
    assert (fourth.title, fourth.description) == ("Curse of Strahd", games(series)[1].description)
    assert (fourth.settings.seats, fourth.channel_id) == (5, world.channel.pk)


def test_another_rule_from_an_edited_game_on_begins_with_it(world: World, series: Series) -> None:
    third = games(series)[2]
    scheduling.edit_game(third.pk, plan_of(third, title="Special"), bob(world), world.now)
    repeat(world, Game.objects.get(pk=third.pk), lead_days=20)
    make_due_games(world.now + WEEK)
    assert games(series)[3].title == "Special"


@pytest.mark.parametrize(("named", "left"), [((71, 72), [71]), ((72,), None)])
def test_a_deleted_template_and_deleted_roles_are_left_out(
    world: World, named: tuple[int, ...], left: list[int] | None
) -> None:
    Role.objects.bulk_create(Role(pk=pk, guild=world.guild, name=str(pk), position=1) for pk in (71, 72))
    template = GameTemplate.objects.create(guild=world.guild, name="Raid", seats=3)
    source = world.create_game(template_id=template.pk, player_role_ids=named)
    series = repeat(world, source, lead_days=20)
    GameTemplate.objects.filter(pk=template.pk).update(deleted_at=world.now)
    Role.objects.filter(pk=72).update(deleted_at=world.now)
    make_due_games(world.now)
    second = games(series)[1]
    assert (second.template_id, second.player_role_ids) == (None, left)


def test_this_and_later(world: World, series: Series) -> None:
    second = games(series)[1]
    plan = plan_of(second, title="Part two", seats=3, starts_at=second.starts_at - 2 * HOUR)
    edit_this_and_later(second.pk, plan, bob(world), world.now)
    make_due_games(world.now + WEEK)
    found = games(series)
    assert [game.title for game in found] == ["Curse of Strahd", "Part two", "Part two", "Part two"]
    assert [game.settings.seats for game in found] == [5, 3, 3, 3]
    hours = [local_start(game).hour for game in found]
    assert [(hours[0] - hour) % 24 for hour in hours] == [0, 2, 2, 2]
    assert len({game.series_date for game in found}) == 4


def test_a_later_one_keeps_what_only_it_has(world: World, series: Series) -> None:
    _, second, third = games(series)
    moved = third.starts_at + DAY
    scheduling.edit_game(third.pk, plan_of(third, description="Finale", starts_at=moved), bob(world), world.now)
    plan = plan_of(second, title="Part two", starts_at=second.starts_at - HOUR)
    edit_this_and_later(second.pk, plan, bob(world), world.now)
    third.refresh_from_db()
    assert (third.title, third.description, third.starts_at) == ("Part two", "Finale", moved)


@pytest.mark.parametrize("days", [1, -2, 9])
def test_moved_to_another_weekday_for_good(world: World, series: Series, days: int) -> None:
    second = games(series)[1]
    shift = timedelta(days=days)
    begun = [local_start(game) for game in games(series)]
    edit_this_and_later(second.pk, plan_of(second, starts_at=second.starts_at + shift), bob(world), world.now)
    make_due_games(world.now + WEEK + shift)
    found = games(series)
    expected = [begun[0], begun[1] + shift, begun[2] + shift, begun[2] + shift + WEEK]
    assert [local_start(game) for game in found] == expected, "no week twice"
    assert [game.series_date for game in found] == [at.date() for at in expected]
    assert second.series_start == found[1].series_start, "calendars know it by where it was"


def test_a_zone_for_good(world: World, series: Series) -> None:
    second = games(series)[1]
    edit_this_and_later(second.pk, plan_of(second, zone="America/New_York"), bob(world), world.now)
    make_due_games(world.now + WEEK)
    assert [game.zone for game in games(series)] == ["Europe/Berlin", *["America/New_York"] * 3]
    series.refresh_from_db()
    assert series.zone == "America/New_York"


def test_a_later_game_that_somebody_else_hosts_by_now_is_named(world: World, series: Series) -> None:
    _first, second, third = games(series)
    Game.objects.filter(pk=third.pk).update(host=world.charlie)
    with pytest.raises(Refused) as raised:
        edit_this_and_later(second.pk, plan_of(second, title="Part two"), bob(world), world.now)
    assert third.series_date is not None
    day = wording.date_text(third.series_date)
    assert (raised.value.refusal.code, day in raised.value.refusal.sentence) == ("not_yours", True)
    assert [game.title for game in games(series)] == ["Curse of Strahd"] * 3


def test_refused_for_all_if_for_one(world: World, series: Series) -> None:
    second = games(series)[1]
    with pytest.raises(Refused):
        edit_this_and_later(second.pk, plan_of(second, title=" "), bob(world), world.now)
    late = plan_of(second, starts_at=world.now + timedelta(days=729))
    with pytest.raises(Refused):
        edit_this_and_later(second.pk, late, bob(world), world.now)
    second.refresh_from_db()
    assert second.starts_at < datetime.max.replace(tzinfo=second.starts_at.tzinfo)
    assert second.title == "Curse of Strahd"


def test_a_stale_form_changes_nothing(world: World, series: Series) -> None:
    second = games(series)[1]
    scheduling.edit_game(second.pk, plan_of(second, title="Other"), bob(world), world.now)
    with pytest.raises(Refused) as raised:
        edit_this_and_later(second.pk, plan_of(second, title="Mine"), bob(world), world.now, second.edit_version)
    assert raised.value.refusal.code == "stale"


@pytest.mark.parametrize("days", [1, -2, 9])
def test_a_cancelled_later_one_is_not_made_again_on_another_day(world: World, series: Series, days: int) -> None:
    _, second, third = games(series)
    cancellation.cancel_game(third.pk, "ill", bob(world), world.now)
    shift = timedelta(days=days)
    edit_this_and_later(second.pk, plan_of(second, starts_at=second.starts_at + shift), bob(world), world.now)
    assert make_due_games(world.now) == 0
    third.refresh_from_db()
    assert third.series_date == local_start(third).date() + shift, "it stands for that week"


@pytest.mark.parametrize("days", [1, -2, 8])
def test_a_skipped_date_moves_along(world: World, days: int) -> None:
    game = world.create_game(starts_at=world.now + 5 * DAY)
    series = repeat(world, game, lead_days=1)
    day, shift = local_start(game).date(), timedelta(days=days)
    actions.skip_date(game.pk, day + WEEK, bob(world), world.now)
    edit_this_and_later(game.pk, plan_of(game, starts_at=game.starts_at + shift), bob(world), world.now)
    assert make_due_games(game.starts_at + shift + 2 * WEEK - 2 * HOUR) == 1
    assert [one.series_date for one in games(series)] == [day + shift, day + shift + 2 * WEEK]


@pytest.mark.parametrize("weeks", [1, 2])
def test_moved_onto_the_day_of_an_earlier_one_is_refused(world: World, series: Series, weeks: int) -> None:
    third = games(series)[2]
    before = [(game.starts_at, game.series_date) for game in games(series)]
    plan = plan_of(third, starts_at=games(series)[2 - weeks].starts_at)
    with pytest.raises(Refused) as raised:
        edit_this_and_later(third.pk, plan, bob(world), world.now)
    assert (raised.value.refusal.code, [*raised.value.refusal.fields]) == ("date_taken", ["date"])
    assert [(game.starts_at, game.series_date) for game in games(series)] == before


@pytest.mark.parametrize(("count", "number"), [(2, 2), (2, 1), (1000, 2)])
def test_one_that_a_shorter_rule_left_over(world: World, series: Series, count: int, number: int) -> None:
    first = games(series)[0]
    actions.repeat_game(first.pk, plan_from(first, f"FREQ=WEEKLY;COUNT={count}"), bob(world), world.now)
    game = games(series)[number]
    edit_this_and_later(game.pk, plan_of(game, starts_at=game.starts_at + HOUR), bob(world), world.now)
    series.refresh_from_db()
    assert actions.plan_of(series).recurrence.count == max(1, count - number)
    assert (series.make_at is None) == (count == 2)
