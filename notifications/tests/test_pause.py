"""After a restored backup nothing old is sent before an operator agrees."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY
from games.signups import actions as signups
from notifications import heartbeat
from notifications.codes import SkipCode
from notifications.daemon import pause, steps
from notifications.messages import SentMessage
from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification, Pause


def snowflake(at: object) -> int:
    return (int(at.timestamp() * 1000) - pause.DISCORD_EPOCH) << 22  # type: ignore[attr-defined]


@pytest.fixture
def game(world: World) -> Game:
    game = world.create_game(reminders=(1440, 60))
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return game


def test_what_was_due_meanwhile_is_dropped_and_what_is_ahead_is_sent(world: World, game: Game) -> None:
    other = world.create_game(starts_at=world.now + timedelta(days=9))
    cancellation.cancel_game(other.pk, "", Actor(world.alice, EntryPoint.PAGE), world.now - CANCELLATION_DELAY)
    steps.create_due_deliveries(world.now)
    unsent = Delivery.objects.count()
    assert unsent == 1, "its host is to be told"
    pause.pause("restored", world.now)
    day_before = game.starts_at - timedelta(minutes=1440)
    assert pause.resume("root", day_before) == 1 + unsent
    assert not Delivery.objects.filter(status=DeliveryStatus.PENDING).exists()
    dropped = Notification.objects.get(kind="reminder", game=game, minutes=1440)
    assert (dropped.skip_code, dropped.skip_reason) == (SkipCode.PAUSED, SkipCode.PAUSED.label)
    hour_before = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(hour_before)
    assert Delivery.objects.filter(status=DeliveryStatus.PENDING).count() == 2
    assert Pause.objects.get().resumed_by == "root"


def test_a_post_that_may_be_there_is_looked_for_after_a_release(world: World, game: Game) -> None:
    Notification.objects.update(created_at=world.now - timedelta(days=1))
    pause.pause("restored", world.now)
    pause.resume("root", world.now)
    [job] = steps.lease_jobs(world.now, 10)
    assert job.message.maybe_sent
    assert job.message.first_attempt_at == world.now - timedelta(days=1)


def test_one_pause_at_a_time(world: World) -> None:
    pause.pause("one", world.now)
    pause.pause("two", world.now)
    assert [hold.reason for hold in Pause.objects.all()] == ["one"]
    pause.resume("root", world.now)
    pause.pause("three", world.now)
    assert pause.current_pause() is not None
    assert Pause.objects.count() == 2


def test_a_message_newer_than_the_ledger_by_minutes_makes_it_older(world: World) -> None:
    assert not pause.is_database_older(snowflake(world.now), heartbeat.DAEMON_NAME), (
        "a ledger that never spoke tells nothing"
    )
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, world.now)
    Heartbeat.objects.update(newest_message_id=snowflake(world.now))
    assert not pause.is_database_older(None, heartbeat.DAEMON_NAME)
    assert not pause.is_database_older(snowflake(world.now + timedelta(minutes=1)), heartbeat.DAEMON_NAME), (
        "killed before recording"
    )
    assert pause.is_database_older(snowflake(world.now + timedelta(minutes=3)), heartbeat.DAEMON_NAME)


def test_it_looks_where_it_last_wrote_and_is_to_write_next(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    jobs = steps.lease_jobs(due, 10)
    steps.record([(job, SentMessage(4000 + job.pk % 100, 777)) for job in jobs if not job.post], due)
    assert game.channel_id in pause.channels_to_check()
    assert len(pause.channels_to_check()) == 3


def run(*words: str) -> str:
    out = StringIO()
    call_command("notifyd", *words, stdout=out)
    return out.getvalue()


def test_the_command_checks_pauses_and_resumes(world: World, game: Game) -> None:
    with pytest.raises(CommandError, match="No notifyd has spoken yet"):
        run("--check")
    from gamesched.lib.clock import db_now

    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now() - timedelta(minutes=2))
    with pytest.raises(CommandError, match="No notifyd has spoken since"):
        run("--check")
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now())
    assert "Speaking" in run("--check")
    assert "--release" in run("--hold", "moving house")
    assert "moving house" in run("--check")
    assert "Released" in run("--release")
    assert "Nothing was held" in run("--release")
