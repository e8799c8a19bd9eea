"""Sending a failed delivery again as a new one, or giving it up, by those who may manage its game."""

from datetime import datetime, timedelta

import pytest

from conftest import World
from games.core.audit_people import stored_person
from games.core.base import Actor, EntryPoint
from games.deliveries import wording as delivery_wording
from games.deliveries.actions import drop_delivery, resend_delivery
from games.hosts import actions as host_actions
from games.models import AuditEntry, Game
from games.scheduling import cancellation
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.models import User
from notifications.daemon import steps
from notifications.daemon.steps import Job
from notifications.messages import PermanentError, SentMessage
from notifications.models import Delivery, DeliveryStatus, Notification


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game with Charlie in it, an hour before its start."""
    created = world.create_game(reminders=(60,))
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return created


@pytest.fixture
def failed(world: World, game: Game) -> Delivery:
    """Charlie's reminder, which Discord refused."""
    return fail(game, world.charlie, "Missing Access", "50001")


def lease_message_jobs(at: datetime) -> list[Job]:
    """Return the messages to be sent to people, without announcements."""
    return [job for job in steps.lease_jobs(at, 10) if job.post is None]


def fail(game: Game, person: User, why: str, code: str) -> Delivery:
    at = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(at)
    refused = PermanentError(why, code)
    steps.record(
        [
            (job, refused if job.message.user_id == person.pk else SentMessage(1, job.pk))
            for job in lease_message_jobs(at)
        ],
        at,
    )
    return Delivery.objects.get(recipient=person)


def test_a_failed_delivery_is_sent_again_as_a_new_one(world: World, game: Game, failed: Delivery) -> None:
    at = game.starts_at - timedelta(minutes=50)
    done = resend_delivery(failed.pk, Actor(world.bob, EntryPoint.PAGE), at)
    assert done.changed
    assert done.text == "We send the message to charlie again."
    resent = done.delivery
    assert (resent.resend_of, resent.status, resent.notification) == (
        failed,
        DeliveryStatus.PENDING,
        failed.notification,
    )
    assert resent.nonce != failed.nonce
    entry = AuditEntry.objects.get(action="resend")
    assert (entry.actor, entry.source, entry.game) == (world.bob, "page", game)
    assert entry.changes == {"for": stored_person(world.charlie.pk), "what": "Reminder 1 hour before"}
    failed.refresh_from_db()
    assert failed.status == DeliveryStatus.FAILED, "what happened stays written down"
    [job] = lease_message_jobs(at)
    assert (job.message.user_id, job.message.nonce) == (world.charlie.pk, resent.nonce)
    assert "Late" not in job.message.text


def test_two_hosts_and_a_double_click_make_one_delivery(world: World, failed: Delivery) -> None:
    first = resend_delivery(failed.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    again = resend_delivery(failed.pk, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert not again.changed
    assert again.delivery == first.delivery
    assert again.text == "We already sent the message to charlie again: it is to be sent."
    assert Delivery.objects.filter(resend_of__isnull=False).count() == 1
    assert AuditEntry.objects.filter(action="resend").count() == 1
    with refuses("not_failed"):
        resend_delivery(first.delivery.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    Delivery.objects.filter(pk=first.delivery.pk).update(status=DeliveryStatus.UNCERTAIN)
    assert resend_delivery(first.delivery.pk, Actor(world.bob, EntryPoint.PAGE), world.now).changed, (
        "and the second try once more"
    )


def test_only_undelivered_ones_are_sent_again(world: World, game: Game, failed: Delivery) -> None:
    sent = Delivery.objects.get(status=DeliveryStatus.SENT)
    by = Actor(world.bob, EntryPoint.PAGE)
    for action in (resend_delivery, drop_delivery):
        with pytest.raises(Refused, match="The message to Bob the GM is sent"):
            action(sent.pk, by, world.now)
        with pytest.raises(Refused, match="There is no message 999"):
            action(999, by, world.now)
    drop_delivery(failed.pk, by, world.now)
    failed.refresh_from_db()
    assert (failed.status, failed.error) == (DeliveryStatus.DROPPED, delivery_wording.GIVEN_UP)
    assert AuditEntry.objects.get(action="drop").changes["for"] == stored_person(world.charlie.pk)
    with refuses("not_failed"):
        resend_delivery(failed.pk, by, world.now)


def test_only_those_who_manage_the_game(world: World, game: Game, failed: Delivery) -> None:
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    cohost = world.add_member(100)
    host_actions.set_cohosts(game.pk, [cohost], Actor(world.bob, EntryPoint.PAGE), world.now)
    for action in (resend_delivery, drop_delivery):
        with refuses("not_yours"):
            action(failed.pk, Actor(world.charlie, EntryPoint.PAGE), world.now)
        with refuses("unknown_game"):
            action(failed.pk, Actor(stranger, EntryPoint.PAGE), world.now)
    assert resend_delivery(failed.pk, Actor(cohost, EntryPoint.PAGE), world.now).changed


def test_a_delivery_without_a_game_belongs_to_its_servers_managers(world: World) -> None:
    row = Notification.objects.create(
        kind="welcome", recipient=world.alice, due_at=world.now, payload={"guild": str(world.guild.pk)}
    )
    lost = Delivery.objects.create(
        notification=row, recipient=world.alice, status=DeliveryStatus.UNCERTAIN, next_attempt_at=world.now
    )
    with refuses("not_manager"):
        resend_delivery(lost.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert resend_delivery(lost.pk, Actor(world.alice, EntryPoint.PAGE), world.now).changed
    entry = AuditEntry.objects.get()
    assert (entry.guild, entry.game, entry.changes["what"]) == (world.guild, None, "How to set the server up")
    nobodys = Delivery.objects.create(
        notification=Notification.objects.create(kind="welcome", due_at=world.now),
        recipient=world.alice,
        status=DeliveryStatus.FAILED,
        next_attempt_at=world.now,
    )
    with pytest.raises(Refused, match=delivery_wording.NO_GUILD_OF_DELIVERY):
        resend_delivery(nobodys.pk, Actor(None, EntryPoint.COMMAND, operator=True), world.now)


def test_a_resent_delivery_is_checked_like_any(world: World, game: Game, failed: Delivery) -> None:
    done = resend_delivery(failed.pk, Actor(world.bob, EntryPoint.PAGE), game.starts_at)
    assert lease_message_jobs(game.starts_at) == []
    resent = Delivery.objects.get(pk=done.delivery.pk)
    assert (resent.status, resent.error) == (DeliveryStatus.DROPPED, "it was too late")


def test_nothing_is_resent_for_a_cancelled_game(world: World, game: Game, failed: Delivery) -> None:
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    resent = resend_delivery(failed.pk, Actor(world.bob, EntryPoint.PAGE), world.now).delivery
    steps.lease_jobs(world.now, 10)
    resent.refresh_from_db()
    assert (resent.status, resent.error) == (DeliveryStatus.DROPPED, "the game is cancelled")
