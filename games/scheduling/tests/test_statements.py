"""How many statements scheduling takes: the same for any number of reminders."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from notifications.models import Notification, Preference

REMINDERS = (10, 20, 30, 60, 90, 120, 180, 240)


@pytest.mark.parametrize("reminders", [(), (60,), REMINDERS])
def test_creating(world: World, reminders: tuple[int, ...], django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(18):
        game = world.create_game(reminders=reminders)
    rows = Notification.objects.open().filter(game=game, kind=NotificationKind.REMINDER)
    assert set(rows.values_list("minutes", flat=True)) == set(reminders)


def test_another_time_moves_every_row_and_closes_what_it_no_longer_wants(world: World) -> None:
    Preference.objects.create(guild=world.guild, user=world.bob, reminder_minutes=15)
    game = world.create_game(reminders=REMINDERS, minimum=3, minimum_by=180, signups_close=30)
    before = {row.pk: row for row in Notification.objects.open().filter(game=game)}
    edited = change_plan(scheduling.plan_from_game(game), starts_at=world.now + timedelta(minutes=45), signups_close=0)
    scheduling.edit_game(game.pk, edited, Actor(world.bob, EntryPoint.PAGE), world.now)
    wanted = {
        (NotificationKind.REMINDER, "10"): 35,
        (NotificationKind.REMINDER, "20"): 25,
        (NotificationKind.REMINDER, "30"): 15,
        (NotificationKind.OWN_REMINDER, "15"): 30,
        (NotificationKind.START, ""): 45,
        (NotificationKind.END, ""): 165,
    }
    rows = Notification.objects.open().filter(game=game).exclude(kind=NotificationKind.ANNOUNCEMENT)
    due = {(row.kind, row.dedupe_key): row.due_at - world.now for row in rows}
    assert due == {key: timedelta(minutes=minutes) for key, minutes in wanted.items()}
    assert {row.pk for row in rows} <= set(before)  # changed, not made anew
    closed = Notification.objects.filter(pk__in=before).exclude(closed_at=None)
    assert {(row.kind, row.skip_code) for row in closed} == {
        (NotificationKind.REMINDER, "times_changed"),
        (NotificationKind.NUDGE, "times_changed"),
        (NotificationKind.TOO_FEW_PLAYERS, "times_changed"),
        (NotificationKind.SIGNUPS_CLOSE, "signups_closed"),
    }
