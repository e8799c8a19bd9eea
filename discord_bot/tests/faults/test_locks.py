"""Writers, expanders and senders at once: no deadlock, no duplicates, no leftover leases, one lock order."""

import contextlib
import itertools
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.models import Count

from conftest import EVERYONE, make_world
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.offers.schedule_conflicts import ConflictPolicy
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY, change_plan
from games.server_settings import actions as server_settings
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import PermanentError, SentMessage, TemporaryError
from notifications.models import Delivery, DeliveryStatus, Notification

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECONDS = 4.0
LOCKING = re.compile(r"FOR (?:NO KEY )?UPDATE|^(?:UPDATE|INSERT|DELETE|\s*INSERT)")
ORDER = ["guilds_user", "games_game", "notifications_notification", "notifications_delivery"]
TABLE = re.compile(rf'(?:FROM|UPDATE|INTO) "?({"|".join(ORDER)})"?\s')


class Locks:
    """Records which of the four tables' rows each transaction locks, in order of the first lock."""

    def __init__(self) -> None:
        self.open: dict[int, list[str]] = {}
        self.orders: dict[tuple[str, ...], str] = {}

    def begun(self, wrapper: DatabaseWrapper, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        self.ended(wrapper)
        self.open[id(wrapper)] = []

    def ended(self, wrapper: DatabaseWrapper) -> None:
        self.open.pop(id(wrapper), None)

    def record_order(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        order = self.open.get(id(context["connection"]))
        # A statement that skips locked rows never waits.
        waits = "SKIP LOCKED" not in sql
        if (
            order is not None
            and waits
            and LOCKING.search(sql)
            and (match := TABLE.search(sql))
            and match[1] not in order
        ):
            order.append(match[1])
            self.orders.setdefault(tuple(order), sql)
        return execute(sql, params, many, context)


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Locks:
    recorded = Locks()
    real = DatabaseWrapper.set_autocommit

    def set_autocommit(self: DatabaseWrapper, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        # Called at the start and at the end of every outermost transaction.
        real(self, autocommit, *args, **kwargs)
        if autocommit:
            recorded.ended(self)
        else:
            recorded.begun(self, autocommit)

    monkeypatch.setattr(DatabaseWrapper, "set_autocommit", set_autocommit)
    return recorded


def test_everything_at_once_ends_well_and_locks_in_one_order(locks: Locks, settings: Any) -> None:
    settings.NOTIFY_LEASE = timedelta(seconds=0.3)  # so that leases run out with their results under way
    now = datetime.now(UTC)
    world = make_world(now)
    start = now + timedelta(days=1, seconds=1)
    games = [world.create_game(seats=None, starts_at=start + timedelta(seconds=n), reminders=None) for n in range(4)]
    people = [world.add_member(number) for number in range(100, 106)]
    over = time.monotonic() + SECONDS
    problems: list[BaseException] = []
    ids = itertools.count(10_000)
    turns: defaultdict[str, int] = defaultdict(int)

    def host(draw: random.Random, game: Game, at: datetime) -> object:
        soon = at + timedelta(days=1, seconds=1)
        plan = change_plan(scheduling.plan_from_game(game), seats=draw.choice([None, 1, 3]), starts_at=soon)
        return scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), at)

    def anyone(draw: random.Random, game: Game, at: datetime) -> object:
        who: User = draw.choice(people)
        by = Actor(who, EntryPoint.BUTTON)
        if draw.random() < 0.5:
            return signups.leave(game.pk, who, by, at)
        return signups.join(game.pk, who, by, at, overlap=draw.choice(list(ConflictPolicy)))

    def cancel(draw: random.Random, game: Game, at: datetime) -> object:
        """A cancelled game, for good or undone: its notifications are due now, so that the undo meets them."""
        by = Actor(world.bob, EntryPoint.PAGE)
        cancelled = world.create_game(starts_at=at + timedelta(days=2))
        signups.join(cancelled.pk, people[0], Actor(people[0], EntryPoint.BUTTON), at)
        done = cancellation.cancel_game(cancelled.pk, "", by, at - CANCELLATION_DELAY)
        return cancellation.undo_cancellation(cancelled.pk, by, at) if draw.random() < 0.5 else done

    def change_settings(draw: random.Random, game: Game, at: datetime) -> object:
        changes = {"seats": draw.randint(1, 3), "reminders": [1440, draw.choice([30, 60])], "host_role_ids": [EVERYONE]}
        return server_settings.change_guild_defaults(
            world.guild.pk, changes, (), (), Actor(world.alice, EntryPoint.PAGE), at
        )

    def create_deliveries(draw: random.Random, game: Game, at: datetime) -> object:
        return steps.create_due_deliveries(at)

    def deliver(draw: random.Random, game: Game, at: datetime) -> None:
        jobs = steps.lease_jobs(at, 20)
        draw.shuffle(jobs)
        outcomes: list[steps.SendResult] = [
            SentMessage(world.channel.pk, next(ids)),
            TemporaryError("no", 0.1),
            PermanentError("no", PermanentError.CLOSED_DMS),
        ]
        steps.record([(job, draw.choices(outcomes, [2, 1, 8])[0]) for job in jobs], db_now())

    def work(number: int, what: Callable[[random.Random, Game, datetime], object]) -> None:
        draw = random.Random(number)
        try:
            with connection.execute_wrapper(locks.record_order):
                while time.monotonic() < over:
                    game = draw.choice(games)
                    game.refresh_from_db()
                    with contextlib.suppress(Refused):
                        what(draw, game, db_now())
                    turns[what.__name__] += 1
        except BaseException as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    before = deadlocks()
    jobs = [host, anyone, anyone, cancel, change_settings, create_deliveries, create_deliveries, deliver, deliver]
    threads = [threading.Thread(target=work, args=numbered_job) for numbered_job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems
    print(dict(turns))
    assert min(turns[job.__name__] for job in jobs) > 0
    assert deadlocks() == before
    twice = Delivery.objects.filter(resend_of=None).values("notification", "recipient").annotate(n=Count("pk"))
    assert not twice.filter(n__gt=1).exists()
    later = db_now() + timedelta(minutes=10)
    for _ in range(10):
        steps.create_due_deliveries(later)
        steps.record([(job, SentMessage(world.channel.pk, next(ids))) for job in steps.lease_jobs(later, 500)], later)
    assert not Notification.objects.open().filter(due_at__lte=later).exists()
    assert not Notification.objects.open().exclude(leased_until=None).exists()
    assert not Delivery.objects.filter(status=DeliveryStatus.PENDING).exists()
    for tables, sql in locks.orders.items():
        assert list(tables) == sorted(tables, key=ORDER.index), (tables, sql)
    assert tuple(ORDER[:3]) in locks.orders
    assert any(ORDER[-1] in tables and len(tables) > 1 for tables in locks.orders), (
        "deliveries are locked after others somewhere"
    )


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
