"""The host and the channel of the next games, corrected once the game that they follow is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import EVERYONE, World
from games.core.base import Actor, EntryPoint
from games.core.codes import AuditAction, NotificationKind
from games.models import AuditEntry, Game, GuildDefaults, Series
from games.series import actions
from games.series.correction import correct_series
from games.series.expansion import make_due_games
from games.series.tests.scene import plan_from, repeat
from gamesched.lib.refusal import Refused
from gamesched.testing.page_forms import form_to
from guilds.directory.upsert import mark_member_left
from guilds.models import VIEW_CHANNEL, Channel
from notifications.models import Notification
from notifications.types import get_message_type

HOUR = timedelta(hours=1)


@pytest.fixture
def series(world: World) -> Series:
    """Bob's, whose first game is over; its next is due two days from now, and each is announced a day before."""
    game = world.create_game(starts_at=world.now + 2 * HOUR)
    found = repeat(world, game, lead_days=5)
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - 3 * HOUR, ends_at=world.now - HOUR)
    return found


def next_game(series: Series, now: datetime) -> Game | None:
    make_due_games(now + 3 * timedelta(days=1))
    return series.games.exclude(pk=series.source_id).first()


def owner(world: World) -> Actor:
    return Actor(world.alice, EntryPoint.PAGE)


def refusal_of(action: Callable[[], object]) -> tuple[str, list[str]]:
    with pytest.raises(Refused) as raised:
        action()
    return str(raised.value.refusal.code), [*raised.value.refusal.fields]


def test_the_page_names_another_host_and_channel(world: World, series: Series, as_person: Any) -> None:
    client = as_person(world.alice)
    page, address = (reverse(name, args=[series.source_id]) for name in ("game-repeat", "game-correct-series"))
    form = form_to(client, page, address)
    assert (form["host"], form["channel"]) == ([f"Bob the GM <@{world.bob.pk}>"], [str(world.channel.pk)])
    sent = form | {"host": "@charlie", "channel": str(world.other_channel.pk)}
    assert client.post(address, sent).url == page
    made = next_game(series, world.now)
    assert made is not None
    assert (made.host, made.channel, made.title) == (world.charlie, world.other_channel, "Curse of Strahd")
    entry = AuditEntry.objects.get(action=AuditAction.CORRECT_SERIES)
    assert entry.changes == {"for": {"users": [world.charlie.pk]}}
    assert form_to(client, page, address)["channel"] == [str(world.other_channel.pk)]


def test_what_cannot_be_is_said_beside_its_field(world: World, series: Series, as_person: Any) -> None:
    client, address = as_person(world.alice), reverse("game-correct-series", args=[series.source_id])
    typed = {"host": "@nobody", "channel": str(world.channel.pk)}
    for wrong, field in ((typed, "host"), (typed | {"host": "@charlie", "channel": "1"}, "channel")):
        answer = client.post(address, wrong)
        assert answer.status_code == 422
        form = answer.context["correct_form"]
        assert [*form.errors] == [field]
        assert form["host"].value() == wrong["host"]
    series.refresh_from_db()
    assert series.host is None


def test_the_command_line_corrects_too(world: World, series: Series) -> None:
    game = str(series.source_id)
    call_command("game", "series", game, "correct", f"--channel={world.other_channel.pk}")
    call_command("game", "series", game, "correct", "--host=@alice")
    series.refresh_from_db()
    assert (series.host, series.game_values["channel_id"]) == (world.alice, world.other_channel.pk)
    for wrong in ("--host=@nobody", "--channel=raids", "--channel=0"):
        with pytest.raises(CommandError):
            call_command("game", "series", game, "correct", wrong)


def test_a_host_who_left_is_replaced_and_the_next_game_follows(world: World, series: Series) -> None:
    mark_member_left(world.guild.pk, world.bob.pk, world.now)
    assert next_game(series, world.now) is None
    series.refresh_from_db()
    assert series.problem_code
    correct_series(series.source_id, world.alice, None, owner(world), world.now)
    series.refresh_from_db()
    assert series.problem_code == ""
    made = next_game(series, world.now)
    assert made is not None
    assert made.host == world.alice


def test_a_corrected_host_is_told_what_keeps_the_next_game_away(world: World, series: Series) -> None:
    correct_series(series.source_id, world.alice, None, owner(world), world.now)
    Channel.objects.filter(pk=world.channel.pk).update(deleted_at=world.now)
    assert next_game(series, world.now) is None
    row = Notification.objects.open().get(kind=NotificationKind.SERIES_NOT_MADE)
    assert list(get_message_type(row.kind).recipients(row, world.now)) == [world.alice.pk]  # type: ignore[arg-type]


def test_another_rule_keeps_the_correction_and_another_game_ends_it(world: World, series: Series) -> None:
    correct_series(series.source_id, world.alice, world.other_channel.pk, owner(world), world.now)
    source = Game.objects.get(pk=series.source_id)
    plan = plan_from(source, "FREQ=DAILY", lead_days=3)
    actions.repeat_game(source.pk, plan, owner(world), world.now)
    series.refresh_from_db()
    assert (series.host, series.game_values["channel_id"]) == (world.alice, world.other_channel.pk)
    made = next_game(series, world.now)
    assert made is not None
    actions.repeat_game(made.pk, plan_from(made, lead_days=3), owner(world), world.now)
    series.refresh_from_db()
    assert (series.host, series.next_host, series.source) == (None, world.alice, made), "its own host, from now on"


def test_while_its_game_can_be_edited_that_is_where_it_is_changed(world: World, as_person: Any) -> None:
    game = world.create_game()
    repeat(world, game)
    refused = refusal_of(lambda: correct_series(game.pk, world.alice, None, owner(world), world.now))
    assert refused == ("follows_its_game", [])
    page, address = (reverse(name, args=[game.pk]) for name in ("game-repeat", "game-correct-series"))
    assert address not in as_person(world.bob).get(page).text


def test_who_may_name_whom(world: World, series: Series) -> None:
    def correct(who: Any, host: Any = None, channel_id: int | None = None) -> object:
        return correct_series(series.source_id, host, channel_id, Actor(who, EntryPoint.PAGE), world.now)

    assert refusal_of(lambda: correct(world.charlie, world.charlie))[0] == "not_yours"
    assert refusal_of(lambda: correct(world.bob, world.alice)) == ("not_yours", ["host"]), "they are not asked"
    assert refusal_of(lambda: correct(world.alice, None, 1)) == ("bad_plan", ["channel"])
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])
    hidden = refusal_of(lambda: correct(world.alice, world.charlie, world.other_channel.pk))
    assert hidden == ("no_host", ["host"]), "to whom the channel is not shown"
    mark_member_left(world.guild.pk, world.bob.pk, world.now)
    GuildDefaults.objects.update_or_create(guild=world.guild, defaults={"host_role_ids": []})
    assert refusal_of(lambda: correct(world.alice, world.charlie)) == ("no_host", ["host"]), "who lacks the role"
    assert refusal_of(lambda: correct(world.alice, None, world.other_channel.pk)) == ("no_host", ["host"]), "is gone"
    actions.end_series(series.source_id, owner(world), world.now)
    assert refusal_of(lambda: correct(world.alice, world.alice))[0] == "ended"
