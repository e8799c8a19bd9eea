"""How often a person may have themselves sent a test reminder, which may be a mention in a channel."""

from datetime import timedelta

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.reminders.actions import TESTS_IN_A_DAY, send_test_reminder
from gamesched.lib.refusal import Refused
from guilds.models import Member
from notifications.models import Notification

HOUR = timedelta(hours=1)


def test_ten_a_day(world: World) -> None:
    actor, guild_id = Actor(world.charlie, EntryPoint.PAGE), world.guild.pk
    for number in range(TESTS_IN_A_DAY):
        send_test_reminder(guild_id, actor, world.now + number * HOUR)
        Notification.objects.update(closed_at=world.now)
    with pytest.raises(Refused) as refused:
        send_test_reminder(guild_id, actor, world.now + 23 * HOUR)
    assert refused.value.refusal.code == "too_often"
    assert send_test_reminder(guild_id, Actor(world.bob, EntryPoint.PAGE), world.now + 23 * HOUR), "each has their own"
    assert send_test_reminder(guild_id, actor, world.now + 24 * HOUR)


@pytest.mark.parametrize("why", ["pending", "timed out"])
def test_none_for_whom_discord_lets_do_nothing(world: World, why: str) -> None:
    until = world.now + HOUR if why == "timed out" else None
    Member.objects.filter(user=world.charlie).update(pending=why == "pending", timed_out_until=until)
    with pytest.raises(Refused) as refused:
        send_test_reminder(world.guild.pk, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert refused.value.refusal.code == "may_not_act"
    assert not Notification.objects.exists()
