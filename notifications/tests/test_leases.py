"""The leases' own SQL finds what the ORM finds, in its order, and takes the same work however many are leased."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.db import connection
from django.db.models import F, Q

from conftest import World
from games.models import Game
from notifications.daemon import leases, steps
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.types import expanded_types, post_types

pytestmark = pytest.mark.slow

EARLIER, LATER = timedelta(minutes=-1), timedelta(minutes=1)


def free(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now)


def games_here_and_away(world: World) -> list[Game | None]:
    """Return a game, one whose guild the bot was removed from, and none."""
    here, away = world.create_game(reminders=()), world.create_game(reminders=())
    guild = world.guild.__class__.objects.create(pk=1, name="Away", owner_id=1, bot_removed_at=world.now)
    Game.objects.filter(pk=away.pk).update(guild=guild)
    Notification.objects.all().delete()
    return [here, Game.objects.get(pk=away.pk), None]


def notifications_of_all_states(world: World) -> None:
    now, number = world.now, itertools.count()
    states: dict[str, list[Any]] = {
        "game": games_here_and_away(world),
        "kind": ["announcement", "takedown", "reminder"],
        "due_at": [now + EARLIER, now, now + LATER],
        "leased_until": [None, now + EARLIER, now + LATER],
        "closed_at": [None, now],
    }
    Notification.objects.bulk_create(
        Notification(dedupe_key=str(next(number)), **dict(zip(states, row, strict=True)))
        for row in itertools.product(*states.values())
    )


def deliveries_of_all_states(world: World) -> None:
    now = world.now
    games = games_here_and_away(world)
    states: dict[str, list[Any]] = {
        "expires_at": [now + 2 * LATER, None, now + LATER],
        "next_attempt_at": [now + EARLIER, now, now + LATER],
        "leased_until": [None, now + EARLIER, now + LATER],
        "status": [DeliveryStatus.PENDING, DeliveryStatus.SENT],
        "first_attempt_at": [None, now + EARLIER],
    }
    people = [world.add_member(number) for number in range(2)]
    rows = list(itertools.product(games, *states.values()))
    notifications = Notification.objects.bulk_create(
        Notification(game=game, kind="reminder", due_at=now, closed_at=now, dedupe_key=str(number))
        for number, (game, *_) in enumerate(rows)
    )
    each = [
        dict(zip(states, row, strict=True)) | {"notification": notification}
        for (_, *row), notification in zip(rows, notifications, strict=True)
    ]
    carriers = Delivery.objects.bulk_create(Delivery(recipient=people[0], **fields) for fields in each)
    Delivery.objects.bulk_create(
        Delivery(recipient=people[1], sent_with=carrier, **fields)
        for carrier, fields in list(zip(carriers, each, strict=True))[::5]
    )


def test_deliveries_are_leased_as_the_orm_would(world: World) -> None:
    deliveries_of_all_states(world)
    due = Delivery.objects.deliverable().filter(free(world.now), next_attempt_at__lte=world.now)
    expected = list(
        due.order_by(F("expires_at").asc(nulls_last=True), "next_attempt_at", "pk").values_list("pk", flat=True)
    )
    first_attempts = dict(Delivery.objects.values_list("pk", "first_attempt_at"))
    assert len(expected) > 30
    assert leases.lease_deliveries(world.now, 7) == expected[:7]
    assert leases.lease_deliveries(world.now, 1000) == expected[7:]
    assert leases.lease_deliveries(world.now, 1000) == []
    for row in Delivery.objects.all():
        first = first_attempts[row.pk]
        if row.pk in expected:
            assert (row.attempts, row.first_attempt_at) == (1, first or world.now)
            assert row.leased_until is not None
            assert row.leased_until > world.now + LATER / 60
        else:
            assert (row.attempts, row.first_attempt_at) == (0, first)


def test_posts_are_leased_as_the_orm_would(world: World) -> None:
    notifications_of_all_states(world)
    due = Notification.objects.deliverable().filter(free(world.now), kind__in=post_types(), due_at__lte=world.now)
    expected = list(due.order_by("due_at", "pk").values_list("pk", flat=True))
    assert len(expected) > 10
    assert leases.lease_posts(world.now, 5) == expected[:5]
    assert leases.lease_posts(world.now, 1000) == expected[5:]
    rows = Notification.objects.filter(pk__in=expected)
    assert set(rows.values_list("attempts", "first_attempt_at")) == {(1, world.now)}
    assert not rows.exclude(due_at=F("leased_until")).exists(), "a change meanwhile sets the time of the next edit"
    assert not Notification.objects.exclude(pk__in=expected).exclude(attempts=0).exists()


def test_which_delivery_is_due_next_is_what_the_orm_finds(world: World) -> None:
    deliveries_of_all_states(world)
    tries = Delivery.objects.deliverable().filter(free(world.now)).order_by("next_attempt_at")
    while (first := tries.first()) is not None:
        assert leases.look().delivery_due == first.next_attempt_at
        tries.filter(next_attempt_at=first.next_attempt_at).delete()
    assert leases.look().delivery_due is None


def test_which_notification_is_due_next_is_what_the_orm_finds(world: World) -> None:
    notifications_of_all_states(world)
    waiting = Notification.objects.deliverable().filter(free(world.now)).order_by("due_at", "pk")
    while (first := waiting.first()) is not None:
        message = waiting.filter(kind__in=expanded_types()).first()
        assert leases.look().notification_due == first.due_at
        assert leases.look(posts=False).notification_due == (message and message.due_at)
        has_due_posts = waiting.filter(kind__in=post_types(), due_at__lte=world.now).exists()
        assert leases.look().has_due_posts == has_due_posts
        assert not leases.look(posts=False).has_due_posts
        waiting.filter(pk=first.pk).delete()
    assert leases.look().notification_due is None


def test_due_notifications_are_what_the_orm_finds(world: World) -> None:
    notifications_of_all_states(world)
    Notification.objects.filter(kind="reminder", leased_until=None).update(expires_at=world.now + LATER)
    due = Notification.objects.deliverable().filter(kind__in=expanded_types(), due_at__lte=world.now)
    rows = due.order_by(F("expires_at").asc(nulls_last=True), "due_at", "pk").values_list("pk", "game_id", "kind")
    assert len(rows) > 5
    assert leases.due_notifications(world.now, 3) == list(rows)[:3]
    assert leases.due_notifications(world.now, 1000) == list(rows)


def test_a_look_may_begin_later_than_at_the_beginning(world: World) -> None:
    notifications_of_all_states(world)
    since = world.now - leases.SAFELY_BEFORE
    assert leases.look(since=since) == leases.look()._replace(now=ANY, comes_at=ANY)
    assert leases.look().nothing_before == world.now + EARLIER - leases.SAFELY_BEFORE
    assert leases.due_notifications(world.now, 1000, since) == leases.due_notifications(world.now, 1000)
    waiting = Notification.objects.deliverable().filter(free(world.now), due_at__gte=world.now).order_by("due_at")
    assert leases.look(since=world.now).notification_due == waiting.values_list("due_at", flat=True)[0]


def test_so_it_is_with_deliveries(world: World) -> None:
    deliveries_of_all_states(world)
    since = world.now - leases.SAFELY_BEFORE
    assert leases.look(since=since) == leases.look()._replace(now=ANY, comes_at=ANY)
    assert leases.look(since=world.now).delivery_due == world.now


def test_what_is_due_in_a_moment_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("time.monotonic", lambda: 100.0)

    def awaited(notification_after: timedelta | None, delivery_after: timedelta | None) -> timedelta:
        times = [world.now + after if after is not None else None for after in (notification_after, delivery_after)]
        outlook = leases.Outlook(world.now, False, times[0], times[1], False, comes_at=100.0).ahead(leases.LEAD)
        outlook.wait()
        return outlook.now - world.now

    nothing, moment, soon = timedelta(), leases.LEAD / 2, leases.LEAD * 2
    assert awaited(None, None) == awaited(soon, None) == awaited(nothing, moment) == awaited(-soon, moment) == nothing
    assert slept == []
    assert awaited(moment, soon) == awaited(soon, moment) == awaited(None, moment) == moment
    assert slept == [pytest.approx(moment.total_seconds())] * 3


def test_what_takes_longer_is_begun_earlier() -> None:
    slow, quick = timedelta(milliseconds=50), timedelta(milliseconds=4)
    lead = leases.next_lead(leases.LEAD, slow)
    assert lead > slow
    assert lead > leases.next_lead(lead, quick) > leases.LEAD, "one that was quick says little"
    for _ in range(100):
        lead = leases.next_lead(lead, quick)
    assert lead == leases.LEAST_LEAD
    assert leases.next_lead(lead, timedelta(seconds=9)) == leases.MOST_LEAD


@pytest.mark.parametrize("add_rows", [notifications_of_all_states, deliveries_of_all_states])
def test_taking_over_releases_all_leases(world: World, add_rows: Callable[[World], None]) -> None:
    add_rows(world)
    steps.release_leases()
    assert not Notification.objects.open().exclude(leased_until=None).exists()
    assert not Delivery.objects.filter(status=DeliveryStatus.PENDING).exclude(leased_until=None).exists()


def test_a_lease_reads_an_index_in_its_order(world: World) -> None:
    """However many are due, no more rows are read and none sorted."""
    with connection.cursor() as cursor:
        # With few rows, as here, sorting them is as cheap.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        params: dict[str, Any] = {"now": world.now, "until": world.now, "limit": 100}
        cursor.execute(f"EXPLAIN {leases._LEASE_DELIVERIES}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    leased = plan[plan.index("CTE due") : plan.index("CTE leased")]
    assert "pending_delivery_expiring" in leased
    assert "Sort" not in leased
    assert "Hash" not in leased
