"""A reminder by mentions in the channel: as many messages as it takes, and everybody is in the ledger."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode
from games.core.settings import ReminderPlace
from games.deliveries.actions import drop_delivery, resend_delivery
from games.deliveries.report import game_deliveries
from games.models import Game, Signup
from games.signups import actions as signups
from guilds.models import VIEW_CHANNEL, Channel, Member, User
from notifications import policy
from notifications.codes import SkipCode
from notifications.daemon import steps
from notifications.daemon.steps import Job, SendResult
from notifications.messages import OutgoingMessage, PermanentError, SentMessage, TemporaryError
from notifications.models import Delivery, DeliveryStatus, Preference
from notifications.shared_messages import MENTIONS_MAX

pytestmark = pytest.mark.slow

LONGEST_IDS = 9 * 10**18  # Discord's ids fill 64 bits in the end
CROWDS = [0, 1, MENTIONS_MAX - 1, MENTIONS_MAX, 90, 100, 250]


def crowded_game(world: World, count: int, **changes: Any) -> Game:
    """A game of Bob's with so many seated players, reminded in the channel an hour before."""
    changes = {"seats": 0, "reminders": (60,), "reminder_place": ReminderPlace.CHANNEL.value} | changes
    game = world.create_game(**changes)
    crowd = User.objects.bulk_create(
        User(id=LONGEST_IDS + n, username=str(LONGEST_IDS + n), handle="x" * 32) for n in range(count)
    )
    Member.objects.bulk_create(
        Member(guild=world.guild, user=person, nick="W" * 32, member_read_at=world.now) for person in crowd
    )
    Signup.objects.bulk_create(
        Signup(game=game, user=person, order_key=n, joined_at=world.now, seated_at=world.now)
        for n, person in enumerate(crowd, 1)
    )
    return game


class Channels:
    """Discord as far as it matters here: the first message of a nonce is the one that counts."""

    def __init__(self) -> None:
        self.shown: dict[str, OutgoingMessage] = {}

    def send(self, job: Job) -> SentMessage:
        first = self.shown.setdefault(job.message.nonce, job.message)
        return SentMessage(first.channel_id or 0, list(self.shown.values()).index(first) + 1)

    @property
    def pings(self) -> Counter[int]:
        return Counter(user_id for message in self.shown.values() for user_id in message.ping_users)


def due_jobs(now: datetime) -> list[Job]:
    steps.create_due_deliveries(now)
    return [job for job in steps.lease_jobs(now, 100) if job.post is None]


def everybody(game: Game) -> set[int]:
    return {game.host_id, *game.signups.values_list("user_id", flat=True)}


