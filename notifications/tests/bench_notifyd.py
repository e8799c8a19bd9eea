"""What notifyd's work costs on this machine: `python3 run.py bench --notifyd`. Prints figures and asserts none.

NOTIFYD_GAMES, 200 if not set, is how many games of ten people are reminded at once.
"""

import asyncio
import cProfile
import io
import itertools
import os
import pstats
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from conftest import World, make_world
from games.models import Announcement, Game, Signup
from gamesched.lib import orm
from gamesched.lib.clock import db_now
from guilds.models import Member, User
from notifications.daemon import leases, loop, steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.django_db(transaction=True)

GAMES = int(os.environ.get("NOTIFYD_GAMES", "200"))
PLAYERS = 9  # beside the host
REPLY_SECONDS = 0.001


def close_connection() -> None:
    time.sleep(0.05)  # so that each thread closes one
    connection.close()


@pytest.fixture(autouse=True)
def kept_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep connections, as notifyd does."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 300)
    monkeypatch.setattr(orm, "_threads", ThreadPoolExecutor(orm.THREADS))
    yield
    for _ in range(orm.THREADS):
        orm._threads.submit(close_connection)
    orm._threads.shutdown()


class StubDiscord:
    """Takes every message after a millisecond."""

    def __init__(self, expected: int, stopping: asyncio.Event) -> None:
        self.expected, self.stopping = expected, stopping
        self.sent_at: list[float] = []
        self.cpu_at_first = 0.0
        self._ids = itertools.count(1)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: OutgoingMessage) -> SentMessage:
        if not self.sent_at:
            self.cpu_at_first = time.process_time()
        self.sent_at.append(time.perf_counter())
        await asyncio.sleep(REPLY_SECONDS)
        if len(self.sent_at) >= self.expected:
            self.stopping.set()
        return SentMessage(message.channel_id or message.user_id or 0, next(self._ids))

    async def newest_own_message_id(self, channel_ids: Sequence[int]) -> int | None:
        return None

    async def is_in_guild(self, guild_id: int) -> bool:
        return True

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        return True


@contextmanager
def counted_statements() -> Iterator[Counter[str]]:
    """Count the statements of all threads, by their first 110 characters."""
    counts: Counter[str] = Counter()
    real = CursorWrapper._execute  # type: ignore[attr-defined]

    def counted(self: CursorWrapper, sql: Any, *args: Any) -> Any:
        counts[str(sql)[:110]] += 1
        return real(self, sql, *args)

    CursorWrapper._execute = counted  # type: ignore[attr-defined]
    try:
        yield counts
    finally:
        CursorWrapper._execute = real  # type: ignore[attr-defined]


def add_people(world: World, number: int) -> list[User]:
    people = User.objects.bulk_create(
        User(pk=10**15 + at, username=f"person{at}", handle=f"person{at}") for at in range(number)
    )
    Member.objects.bulk_create(
        Member(guild=world.guild, user=person, member_read_at=world.now, roles_read_at=world.now) for person in people
    )
    return people


def add_due_reminders(world: World, people: Sequence[User], number: int) -> int:
    """Add so many games with ten people each, whose reminder is due. Return how many messages that makes."""
    now = db_now()
    model = world.create_game(seats=0, reminders=(1440,), starts_at=now + timedelta(days=1, minutes=1))
    Notification.objects.all().delete()
    hosts = itertools.cycle(range(len(people)))
    games = []
    for at in itertools.islice(hosts, number):
        game = Game.objects.get(pk=model.pk)
        game.pk, game._state.adding, game.host = None, True, people[at]
        games.append(game)
    Game.objects.bulk_create(games)
    Announcement.objects.bulk_create(
        Announcement(game=game, channel=world.channel, message_id=game.pk, shown_version=1) for game in games
    )
    Signup.objects.bulk_create(
        Signup(
            game=game,
            user=people[(at + key) % len(people)],
            order_key=key,
            joined_at=now,
            seated_at=now,
        )
        for at, game in enumerate(games)
        for key in range(1, PLAYERS + 1)
    )
    Notification.objects.bulk_create(
        Notification(
            kind="reminder",
            game=game,
            due_at=now,
            dedupe_key="1440",
            minutes=1440,
            expires_at=game.starts_at,
            payload={"starts_at": game.starts_at.isoformat()},
        )
        for game in games
    )
    return number * (PLAYERS + 1)


def drain(messages: int) -> tuple[StubDiscord, float, float]:
    """Run notifyd until it has sent so many. Return the stub, when it began, and the CPU seconds it took."""

    async def run() -> StubDiscord:
        stopping = asyncio.Event()
        discord = StubDiscord(messages, stopping)
        async with asyncio.timeout(600):
            await loop.Notifyd(discord, stopping).run()
        return discord

    began, cpu = time.perf_counter(), time.process_time()
    discord = asyncio.run(run())
    discord.cpu_at_first -= cpu
    return discord, began, time.process_time() - cpu


