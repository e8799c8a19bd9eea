"""What is due after notifyd wakes by itself notifies nobody, and is missed by no crash and no slow transaction."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from conftest import NotifyListener, World
from gamesched.lib.clock import db_now
from notifications import heartbeat, policy
from notifications.daemon import leases, loop, timer
from notifications.daemon.timer import Timer
from notifications.messages import load_backend
from notifications.models import Heartbeat, Notification

pytestmark = pytest.mark.slow

SOON, LATER = timedelta(seconds=10), timedelta(seconds=20)


@pytest.fixture
def other_connection(transactional_db: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=name)) as conn:
        yield conn


def add_row(due_at: datetime) -> None:
    Notification.objects.create(kind="reminder", due_at=due_at, dedupe_key=str(Notification.objects.count()))


def started_timer(now: datetime) -> Timer:
    """Return the timer of a notifyd that has just taken over."""
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, now)
    started = Timer()
    started.clear()
    return started


def stored() -> datetime | None:
    return Heartbeat.objects.values_list("timer_at", flat=True).get(name=heartbeat.DAEMON_NAME)


def test_what_is_due_later_notifies_nobody(committed_world: World, pg_notifications: NotifyListener) -> None:
    now = db_now()
    add_row(now + SOON)
    assert pg_notifications.received() == {"notification_due"}, "there is no notifyd yet"
    of_sender = started_timer(now)
    of_sender.set(now + SOON, now)
    pg_notifications.received()
    add_row(now + SOON)
    add_row(now + LATER)
    assert pg_notifications.received() == set()
    add_row(now + SOON / 2)
    assert pg_notifications.received() == {"notification_due"}
    of_sender.clear()
    add_row(now + LATER)
    assert pg_notifications.received() == {"notification_due"}


def test_the_stored_time_becomes_earlier_only(committed_world: World) -> None:
    now = db_now()
    of_sender = started_timer(now)
    for due in (None, now - SOON, now + timer.WORTHWHILE, now + timedelta(seconds=2 * policy.MAX_SLEEP)):
        of_sender.set(due, now)
        assert stored() is None
    for after, expected in ((LATER, LATER), (SOON, SOON), (LATER, SOON)):
        of_sender.set(now + after, now)
        assert stored() == of_sender.at == now + expected
    assert not of_sender.has_come(now)
    assert of_sender.has_come(now + SOON)
    started_timer(now)
    assert stored() is None, "as the one before it may have left one"


def test_whoever_decided_by_the_stored_time_is_waited_for(
    committed_world: World, other_connection: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    now = db_now()
    of_sender = started_timer(now)
    of_sender.set(now + SOON, now)
    assert of_sender.limit_sleep(policy.MAX_SLEEP) == policy.MAX_SLEEP
    add_row(now)
    other_connection.execute("UPDATE notifications_notification SET due_at = %s", [now + LATER])
    of_sender.clear()
    for _ in range(10):
        of_sender.before_looking()
        assert of_sender.limit_sleep(policy.MAX_SLEEP) <= timer.LONGEST_WAIT
    other_connection.commit()
    # Who writes now reads that there is no stored time.
    other_connection.execute("UPDATE notifications_notification SET due_at = %s", [now + LATER])
    of_sender.before_looking()
    assert of_sender.limit_sleep(policy.MAX_SLEEP) == policy.MAX_SLEEP


def test_a_sender_at_rest_stores_its_time_and_clears_it_when_it_comes(committed_world: World) -> None:
    now = db_now()
    daemon = loop.Notifyd(load_backend(), asyncio.Event())
    daemon.timer = started_timer(now)

    def turn(free: int = loop.MAX_IN_FLIGHT) -> float:
        return daemon._run_steps([], free, 60, None)  # type: ignore[arg-type]

    assert turn() == policy.MAX_SLEEP
    add_row(now + SOON)
    assert turn(free=1) > 0
    assert stored() is None, "what is in flight comes first"
    assert 0 < turn() <= SOON.total_seconds()
    assert stored() == now + SOON
    # It wakes at that time, whatever became of the row.
    Notification.objects.all().delete()
    assert 0 < turn() <= SOON.total_seconds()
    daemon.timer.at = now
    assert turn() == 0.0
    assert stored() is None
    assert turn() == policy.MAX_SLEEP


def test_what_is_written_with_a_time_long_past_is_found_with_the_next_canary(committed_world: World) -> None:
    daemon = loop.Notifyd(load_backend(), asyncio.Event())

    class Loop:
        def call_soon_threadsafe(self, *args: object) -> None: ...

    def turn(canary: str | None = None) -> float:
        return daemon._run_steps([], loop.MAX_IN_FLIGHT, 60, Loop(), canary)  # type: ignore[arg-type]

    def is_found(age: timedelta, canary: str | None = None) -> bool:
        Notification.objects.all().delete()
        add_row(db_now() - age)
        turn(canary)
        return not Notification.objects.filter(attempts=0).exists()  # it has no game, so it is postponed

    assert turn("canary") == policy.MAX_SLEEP
    assert loop.CANARY_EVERY <= policy.MAX_SLEEP
    assert is_found(leases.SAFELY_BEFORE / 2)
    assert not is_found(leases.SAFELY_BEFORE * 2)
    assert is_found(leases.SAFELY_BEFORE * 2, "canary")
