"""notifyd works in sets: of ten messages or a hundred, of few games or many, it asks the database as often."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.models import Announcement, Game, Signup
from gamesched.testing.waiting import PATIENCE
from guilds.models import Member, User
from notifications.daemon import leases, loop, outcomes, pause, steps
from notifications.daemon.steps import Job
from notifications.messages import RateLimited, SentMessage, load_backend
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.types import get_message_type

PEOPLE = 10  # the host of a game, and nine with a seat


def add_due_reminders(world: World, games: int, kind: str = "reminder") -> None:
    """Add so many games, each with ten people and one reminder that is due."""
    names = {10**15 + at: f"person{at}" for at in range(PEOPLE)}
    rows = [User(pk=pk, username=name, handle=name) for pk, name in names.items()]
    people = User.objects.bulk_create(rows, ignore_conflicts=True)
    Member.objects.bulk_create(
        [
            Member(guild=world.guild, user=person, member_read_at=world.now, roles_read_at=world.now)
            for person in people
        ],
        ignore_conflicts=True,
    )
    model = world.create_game(seats=0, reminders=(1440,), starts_at=world.now + timedelta(hours=23))
    Notification.objects.filter(game=model).delete()
    copies = []
    for _ in range(games):
        game = Game.objects.get(pk=model.pk)
        game.pk, game._state.adding, game.host = None, True, people[0]
        copies.append(game)
    Game.objects.bulk_create(copies)
    Announcement.objects.bulk_create(Announcement(game=game, channel=world.channel, message_id=1) for game in copies)
    Signup.objects.bulk_create(
        Signup(game=game, user=person, order_key=key, joined_at=world.now, seated_at=world.now)
        for game in copies
        for key, person in enumerate(people[1:], 1)
    )
    Notification.objects.bulk_create(
        Notification(
            kind=kind,
            game=game,
            due_at=world.now,
            dedupe_key="1440",
            minutes=1440,
            expires_at=game.starts_at,
            payload={"starts_at": game.starts_at.isoformat()},
        )
        for game in copies
    )


def sent(jobs: Sequence[Job], channel_id: int = 5) -> list[tuple[Job, SentMessage]]:
    return [(job, SentMessage(channel_id, number)) for number, job in enumerate(jobs, 1)]


def statements_of_a_turn(world: World, games: int, late: timedelta = timedelta()) -> tuple[int, int, int]:
    """Return how many statements expand, lease and build, and record the messages of so many games."""
    add_due_reminders(world, games)
    now = world.now + late
    with CaptureQueriesContext(
        connection,
    ) as expanding:
        assert steps.create_due_deliveries(now) == games
    with CaptureQueriesContext(connection) as leasing:
        jobs = steps.lease_jobs(now, games * PEOPLE)
    assert len(jobs) == games * PEOPLE
    with CaptureQueriesContext(connection) as recording:
        steps.record(sent(jobs), now)
    assert not Delivery.objects.exclude(status=DeliveryStatus.SENT).exists()
    return len(expanding), len(leasing), len(recording)


@pytest.mark.parametrize("late", [timedelta(), timedelta(minutes=5)])
def test_ten_messages_and_a_hundred_take_the_same_statements(world: World, late: timedelta) -> None:
    statements_of_a_turn(world, 1, late)  # reads that are compiled once, and people's channels
    ten, hundred = statements_of_a_turn(world, 1, late), statements_of_a_turn(world, 10, late)
    assert ten == hundred
    assert sum(ten) <= 28


def test_a_lone_timer_takes_few_statements(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is leased; from its time until it is sent; until all is written down and the next due time is known."""
    waited_after: list[int] = []

    def wait(outlook: leases.Outlook) -> float:
        waited_after.append(len(connection.queries_log))
        return outlook.comes_at

    monkeypatch.setattr(leases.Outlook, "wait", wait)
    monkeypatch.setattr(leases, "LEAD", timedelta(hours=1))

    def turn(daemon: loop.Notifyd, results: Sequence[tuple[Job, steps.SendResult]] = ()) -> tuple[list[Job], list[str]]:
        collected = Collected()
        with CaptureQueriesContext(connection) as captured:
            waited_after.clear()
            daemon._run_steps(list(results), 100, 60, collected)  # type: ignore[arg-type]
            waited_after[:] = [at - captured.initial_queries for at in waited_after]
        return collected.jobs, [query["sql"] for query in captured]

    for _ in range(2):  # first come reads that are compiled once, and a person's channel
        add_due_reminders(world, 1)
        due_at = world.now + timedelta(minutes=30)
        Notification.objects.update(due_at=due_at)
        Signup.objects.all().delete()
        daemon = loop.Notifyd(load_backend(), asyncio.Event())
        jobs, due = turn(daemon)
        prepared = waited_after[0]
        rest, done = turn(daemon, sent(jobs, 7))
        assert (len(jobs), rest) == (1, [])
    assert Delivery.objects.filter(first_attempt_at=due_at).count() == 2, "both as of their time"
    leased = next(number for number, sql in enumerate(due, 1) if "INSERT INTO notifications_delivery" in sql)
    assert leased <= 9
    assert len(due) - prepared == 1, "only the commit is left when it is due"
    assert len(due) <= 16
    assert len(done) <= 6