@pytest.mark.parametrize("count", CROWDS)
def test_everybody_is_pinged_once_and_stands_in_the_ledger(world: World, count: int) -> None:
    game, channels = crowded_game(world, count), Channels()
    now = game.starts_at - timedelta(minutes=60)
    jobs = due_jobs(now)
    assert len(jobs) == -(-(count + 1) // MENTIONS_MAX), "as few messages as hold everybody"
    steps.record([(job, channels.send(job)) for job in jobs], now)
    assert channels.pings == Counter(everybody(game))
    for message in channels.shown.values():
        assert len(message.text) <= 2000
        assert len(message.ping_users) <= 100
        assert all(f"<@{user_id}>" in message.text for user_id in message.ping_users)
        assert message.user_id is None
    rows = Delivery.objects.filter(notification__kind="reminder", notification__game=game)
    assert set(rows.values_list("recipient_id", flat=True)) == everybody(game)
    assert set(rows.values_list("status", "channel_id")) == {("sent", game.channel_id)}
    assert game_deliveries(game, now).text == f"{count + 1} of {count + 1} reached"
    assert due_jobs(now + timedelta(hours=1) - timedelta(seconds=1)) == []


def test_with_the_longest_title_and_addresses_it_fits(world: World, settings: Any) -> None:
    settings.PUBLIC_URL = f"https://{'games.' * 15}example.org"
    game = crowded_game(world, 100, title="*" * 200)
    for job in due_jobs(game.starts_at - timedelta(minutes=60)):
        assert len(job.message.text) <= 2000


def test_a_message_that_fails_is_tried_again_alone(world: World) -> None:
    game, channels = crowded_game(world, 100), Channels()
    now = game.starts_at - timedelta(minutes=60)
    first, *others = due_jobs(now)
    results: list[tuple[Job, SendResult]] = [(job, channels.send(job)) for job in others]
    steps.record([(first, TemporaryError("Discord answered 502")), *results], now)
    assert Delivery.objects.filter(status=DeliveryStatus.SENT).count() == 51
    [again] = due_jobs(now + policy.backoff(1, None))
    assert again.message.nonce == first.message.nonce
    steps.record([(again, channels.send(again))], now)
    assert channels.pings == Counter(everybody(game))
    assert not Delivery.objects.exclude(status=DeliveryStatus.SENT).exists()


@pytest.mark.parametrize("recorded", range(4))
def test_killed_between_messages_nothing_is_repeated_or_lost(world: World, recorded: int) -> None:
    game, channels = crowded_game(world, 100), Channels()
    now = game.starts_at - timedelta(minutes=60)
    results: list[tuple[Job, SendResult]] = [(job, channels.send(job)) for job in due_jobs(now)]
    steps.record(results[:recorded], now)
    steps.release_leases()
    after = now + timedelta(seconds=1)
    jobs = due_jobs(after)
    assert len(jobs) == 3 - recorded
    steps.record([(job, channels.send(job)) for job in jobs], after)
    assert channels.pings == Counter(everybody(game))
    assert not Delivery.objects.exclude(status=DeliveryStatus.SENT).exists()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermanentError("Missing Access", PermanentError.MISSING_PERMISSION), DeliveryStatus.FAILED),
        (PermanentError("Unknown Channel", PermanentError.UNKNOWN_CHANNEL), DeliveryStatus.FAILED),
        (PermanentError("It may have been sent.", PermanentError.UNCERTAIN), DeliveryStatus.UNCERTAIN),
    ],
)
def test_what_is_refused_is_written_beside_each(world: World, error: PermanentError, status: DeliveryStatus) -> None:
    game = crowded_game(world, 100)
    now = game.starts_at - timedelta(minutes=60)
    first, *others = due_jobs(now)
    steps.record([(first, error), *((job, SentMessage(game.channel_id, 1)) for job in others)], now)
    failed = Delivery.objects.exclude(status=DeliveryStatus.SENT)
    assert set(failed.values_list("status", "error_code")) == {(status, error.code)}
    assert failed.count() == MENTIONS_MAX
    [notice] = game_deliveries(game, now).notifications
    assert len(notice.recipients) == MENTIONS_MAX


def test_one_of_many_is_sent_again_to_that_person_only(world: World) -> None:
    game = crowded_game(world, 60)
    now = game.starts_at - timedelta(minutes=60)
    error = PermanentError("Missing Access", PermanentError.MISSING_PERMISSION)
    steps.record([(job, error) for job in due_jobs(now)], now)
    failed = Delivery.objects.get(recipient=LONGEST_IDS + 7)
    resend_delivery(failed.pk, Actor(world.bob, EntryPoint.PAGE), now)
    [job] = due_jobs(now)
    assert job.message.ping_users == (LONGEST_IDS + 7,)


def leave(world: World, game: Game, person: User) -> None:
    signups.leave(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)


def hide(world: World, game: Game, person: User) -> None:
    Channel.objects.filter(pk=game.channel_id).update(overwrites=[[person.pk, 0, VIEW_CHANNEL]])


def want_nothing(world: World, game: Game, person: User) -> None:
    Preference.objects.create(user=person, guild=world.guild, method="none")


