"""After a restored backup nothing old is said before an operator agrees."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conftest import World
from games.core.base import Actor
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling.rules import CANCELLATION_DELAY
from games.signups import actions as signups
from notifications import heartbeat
from notifications.daemon import pause, steps
from notifications.messages import Sent
from notifications.models import Delivery, Heartbeat, Hold, Notification, Status


def snowflake(at: object) -> int:
    return (int(at.timestamp() * 1000) - pause.EPOCH) << 22  # type: ignore[attr-defined]


@pytest.fixture
def game(world: World) -> Game:
    made = world.game(reminders=(1440, 60))
    signups.join(made.pk, world.charlie, Actor(world.charlie, "page"), world.now)
    return made


def test_what_was_due_meanwhile_is_dropped_and_what_is_ahead_is_said(world: World, game: Game) -> None:
    other = world.game(starts_at=world.now + timedelta(days=9))
    scheduling.cancel_game(other.pk, "", Actor(world.alice, "page"), world.now - CANCELLATION_DELAY)
    steps.expand_due(world.now)
    unsent = Delivery.objects.count()
    assert unsent == 1, "its host is to be told"
    pause.hold("restored", world.now)
    day_before = game.starts_at - timedelta(minutes=1440)
    assert pause.release("root", day_before) == 1 + unsent
    assert not Delivery.objects.filter(status=Status.PENDING).exists()
    dropped = Notification.objects.get(kind="reminder", game=game, offset=1440)
    assert dropped.dropped == pause.DROPPED
    hour_before = game.starts_at - timedelta(minutes=60)
    steps.expand_due(hour_before)
    assert Delivery.objects.filter(status=Status.PENDING).count() == 2
    assert Hold.objects.get().released_by == "root"


def test_a_post_that_may_be_there_is_looked_for_after_a_release(world: World, game: Game) -> None:
    Notification.objects.update(created_at=world.now - timedelta(days=1))
    pause.hold("restored", world.now)
    pause.release("root", world.now)
    [job] = steps.take_jobs(world.now, 10)
    assert job.letter.doubt
    assert job.letter.tried_at == world.now - timedelta(days=1)


def test_one_hold_at_a_time(world: World) -> None:
    pause.hold("one", world.now)
    pause.hold("two", world.now)
    assert [hold.why for hold in Hold.objects.all()] == ["one"]
    pause.release("root", world.now)
    pause.hold("three", world.now)
    assert pause.open_hold() is not None
    assert Hold.objects.count() == 2


def test_a_message_newer_than_the_ledger_by_minutes_makes_it_older(world: World) -> None:
    assert not pause.is_older(snowflake(world.now), heartbeat.SPEAKER), "a ledger that never spoke tells nothing"
    heartbeat.beat(heartbeat.SPEAKER, world.now)
    Heartbeat.objects.update(newest_message_id=snowflake(world.now))
    assert not pause.is_older(None, heartbeat.SPEAKER)
    assert not pause.is_older(snowflake(world.now + timedelta(minutes=1)), heartbeat.SPEAKER), "killed before recording"
    assert pause.is_older(snowflake(world.now + timedelta(minutes=3)), heartbeat.SPEAKER)


def test_it_looks_where_it_last_wrote_and_is_to_write_next(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.expand_due(due)
    jobs = steps.take_jobs(due, 10)
    steps.record([(job, Sent(4000 + job.pk % 100, 777)) for job in jobs if not job.rendered], due)
    assert game.channel_id in pause.places_to_look()
    assert len(pause.places_to_look()) == 3


def run(*words: str) -> str:
    out = StringIO()
    call_command("notifyd", *words, stdout=out)
    return out.getvalue()


def test_the_command_checks_holds_and_releases(world: World, game: Game) -> None:
    with pytest.raises(CommandError, match="No notifyd has spoken yet"):
        run("--check")
    from gamesched.lib.clock import db_now

    heartbeat.beat(heartbeat.SPEAKER, db_now() - timedelta(minutes=2))
    with pytest.raises(CommandError, match="No notifyd has spoken since"):
        run("--check")
    heartbeat.beat(heartbeat.SPEAKER, db_now())
    assert "Speaking" in run("--check")
    assert "--release" in run("--hold", "moving house")
    assert "moving house" in run("--check")
    assert "Released" in run("--release")
    assert "Nothing was held" in run("--release")