def test_drain(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[float] = []
    real = loop.Notifyd._run_steps

    def timed(self: loop.Notifyd, *args: Any) -> Any:
        began = time.thread_time()
        try:
            return real(self, *args)
        finally:
            turns.append((time.thread_time() - began) * 1000)

    monkeypatch.setattr(loop.Notifyd, "_run_steps", timed)
    world = make_world(now)
    people = add_people(world, 50)
    drain(add_due_reminders(world, people, 3))  # what happens only once, such as imports and compiling queries
    messages = add_due_reminders(world, people, GAMES)
    with counted_statements() as counts:
        discord, began, cpu = drain(messages)
    seconds = discord.sent_at[-1] - began
    assert len(discord.sent_at) == Delivery.objects.filter(status="sent").count() == messages
    first = (discord.sent_at[0] - began) * 1000
    print(
        f"\ndrain of {messages} reminders of {GAMES} games: {messages / seconds:.0f}/s, first after {first:.0f} ms "
        f"({discord.cpu_at_first * 1000:.0f} ms of CPU), "
        f"CPU {cpu / messages * 1000:.2f} ms and {sum(counts.values()) / messages:.2f} statements a message"
    )
    turns = sorted(turns)
    print(f"  {len(turns)} turns: p50 {statistics.median(turns):.0f} ms, longest {turns[-1]:.0f} ms of CPU")
    for sql, count in counts.most_common(14):
        print(f"  {count:6} {sql}")


def test_lone_timer(now: datetime) -> None:
    world = make_world(now)
    people = add_people(world, 50)
    drain(add_due_reminders(world, people, 3))
    add_due_reminders(world, people, 1)
    Signup.objects.all().delete()  # the host alone is reminded
    with counted_statements() as counts:
        discord, began, cpu = drain(1)
    first = (discord.sent_at[0] - began) * 1000
    print(
        f"\na lone timer: {sum(counts.values())} statements, CPU {cpu * 1000:.0f} ms, sent {first:.0f} ms after start"
    )


def test_profile(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(now)
    people = add_people(world, 50)
    drain(add_due_reminders(world, people, 3))
    messages = add_due_reminders(world, people, GAMES // 4)
    profile = cProfile.Profile()
    real = loop.Notifyd._run_steps

    def profiled(self: loop.Notifyd, *args: Any) -> Any:
        profile.enable()
        try:
            return real(self, *args)
        finally:
            profile.disable()

    monkeypatch.setattr(loop.Notifyd, "_run_steps", profiled)
    drain(messages)
    out = io.StringIO()
    pstats.Stats(profile, stream=out).sort_stats("cumulative").print_stats(35)
    print(out.getvalue())


def measured(work: Callable[[], object], times: int = 15) -> str:
    """Run some work so often, undoing it each time, and return its median times."""
    walls, cpus = [], []
    for _ in range(times):
        with transaction.atomic():
            began, cpu = time.perf_counter(), time.process_time()
            work()
            walls.append((time.perf_counter() - began) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
            transaction.set_rollback(True)
    return f"p50 {statistics.median(walls):7.2f} ms, {statistics.median(cpus):6.2f} of them CPU of notifyd"


# As deliveries are: their notification is closed. Those that are sent stand before those to send.
DELIVERIES = """
INSERT INTO notifications_delivery (notification_id, recipient_id, status, in_channel, nonce, attempts, next_attempt_at,
    expires_at, error_code, error, sent_at)
SELECT n.id, p.id, %(status)s, false, left(md5(random()::text), 22), 0, %(now)s,
    n.expires_at + n.id %% 1000 * interval '1 minute', '', '', null
FROM notifications_notification n, guilds_user p WHERE n.dedupe_key LIKE %(key)s AND p.handle LIKE 'person%%'
"""


def add_deliveries(world: World, game: Game, number: int, status: str) -> None:
    """Add deliveries to 50 people each."""
    key = f"{status}{Notification.objects.count()}-"
    Notification.objects.bulk_create(
        Notification(
            kind="reminder",
            game=game,
            due_at=world.now,
            closed_at=world.now,
            dedupe_key=f"{key}{at}",
            minutes=1440,
            expires_at=game.starts_at,
            payload={"starts_at": game.starts_at.isoformat()},
        )
        for at in range(number // 50)
    )
    with connection.cursor() as cursor:
        cursor.execute(DELIVERIES, {"status": status, "now": world.now, "key": f"{key}%"})
        cursor.execute("ANALYZE")


def test_lease(now: datetime) -> None:
    world = make_world(now)
    add_people(world, 50)
    game = world.create_game(reminders=())
    Notification.objects.all().delete()
    print()
    due = 0
    for total, closed in ((1_000, 0), (100_000, 0), (100_000, 100_000)):
        add_deliveries(world, game, total - due, "pending") if total > due else None
        add_deliveries(world, game, closed, "sent") if closed else None
        due = total
        lease = measured(lambda: leases.lease_deliveries(now, 100))
        print(f"lease of 100 of {due:6} due, {closed:6} closed: {lease}")
        print(f"{'when the next is due':>41}: {measured(steps.next_due)}")