@pytest.mark.parametrize(
    ("change", "code"),
    [(leave, GameSkipCode.LEFT), (want_nothing, SkipCode.UNWANTED), (hide, GameSkipCode.CHANNEL_HIDDEN)],
)
@pytest.mark.parametrize("at", [0, 30, MENTIONS_MAX - 1, 70])
def test_who_is_left_out_has_a_reason_and_nobody_else(world: World, change: Any, code: str, at: int) -> None:
    """Also the one whose delivery carries the message of fifty."""
    game, channels = crowded_game(world, 90), Channels()
    now = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(now)
    person = User.objects.get(pk=LONGEST_IDS + at)
    change(world, game, person)
    steps.record([(job, channels.send(job)) for job in due_jobs(now)], now)
    assert channels.pings == Counter(everybody(game) - {person.pk})
    assert set(Delivery.objects.exclude(recipient=person).values_list("status", flat=True)) == {"sent"}
    left_out = Delivery.objects.get(recipient=person, notification__kind="reminder")
    assert (left_out.status, left_out.error_code) == (DeliveryStatus.DROPPED, code)


def test_the_host_may_leave_the_message_to_the_others_after_an_attempt(world: World) -> None:
    """The nonce stays with the message, which may be there already."""
    game, channels = crowded_game(world, 10), Channels()
    now = game.starts_at - timedelta(minutes=60)
    [job] = due_jobs(now)
    channels.send(job)  # and killed
    steps.release_leases()
    want_nothing(world, game, world.bob)
    [again] = due_jobs(now + timedelta(seconds=1))
    assert again.message.nonce == job.message.nonce
    steps.record([(again, channels.send(again))], now)
    assert len(channels.shown) == 1
    assert Delivery.objects.filter(status=DeliveryStatus.SENT).count() == 10


def test_giving_up_one_by_hand_keeps_the_others(world: World) -> None:
    game, channels = crowded_game(world, 10), Channels()
    now = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(now)
    for user_id in (game.host_id, LONGEST_IDS + 4):
        drop_delivery(Delivery.objects.get(recipient=user_id).pk, Actor(world.bob, EntryPoint.PAGE), now)
    steps.record([(job, channels.send(job)) for job in due_jobs(now)], now)
    assert channels.pings == Counter(everybody(game) - {game.host_id, LONGEST_IDS + 4})


def test_when_the_game_moves_everybody_has_the_reason(world: World) -> None:
    game = crowded_game(world, 90)
    now = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(now)
    later = timedelta(hours=2)
    Game.objects.update(starts_at=game.starts_at + later, ends_at=game.ends_at + later)
    assert due_jobs(now) == []
    assert set(Delivery.objects.values_list("status", "error_code")) == {("dropped", GameSkipCode.MOVED)}


def test_after_downtime_only_the_nearest_reminder_is_sent(world: World) -> None:
    game, channels = crowded_game(world, 90, reminders=(60, 10)), Channels()
    steps.create_due_deliveries(game.starts_at - timedelta(minutes=60))
    now = game.starts_at - timedelta(minutes=5)
    steps.record([(job, channels.send(job)) for job in due_jobs(now)], now)
    assert channels.pings == Counter(everybody(game))
    far = Delivery.objects.filter(notification__minutes=60)
    assert set(far.values_list("error_code", flat=True)) == {GameSkipCode.LATER_REMINDER_WAITS}


@pytest.mark.parametrize(("count", "messages"), [(2, 1), (MENTIONS_MAX - 1, 1), (MENTIONS_MAX * 4 - 1, 4)])
def test_statements_grow_by_message_and_not_by_person(world: World, count: int, messages: int) -> None:
    game = crowded_game(world, count)
    now = game.starts_at - timedelta(minutes=60)
    due_jobs(now - timedelta(minutes=5))  # the post
    with CaptureQueriesContext(connection) as queries:
        jobs = due_jobs(now)
        steps.record([(job, SentMessage(game.channel_id, 1)) for job in jobs], now)
    assert len(jobs) == messages
    assert len(queries) <= 25 + 20 * messages