def test_what_cannot_be_prepared_is_done_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the attempt is left: neither deliveries nor a lease."""
    add_due_reminders(world, 2)
    broken = Notification.objects.order_by("pk")[0]
    Notification.objects.filter(pk=broken.pk).update(payload={"starts_at": "no time"})
    assert steps.take_due_messages(world.now, 100, lambda: None) == (0, [])
    assert not Delivery.objects.exists()
    daemon, collected = loop.Notifyd(load_backend(), asyncio.Event()), Collected()
    for _ in range(PEOPLE):  # a turn on a slow machine does one
        daemon._run_steps([], 100, 60, collected)  # type: ignore[arg-type]
    assert len(collected.jobs) == PEOPLE
    assert Notification.objects.get(pk=broken.pk).attempts == 1


def test_a_hundred_dropped_take_the_same_statements_as_ten(world: World) -> None:
    def dropping(games: int) -> int:
        add_due_reminders(world, games)
        steps.create_due_deliveries(world.now)
        Signup.objects.update(left_at=world.now)
        Game.objects.update(cancelled_at=world.now)
        with CaptureQueriesContext(connection) as found:
            assert steps.lease_jobs(world.now, 1000) == []
        assert not Delivery.objects.exclude(status=DeliveryStatus.DROPPED).exists()
        Game.objects.update(cancelled_at=None)
        return len(found)

    dropping(1)
    assert dropping(1) == dropping(10)


class Collected:
    """Stands for the event loop: collects what a turn hands to it."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def call_soon_threadsafe(self, start: object, *jobs: Job) -> None:
        self.jobs.extend(jobs)


def test_a_storm_is_sliced_and_a_new_post_goes_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SLICE", 0.0)
    monkeypatch.setattr(loop, "FIRST_FEW", loop.MAX_IN_FLIGHT)
    add_due_reminders(world, 3)
    daemon, collected = loop.Notifyd(load_backend(), asyncio.Event()), Collected()

    def turn(free: int = 100) -> list[Job]:
        collected.jobs.clear()
        daemon._run_steps([], free, 60, collected)  # type: ignore[arg-type]
        return list(collected.jobs)

    assert len(turn()) == 1, "the first message is sent before the others are built"
    world.create_game(reminders=())
    post, message = turn()
    assert (post.post is not None, message.post) == (True, None)
    assert turn(free=0) == []
    assert Delivery.objects.filter(leased_until=None).count() == 0
    rest = [job for _ in range(3 * PEOPLE) for job in turn()]
    assert len({job.pk for job in rest}) == len(rest) == 3 * PEOPLE - 2
    assert turn() == []


def test_with_nothing_in_flight_the_first_few_are_leased_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_due_reminders(world, 3)
    steps.create_due_deliveries(world.now)
    limits: list[int] = []
    real = leases.lease_deliveries

    def lease(now: datetime, limit: int) -> list[int]:
        limits.append(limit)
        return real(now, limit)

    monkeypatch.setattr(leases, "lease_deliveries", lease)
    monkeypatch.setattr(loop, "SLICE", PATIENCE)
    daemon, collected = loop.Notifyd(load_backend(), asyncio.Event()), Collected()
    daemon._run_steps([], loop.MAX_IN_FLIGHT, 60, collected)  # type: ignore[arg-type]
    assert len(collected.jobs) == 3 * PEOPLE
    assert limits == [loop.FIRST_FEW, loop.MAX_IN_FLIGHT - loop.FIRST_FEW]
    assert steps.create_due_deliveries(world.now) == 0


def test_a_rehearsal_changes_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    steps.rehearse(world.now)
    add_due_reminders(world, 2)
    steps.create_due_deliveries(world.now)
    add_due_reminders(world, 2)

    def state() -> list[object]:
        return [list(model._default_manager.order_by("pk").values()) for model in (Notification, Delivery)]

    before = state()
    steps.rehearse(world.now)
    assert state() == before
    assert not caplog.records
    Notification.objects.update(payload={"starts_at": "no time"})
    steps.rehearse(world.now)
    assert caplog.records, "and what is broken stops no notifyd"


