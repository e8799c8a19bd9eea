"""What one timer reads does not grow with what the tables hold: counted in rows and index entries, not in time."""

import asyncio
import time
from datetime import datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.conninfo import make_conninfo

from conftest import World
from games.models import Game
from notifications.daemon import loop, steps
from notifications.management.commands.notifyd import PLANNING
from notifications.messages import load_backend
from notifications.models import Delivery, Notification
from notifications.tests.test_sets import PEOPLE, Collected, add_due_reminders, sent

pytestmark = pytest.mark.slow

MANY = 1000
READS = {"SELE", "WITH", "SET "}
# Of the tables with which a timer has to do: rows that were read one after another, and entries of indexes, dead ones
# too, which is what a statement walks that begins at the wrong end. They count up until the transaction ends.
_READ = """
SELECT sum(pg_stat_get_xact_tuples_returned(each.oid)) FROM (
    SELECT unnest(ARRAY['notifications_notification', 'notifications_delivery']::regclass[]) AS oid
    UNION SELECT indexrelid FROM pg_index
    WHERE indrelid = ANY(ARRAY['notifications_notification', 'notifications_delivery']::regclass[])
) each
"""


def entries_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return int(cursor.fetchone()[0])


def read_by_a_timer(daemon: loop.Notifyd, game: Game) -> int:
    """Return how much notifyd reads to send and record the messages of a reminder that is due."""
    add_rows(game, 1)
    before, collected = entries_read(), Collected()
    daemon._run_steps([], 100, 60, collected)  # type: ignore[arg-type]
    assert len(collected.jobs) == PEOPLE
    daemon._run_steps(list(sent(collected.jobs)), 100, 60, Collected())  # type: ignore[arg-type]
    assert not Delivery.objects.filter(status="pending").exists()
    return entries_read() - before


def add_rows(game: Game, count: int, due_after: timedelta = timedelta(), closed_at: datetime | None = None) -> None:
    """Add reminders of the game, all of one length."""
    model = Notification.objects.filter(game=game).earliest("pk")
    now = Game.objects.get(pk=game.pk).starts_at - timedelta(hours=23)
    Notification.objects.bulk_create(
        Notification(
            kind=model.kind,
            game=game,
            due_at=now + due_after + number * timedelta(milliseconds=1),
            dedupe_key=f"{due_after} {count} {number} {Notification.objects.count() if count == 1 else ''}",
            minutes=model.minutes,
            expires_at=model.expires_at,
            payload=model.payload,
            closed_at=closed_at,
        )
        for number in range(count)
    )


def close_all(world: World) -> None:
    Notification.objects.open().update(closed_at=world.now)


@pytest.fixture
def vacuumed(django_db_setup: None) -> None:
    """Leave nothing of other tests in the indexes: a timer would read it, until the first to do so marks it as dead."""
    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=name), autocommit=True) as conn:
        conn.execute("VACUUM notifications_notification, notifications_delivery")


@pytest.mark.parametrize("history", ["open", "closed", "drained"])
def test_a_timer_reads_as_much_however_many_rows_there_are(vacuumed: None, world: World, history: str) -> None:
    """Those of the same game count too: it may be moved again and again. Of a transaction's own rows all stay in the
    indexes, as everything does while somebody has an old snapshot."""
    add_due_reminders(world, 1)
    game = Game.objects.get(notifications__isnull=False)
    close_all(world)
    with connection.cursor() as cursor:
        cursor.execute(PLANNING.replace("SET", "SET LOCAL"))  # as notifyd's own connections do
    daemon = loop.Notifyd(load_backend(), asyncio.Event())
    daemon._run_steps([], 100, 60, Collected(), "canary")  # type: ignore[arg-type]
    few = [read_by_a_timer(daemon, game) for _ in range(7)][-1]  # from the fifth on statements are prepared
    add_rows(
        game,
        MANY,
        timedelta(days=2) if history == "open" else timedelta(minutes=-5),
        closed_at=world.now if history == "closed" else None,
    )
    if history == "drained":
        close_all(world)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification, notifications_delivery")
    many = [read_by_a_timer(daemon, game) for _ in range(7)]
    # What was sent lately counts a little, until it is a minute old.
    assert max(many) < few + MANY / 2, (few, many)


def test_a_rehearsal_leases_last(world: World) -> None:
    """A lease forbids sorting until its transaction ends: what came after it read whole tables in their order."""
    add_due_reminders(world, 1)
    with CaptureQueriesContext(connection) as captured:
        steps.rehearse(world.now)
    forbids = ["enable_sort = off" in query["sql"] for query in captured if query["sql"].lstrip("( ")[:4] in READS]
    assert forbids == sorted(forbids), "nothing else is read after a lease"
    assert forbids.count(True) == 2
    assert forbids.count(False) > 5


def test_no_index_of_open_or_pending_rows_can_be_read_for_what_has_a_key(world: World) -> None:
    """With a condition of such an index too, PostgreSQL read that where it seemed empty: by statistics, not always."""
    with CaptureQueriesContext(connection) as captured:
        steps.LOCKED_NOTIFICATIONS.all([1])
        steps.CARRIERS.all([1])
    locked, carriers = (query["sql"].split(" WHERE ")[1] for query in captured)
    assert not {name for name in ("closed_at", "due_at", "kind") if name in locked}
    assert not {name for name in ("status", "next_attempt_at") if name in carriers}


def lists_read(due: steps.DueRows, world: World) -> int:
    """Expand a few rows, as one turn does in a storm; return how often all that is due was looked through."""
    with CaptureQueriesContext(connection) as captured:
        assert steps.create_due_deliveries(world.now, time.monotonic(), due) > 0
    return sum("ORDER BY n.expires_at" in query["sql"] for query in captured)


def test_a_storm_is_looked_through_once_for_many_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "EXPANDED_TOGETHER", 2)
    monkeypatch.setattr(steps, "KEPT_TIMES", 1e9)
    add_due_reminders(world, 10)
    due = steps.DueRows()
    assert [lists_read(due, world) for _ in range(5)] == [1, 0, 0, 0, 0]
    assert not Notification.objects.open().exists()
    assert Delivery.objects.count() == 10 * PEOPLE


def test_what_expires_first_is_first_when_they_are_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "EXPANDED_TOGETHER", 2)
    monkeypatch.setattr(steps, "KEPT_TIMES", 0)
    add_due_reminders(world, 6)
    due = steps.DueRows()
    lists_read(due, world)
    urgent = Notification.objects.latest("pk")
    Notification.objects.filter(pk=urgent.pk).update(expires_at=world.now + timedelta(minutes=5))
    assert lists_read(due, world) == 1
    assert not Notification.objects.open().filter(pk=urgent.pk).exists()
    # Between being read and their turn, actions close and move rows.
    monkeypatch.setattr(steps, "KEPT_TIMES", 1e9)
    kept = steps.DueRows()
    add_due_reminders(world, 4)
    steps.create_due_deliveries(world.now, time.monotonic(), kept)
    open_rows = Notification.objects.open()
    closed, moved = open_rows.order_by("-pk")[:2]
    open_rows.filter(pk=closed.pk).update(closed_at=world.now)
    open_rows.filter(pk=moved.pk).update(due_at=world.now + timedelta(days=1))
    steps.create_due_deliveries(world.now, due=kept)
    assert [row.pk for row in open_rows] == [moved.pk]
    assert not Delivery.objects.filter(notification__in=[closed, moved]).exists()
