"""Forgetting a person in the ledger: nothing is sent to them any more, and nothing says what was."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from gamesched.lib.jsonb import PathExists
from guilds.models import User
from notifications import shared_messages
from notifications.models import (
    Delivery,
    DeliveryStatus,
    Notification,
    NotificationQuerySet,
    Pause,
    Preference,
    PushSubscription,
)

FORGOTTEN_KEY = "forgotten-"  # and the row's number, in place of a key that is a person's id


def notifications_about(user_id: int) -> NotificationQuerySet:
    """Return the notifications that name a person, as recipient, in the payload or in the key."""
    return Notification.objects.filter(Q(recipient=user_id) | Q(dedupe_key=str(user_id)) | Q(_in_payload(user_id)))


def _in_payload(user_id: int) -> PathExists:
    return PathExists("payload", f'$.** ? (@ == {int(user_id)} || @ == "{int(user_id)}")')


class BeingSent(Exception):
    """A message to the person is leased: it may be on its way to Discord."""


def forget_messages(user: User, somebody: User, now: datetime) -> None:
    """Delete all messages to a person, and name somebody where others' messages name them.

    Needs the locks of the games of `notifications_about`, and of the person. Raises BeingSent.
    """
    rows = list(notifications_about(user.pk).order_by("pk").select_for_update(no_key=True, of=("self",)))
    # With those that carry a message to several: it mentions the person too.
    mine = Delivery.objects.filter(recipient=user, status=DeliveryStatus.PENDING)
    pending = Delivery.objects.filter(
        Q(recipient=user) | Q(pk__in=mine.values("sent_with")), status=DeliveryStatus.PENDING
    )
    # Locked before the leases are read: notifyd leases no row that is locked, and none that it leased is missed.
    locked = list(pending.order_by("pk").select_for_update(no_key=True, of=("self",)))
    if any(delivery.leased_until is not None and delivery.leased_until > now for delivery in locked):
        raise BeingSent
    for delivery in locked:
        if delivery.recipient_id == user.pk and delivery.sent_with_id is None:
            shared_messages.pass_on(delivery)
    # What was sent stays in the ledger for the others whom the same message reached.
    Delivery.objects.filter(sent_with__recipient=user).update(sent_with=None)
    Notification.objects.filter(recipient=user).delete()
    rows = [row for row in rows if row.recipient_id != user.pk]
    for row in rows:
        row.payload = with_other_id(row.payload, user.pk, somebody.pk)
    Notification.objects.bulk_update(rows, ["payload"])
    named = Notification.objects.filter(dedupe_key=user.username)
    named.update(dedupe_key=Concat(Value(FORGOTTEN_KEY), Cast(F("pk"), CharField())))
    Delivery.objects.filter(recipient=user).delete()
    Preference.objects.filter(user=user).delete()
    PushSubscription.objects.filter(user=user).delete()
    Pause.objects.filter(resumed_by=user.username).update(resumed_by=somebody.username)


def with_other_id(value: Any, user_id: int, other_id: int) -> Any:
    """Return JSON with another id in place of a person's, which it holds as number or text."""
    if isinstance(value, dict):
        return {key: with_other_id(part, user_id, other_id) for key, part in value.items()}
    if isinstance(value, list):
        return [with_other_id(part, user_id, other_id) for part in value]
    if value == user_id or value == str(user_id):
        return other_id if isinstance(value, int) else str(other_id)
    return value
