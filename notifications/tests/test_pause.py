"""After a restored backup nothing old is sent before an operator agrees."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django_q.models import Schedule

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from notifications import health, heartbeat
from notifications.codes import SkipCode
from notifications.daemon import pause, steps
from notifications.messages import SentMessage
from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification, Pause

snowflake = pause.first_snowflake


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
    assert pause.is_database_older(snowflake(world.now + timedelta(seconds=9)), heartbeat.DAEMON_NAME)
    assert pause.is_database_older(snowflake(world.now + timedelta(minutes=3)), heartbeat.DAEMON_NAME)


@pytest.mark.parametrize("minutes", [1, 60])
def test_a_message_that_is_not_recorded_yet_makes_it_not_older(world: World, game: Game, minutes: int) -> None:
    """Sent by one that was killed before recording, or this moment by another notifyd while this one starts."""
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, world.now)
    Heartbeat.objects.update(newest_message_id=snowflake(world.now))
    steps.create_due_deliveries(game.starts_at - timedelta(minutes=60))
    message_id = snowflake(world.now + timedelta(minutes=minutes))
    assert pause.is_database_older(message_id, heartbeat.DAEMON_NAME)
    Delivery.objects.update(first_attempt_at=db_now(), leased_until=db_now() + timedelta(seconds=30))
    assert not pause.is_database_older(message_id, heartbeat.DAEMON_NAME)
    Delivery.objects.update(leased_until=None)
    assert pause.is_database_older(message_id, heartbeat.DAEMON_NAME) is (minutes == 60)


@pytest.mark.parametrize("gap", [timedelta(seconds=1), timedelta(days=1)])
def test_o1_a_release_holds_over_the_next_starts(world: World, game: Game, gap: timedelta) -> None:
    """Though nothing new was sent since: a start compares the same two messages again."""
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, world.now)
    Heartbeat.objects.update(newest_message_id=snowflake(db_now() - gap - timedelta(minutes=1)))
    in_discord = snowflake(db_now() - timedelta(minutes=1))
    assert pause.is_database_older(in_discord, heartbeat.DAEMON_NAME)
    pause.pause("older", db_now())
    run("--release")
    assert not pause.is_database_older(in_discord, heartbeat.DAEMON_NAME)
    assert pause.is_database_older(snowflake(db_now() + timedelta(minutes=3)), heartbeat.DAEMON_NAME)


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
    with pytest.raises(CommandError, match="No notifyd has run yet"):
        run("--check")
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now() - timedelta(minutes=2))
    with pytest.raises(CommandError, match="No notifyd has run since"):
        run("--check")
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now())
    assert "Sending" in run("--check")
    assert "--release" in run("--hold", "moving house")
    with pytest.raises(CommandError, match="moving house"):
        run("--check")
    assert "Released" in run("--release")
    assert "Nothing was on hold" in run("--release")


def test_o7_probes_say_how_late_it_is_though_the_next_try_lies_ahead(world: World, game: Game) -> None:
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now())
    Notification.objects.filter(kind="announcement").update(
        first_attempt_at=db_now() - timedelta(minutes=5), due_at=db_now() + timedelta(minutes=2)
    )
    with pytest.raises(CommandError, match=r"30\d s late"):
        run("--check")
    Notification.objects.filter(kind="announcement").update(closed_at=db_now())
    assert run("--check").strip() == "Sending."
    due = db_now() - timedelta(minutes=10)
    Notification.objects.update(created_at=due)
    Notification.objects.filter(kind="reminder", minutes=60).update(due_at=due)
    steps.create_due_deliveries(db_now())
    Delivery.objects.update(next_attempt_at=db_now() + timedelta(minutes=1))
    with pytest.raises(CommandError, match=r"60\d s late"):
        run("--check")


def test_o7_each_program_has_a_probe_and_readyz_has_them_all(world: World) -> None:
    assert [line.split(":")[0] for line in ready().content.decode().splitlines()] == ["notifyd", "bot", "worker", "web"]
    Schedule.objects.update(next_run=db_now() + timedelta(hours=1))
    for name in health.CHECKS:
        assert ready().status_code == 503
        heartbeat.record_heartbeat(name, db_now(), last_event_at=db_now())
    assert ready().status_code == 200
    for command in ("notifyd", "runbot", "worker"):
        call_command(command, "--check", stdout=StringIO())
    Heartbeat.objects.filter(name=heartbeat.WORKER_NAME).update(at=db_now() - timedelta(minutes=1))
    with pytest.raises(CommandError, match="No worker has run since"):
        call_command("worker", "--check")
    pause.pause("moving house", db_now())
    assert [line.split(":")[0] for line in ready().content.decode().splitlines()] == ["notifyd", "worker"]
    assert b"moving house" not in ready().content, "everybody can ask"


def ready() -> HttpResponse:
    return Client().get("/readyz")  # type: ignore[return-value]
