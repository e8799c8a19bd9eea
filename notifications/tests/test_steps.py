"""notifyd's steps one by one, with `now` set by the test."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db.models import F

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import cancellation
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from notifications import report
from notifications.codes import SkipCode
from notifications.daemon import steps
from notifications.messages import PermanentError, SentMessage, TemporaryError
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.types import Skip, get_post_type


@pytest.fixture
def game(world: World) -> Game:
    """A game with Charlie seated and another waiting, its announcement shown."""
    game = world.create_game(seats=1, reminders=(60,))
    for person in (world.charlie, world.add_member(100)):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    [job] = steps.lease_jobs(world.now, 10)
    steps.record([(job, SentMessage(game.channel_id, 777))], world.now)
    game.refresh_from_db()
    return game


def test_a_shown_post_closes_its_row(world: World, game: Game) -> None:
    assert game.announcement.message_id == 777
    assert game.announcement.shown_version == game.post_version
    assert not Notification.objects.open().filter(kind="announcement").exists()
    assert steps.lease_jobs(world.now + timedelta(minutes=5), 10) == []


def test_a_change_during_the_edit_is_not_lost(world: World, game: Game) -> None:
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    [job] = steps.lease_jobs(world.now, 10)
    late = world.add_member(101)
    signups.join(game.pk, late, Actor(late, EntryPoint.PAGE), world.now)
    assert steps.lease_jobs(world.now, 10) == [], "one message has one editor at a time"
    steps.record([(job, SentMessage(game.channel_id, 777))], world.now)
    [again] = steps.lease_jobs(world.now, 10)
    steps.record([(again, SentMessage(game.channel_id, 777))], world.now)
    game.refresh_from_db()
    assert game.announcement.shown_version == game.post_version
    assert not Notification.objects.open().filter(kind="announcement").exists()


def test_a_post_created_before_a_crash_is_brought_up_to_date(world: World) -> None:
    game = world.create_game()
    steps.lease_jobs(world.now, 10)  # created in Discord, but not recorded before the crash
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    steps.release_leases()  # due from when the row was written, by the database's clock
    after = db_now() + timedelta(seconds=1)
    [job] = steps.lease_jobs(after, 10)
    assert (job.message.message_id, job.may_exist_already) == (None, True)
    steps.record([(job, SentMessage(game.channel_id, 777))], after)  # with its nonce, the first message is given back
    [edit] = steps.lease_jobs(after, 10)
    assert edit.message.message_id == 777
    steps.record([(edit, SentMessage(game.channel_id, 777))], after)
    assert not Notification.objects.open().filter(kind="announcement").exists()


def test_a_reminder_goes_to_the_seated_and_the_host(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    assert steps.create_due_deliveries(due - timedelta(seconds=1)) == 0
    assert steps.create_due_deliveries(due) == 1
    assert {d.recipient for d in Delivery.objects.all()} == {world.bob, world.charlie}
    jobs = steps.lease_jobs(due, 10)
    assert {job.message.user_id for job in jobs} == {world.bob.pk, world.charlie.pk}
    assert steps.lease_jobs(due, 10) == [], "what is leased is not sent twice"
    steps.record([(job, SentMessage(5, 6)) for job in jobs], due + timedelta(milliseconds=40))
    assert set(Delivery.objects.values_list("status", "lateness_ms", "channel_id")) == {("sent", 40, 5)}
    world.charlie.refresh_from_db()
    assert world.charlie.dm_channel_id == 5


def test_who_left_before_the_message_is_not_notified(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), due)
    steps.lease_jobs(due, 10)
    dropped = Delivery.objects.get(recipient=world.charlie, notification__kind="reminder")
    assert (dropped.status, dropped.error) == (DeliveryStatus.DROPPED, "they left")


def test_a_cancelled_game_reminds_nobody(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), due)
    jobs = steps.lease_jobs(due, 10)
    assert [job.post is not None for job in jobs] == [True], "only the post"
    assert set(Delivery.objects.values_list("status", flat=True)) == {DeliveryStatus.DROPPED}


def test_a_passing_error_backs_off_and_a_nonce_stays(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    job = steps.lease_jobs(due, 1)[0]
    steps.record([(job, TemporaryError("Discord answered 502"))], due)
    delivery = Delivery.objects.get(pk=job.pk)
    assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.PENDING, due + timedelta(seconds=2))
    [again] = [j for j in steps.lease_jobs(delivery.next_attempt_at, 10) if j.pk == job.pk]
    assert again.message.nonce == job.message.nonce
    steps.record([(again, TemporaryError("limited", 7.5))], due)
    delivery.refresh_from_db()
    assert delivery.next_attempt_at == due + timedelta(seconds=7.5)


def test_closed_direct_messages_go_to_the_channel_and_then_fail(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    jobs = {job.message.user_id: job for job in steps.lease_jobs(due, 10)}
    job = jobs[world.charlie.pk]
    steps.record([(job, PermanentError("Cannot send messages to this user", PermanentError.CLOSED_DMS))], due)
    [again] = [j for j in steps.lease_jobs(due, 10) if j.pk == job.pk]
    assert again.message.channel_id == game.channel_id
    assert again.message.ping_users == (world.charlie.pk,)
    assert again.message.nonce != job.message.nonce
    steps.record([(again, PermanentError("Missing Permissions", PermanentError.MISSING_PERMISSION))], due)
    deliveries, _ = report.undelivered()
    [failed] = deliveries
    assert failed.recipient == world.charlie


def test_a_lease_that_ran_out_is_taken_again_and_a_take_over_waits_for_none(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    first = steps.lease_jobs(due, 10)
    assert len(steps.lease_jobs(due + timedelta(seconds=31), 10)) == len(first)
    steps.release_leases()
    assert {j.message.nonce for j in steps.lease_jobs(due + timedelta(seconds=32), 10)} == {
        j.message.nonce for j in first
    }


def test_a_poisoned_row_does_not_silence_the_rest(world: World, game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    other = world.create_game(reminders=(60,))
    due = game.starts_at - timedelta(minutes=60)
    real = Game.state

    def poisoned(self: Game, now: object) -> object:
        if self.pk == game.pk:
            raise RuntimeError("boom")
        return real(self, due)

    monkeypatch.setattr(Game, "state", poisoned)
    steps.create_due_deliveries(due)
    assert set(Delivery.objects.values_list("notification__game_id", flat=True)) == {other.pk}
    row = Notification.objects.open().get(kind="reminder", game=game)
    assert "boom" in row.error
    assert row.due_at > due


def test_the_sleep_ends_at_the_earliest_due_time(world: World, game: Game) -> None:
    assert steps.next_due() == game.starts_at - timedelta(minutes=60)


def test_start_and_end_update_the_post_and_notify_nobody(world: World, game: Game) -> None:
    before = game.post_version
    steps.create_due_deliveries(game.starts_at)
    game.refresh_from_db()
    assert game.post_version == before + 1
    assert not Delivery.objects.filter(notification__kind="start").exists()
    [job] = [j for j in steps.lease_jobs(game.starts_at, 10) if j.post]
    assert not job.message.post.may_sign_up


def test_messages_do_not_wait_behind_thousands_of_posts(world: World, game: Game) -> None:
    for number in range(5):
        world.create_game(title=f"Game {number}", reminders=())
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    jobs = steps.lease_jobs(due, 10, posts=3)
    assert [job.post is not None for job in jobs] == [True] * 3 + [False] * 2
    due_next, message_next = steps.next_due(), steps.next_due(posts=False)
    assert due_next is not None
    assert message_next is not None
    assert due_next < due < message_next, "posts that have no room make no turn"


def test_a_deleted_row_does_not_keep_the_rest_from_being_recorded(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    first, second = steps.lease_jobs(due, 10)
    Delivery.objects.filter(pk=first.pk).delete()
    steps.record([(first, SentMessage(5, 6)), (second, SentMessage(5, 7))], due)
    assert Delivery.objects.get().status == DeliveryStatus.SENT


def test_a_change_while_a_post_is_skipped_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    game = world.create_game()
    row = Notification.objects.open().get(game=game, kind="announcement")
    changed: list[int] = []

    def skip_during_a_change(rendering: Notification, now: datetime) -> Skip:
        if not changed:
            changed.append(Notification.objects.filter(pk=row.pk).update(post_version=F("post_version") + 1))
        return Skip(SkipCode.EXPIRED)

    post_type = replace(get_post_type("announcement"), build_message=skip_during_a_change)
    monkeypatch.setattr(steps, "get_post_type", lambda name: post_type)
    later = world.now + timedelta(minutes=1)
    assert steps.lease_jobs(later, 10) == []
    row.refresh_from_db()
    assert (row.closed_at, row.leased_until) == (None, None)
    steps.lease_jobs(later + timedelta(hours=1), 10)
    row.refresh_from_db()
    assert row.closed_at is not None


def test_a_post_whose_row_was_deleted_meanwhile_is_neither_built_nor_recorded(
    world: World, game: Game, caplog: pytest.LogCaptureFixture
) -> None:
    """As by whoever has themselves forgotten, with a draft of theirs; notifyd died of it."""
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    job = next(iter(steps.due_posts(world.now + timedelta(minutes=1), 1)))
    Notification.objects.filter(pk=job.pk).delete()
    assert steps._build_post(job.pk, world.now) is None
    steps.record([(job, SentMessage(world.channel.pk, 77))], world.now)
    assert not caplog.records


def test_what_is_due_since_is_seen_once_nothing_is_left_of_what_was_read(world: World, game: Game) -> None:
    due_at, due = game.starts_at - timedelta(minutes=60), steps.DueRows()
    assert steps.create_due_deliveries(due_at, 0.0, due), "it stops after the first"
    due._kept_until = math.inf  # as after a reading that took long
    other = world.create_game(starts_at=game.starts_at, reminders=(60,))
    steps.create_due_deliveries(due_at, due=due)
    assert not Notification.objects.open().filter(game=other, kind="reminder").exists()