def test_a_pause_stops_what_was_leased_and_not_built(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SLICE", 0.0)
    monkeypatch.setattr(steps, "TAKEN_TOGETHER", 0)  # as in a storm
    add_due_reminders(world, 1)
    daemon, collected = loop.Notifyd(load_backend(), asyncio.Event()), Collected()
    daemon._run_steps([], 100, 60, collected)  # type: ignore[arg-type]
    pause.pause("a test", world.now)
    daemon._run_steps([], 100, 60, collected)  # type: ignore[arg-type]
    pause.resume("a test", world.now + timedelta(minutes=1))
    for _ in range(PEOPLE):
        daemon._run_steps([], 100, 60, collected)  # type: ignore[arg-type]
    assert len(collected.jobs) == 1


def test_together_is_recorded_what_is_recorded_one_by_one(world: World) -> None:
    add_due_reminders(world, 2)
    steps.create_due_deliveries(world.now)
    at = world.now + timedelta(seconds=1, milliseconds=7)
    codes = ["closed_dms", "left", "", "temporary"]
    for number, pk in enumerate(Delivery.objects.order_by("pk").values_list("pk", flat=True)):
        Delivery.objects.filter(pk=pk).update(
            in_channel=number % 2 == 0, error_code=codes[number // 2 % 4], error="what went wrong"
        )
    results = sent(steps.lease_jobs(world.now, 100))
    fields = ("status", "sent_at", "leased_until", "lateness_ms", "channel_id", "message_id", "error_code", "error")
    before = list(Delivery.objects.order_by("pk"))
    steps.record(results, at)
    together = list(Delivery.objects.order_by("pk").values(*fields))
    Delivery.objects.bulk_update(before, ["nonce", *fields])
    for job, outcome in results:
        outcomes._record_delivery(job.pk, job.message, outcome, at)
    assert list(Delivery.objects.order_by("pk").values(*fields)) == together
    assert {row["lateness_ms"] for row in together} == {1007}


def test_those_that_wait_for_a_limit_are_recorded_together_as_one_by_one(world: World) -> None:
    add_due_reminders(world, 2)
    steps.create_due_deliveries(world.now)
    Delivery.objects.filter(pk__in=Delivery.objects.order_by("pk")[:5]).update(
        attempts=2, first_attempt_at=world.now - timedelta(minutes=1)
    )
    results = [
        (job, RateLimited(f"limit {number}", number * 100.0))
        for number, job in enumerate(steps.lease_jobs(world.now, 100))
    ]
    fields = ("status", "leased_until", "attempts", "first_attempt_at", "next_attempt_at", "error_code", "error")
    before = list(Delivery.objects.order_by("pk"))
    with CaptureQueriesContext(connection) as captured:
        steps.record(results, world.now)
    assert len(captured) == 1
    together = list(Delivery.objects.order_by("pk").values(*fields))
    Delivery.objects.bulk_update(before, fields)
    for job, outcome in results:
        outcomes._record_delivery(job.pk, job.message, outcome, world.now)
    assert list(Delivery.objects.order_by("pk").values(*fields)) == together
    assert {(row["attempts"], row["first_attempt_at"] is None) for row in together} == {(0, True), (2, False)}


def test_what_cannot_be_recorded_together_is_recorded_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_due_reminders(world, 1)
    steps.create_due_deliveries(world.now)
    jobs = steps.lease_jobs(world.now, 100)
    results = sent(jobs)
    results[3] = (jobs[3], SentMessage(5, 2**70))  # what no column holds
    steps.record(results, world.now)
    lost = Delivery.objects.get(status=DeliveryStatus.PENDING)
    assert lost.pk == jobs[3].pk
    assert Delivery.objects.filter(status=DeliveryStatus.SENT).count() == PEOPLE - 1


def test_one_broken_game_keeps_no_other_from_being_reminded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_due_reminders(world, 4)
    broken = Notification.objects.order_by("pk")[2]
    Notification.objects.filter(pk=broken.pk).update(payload={"starts_at": "no time"})
    steps.create_due_deliveries(world.now)
    assert Delivery.objects.count() == 3 * PEOPLE
    row = Notification.objects.open().get()
    assert (row.pk, row.attempts) == (broken.pk, 1)
    assert row.due_at > world.now


def test_what_messages_need_that_cannot_be_read_together_is_read_for_each(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("boom")

    add_due_reminders(world, 2)
    steps.create_due_deliveries(world.now)
    monkeypatch.setattr(steps, "read_ahead", fail)
    assert len(steps.lease_jobs(world.now, 100)) == 2 * PEOPLE


def test_reminders_of_one_game_are_expanded_one_after_another(world: World) -> None:
    """Whether one is the nearest depends on what became of the others."""
    add_due_reminders(world, 3)
    game = Game.objects.order_by("pk").last()
    assert game is not None
    Notification.objects.create(
        kind="reminder",
        game=game,
        due_at=world.now,
        dedupe_key="60",
        minutes=60,
        expires_at=game.starts_at,
        payload={"starts_at": game.starts_at.isoformat()},
    )
    steps.create_due_deliveries(world.now)
    assert Notification.objects.get(game=game, minutes=1440).skip_code == "later_reminder_due"
    assert Delivery.objects.count() == 3 * PEOPLE
    assert get_message_type("reminder").recipients_together is not None
