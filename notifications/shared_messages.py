"""Deliveries of one notification that a single message in a channel makes, by mentioning each recipient.

Each recipient has a delivery. One of them carries the message: it is leased, sent and tried again, with its nonce. The
others name it in `sent_with`, and get its outcome.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from notifications.messages import OutgoingMessage
from notifications.models import Delivery, DeliveryQuerySet, DeliveryStatus, Notification, new_nonce
from notifications.types import SharedMessage, Skip

# People mentioned by one message. A mention takes 24 characters at most, which leaves 800 of Discord's 2,000 for the
# text; and Discord pings at most 100 of those named in `allowed_mentions`.
MENTIONS_MAX = 50
OUTCOME = ("status", "sent_at", "lateness_ms", "channel_id", "message_id", "error_code", "error")


@dataclass(frozen=True)
class DeliveryPlan:
    """Whom a notification goes to. Who is in `withheld` gets none, with that reason."""

    row: Notification
    user_ids: Sequence[int]
    withheld: Mapping[int, Skip]
    is_shared: bool

    @property
    def recipients(self) -> list[int]:
        """The ids of those who get the message."""
        return [user_id for user_id in self.user_ids if user_id not in self.withheld]


# Not by `bulk_create`, which took a fifth of notifyd's time in a storm, most of it for taking apart SQL it had made.
_INSERT = """
INSERT INTO notifications_delivery (notification_id, recipient_id, sent_with_id, status, error_code, error, nonce,
    expires_at, next_attempt_at, attempts, leased_until, first_attempt_at, in_channel)
SELECT made.*, %(now)s, %(attempts)s, %(leased_until)s::timestamptz, %(first_attempt_at)s::timestamptz, FALSE
FROM unnest(%(notifications)s::bigint[], %(recipients)s::bigint[], %(carriers)s::bigint[], %(statuses)s::text[],
    %(codes)s::text[], %(reasons)s::text[], %(nonces)s::text[], %(expiries)s::timestamptz[]) AS made
"""


@dataclass(frozen=True)
class NewDelivery:
    """A delivery to create: to one recipient, dropped for a reason, or made by the message of another."""

    row: Notification
    user_id: int
    skip: Skip | None = None
    carrier: int | None = None


def insert(made: Sequence[NewDelivery], now: datetime, leased: bool = False) -> None:
    """Insert deliveries that are due now, in one statement; with `leased`, at their first attempt."""
    params: dict[str, Any] = {
        "now": now,
        "attempts": 1 if leased else 0,
        "leased_until": now + settings.NOTIFY_LEASE if leased else None,
        "first_attempt_at": now if leased else None,
        "notifications": [one.row.pk for one in made],
        "recipients": [one.user_id for one in made],
        "carriers": [one.carrier for one in made],
        "statuses": [str(DeliveryStatus.PENDING if one.skip is None else DeliveryStatus.DROPPED) for one in made],
        "codes": ["" if one.skip is None else str(one.skip.code) for one in made],
        "reasons": ["" if one.skip is None else one.skip.reason for one in made],
        "nonces": [new_nonce() for _ in made],
        "expiries": [one.row.expires_at for one in made],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, params)


def create_deliveries(plans: Sequence[DeliveryPlan], now: datetime, lease_up_to: int = 0) -> bool:
    """Create a delivery for each recipient; those of a shared notification by MENTIONS_MAX to a message.

    Those that carry a message are leased at once if there are at most `lease_up_to`; return whether they are. Takes
    one statement, one more if some are withheld, and two for each shared notification with several recipients.
    """
    carriers = [
        NewDelivery(plan.row, user_id)
        for plan in plans
        for user_id in (plan.recipients[::MENTIONS_MAX] if plan.is_shared else plan.recipients)
    ]
    withheld = [NewDelivery(plan.row, user_id, skip) for plan in plans for user_id, skip in plan.withheld.items()]
    is_leased = len(carriers) <= lease_up_to
    for made, leased in ((carriers, is_leased), (withheld, False)):
        if made:
            insert(made, now, leased)
    for plan in plans:
        if plan.is_shared and len(plan.recipients) > 1:
            _create_companions(plan, now)
    return is_leased


def _create_companions(plan: DeliveryPlan, now: datetime) -> None:
    carriers = dict(Delivery.objects.filter(notification=plan.row).values_list("recipient_id", "pk"))
    ids = plan.recipients
    insert(
        [
            NewDelivery(plan.row, user_id, carrier=carriers[ids[at - at % MENTIONS_MAX]])
            for at, user_id in enumerate(ids)
            if at % MENTIONS_MAX
        ],
        now,
    )


def _pending(delivery: Delivery) -> DeliveryQuerySet:
    """Return the deliveries that this one's message still has to make, its own included."""
    pending: DeliveryQuerySet = Delivery.objects.filter(
        Q(pk=delivery.pk) | Q(sent_with=delivery.pk), status=DeliveryStatus.PENDING
    )
    return pending


def recipient_ids(delivery: Delivery) -> list[int]:
    """Return the users whom the message of this delivery has to mention, in their order."""
    return list(_pending(delivery).order_by("pk").values_list("recipient_id", flat=True))


def drop(deliveries: Collection[Delivery], skip: Skip) -> None:
    """Drop deliveries, and all that their messages were to make."""
    ids = [delivery.pk for delivery in deliveries]
    Delivery.objects.filter(Q(pk__in=ids) | Q(sent_with__in=ids), status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.DROPPED, error_code=skip.code, error=skip.reason, leased_until=None
    )


@transaction.atomic
def leave_out(delivery: Delivery, shared: SharedMessage) -> tuple[Delivery | None, OutgoingMessage | None]:
    """Drop the recipients that the message leaves out; return the delivery that carries it from now on, and it.

    Takes a few statements, however many are left out.
    """
    list(Delivery.objects.select_for_update(no_key=True, of=("self",)).filter(pk=delivery.pk).values_list("pk"))
    by_skip: dict[Skip, list[int]] = {}
    for user_id, skip in shared.skips.items():
        by_skip.setdefault(skip, []).append(user_id)
    for skip, user_ids in by_skip.items():
        _pending(delivery).filter(recipient__in=user_ids).update(
            status=DeliveryStatus.DROPPED, error_code=skip.code, error=skip.reason, leased_until=None
        )
    if delivery.recipient_id not in shared.skips:
        return delivery, shared.message
    return pass_on(delivery), shared.message


def pass_on(delivery: Delivery) -> Delivery | None:
    """Have another of the recipients carry the message, with its nonce and its attempts; None if there is no other.

    Lock the delivery before.
    """
    heir = _pending(delivery).exclude(pk=delivery.pk).order_by("pk").first()
    if heir is None:
        return None
    Delivery.objects.filter(pk=delivery.pk).update(nonce=new_nonce())
    for name in ("nonce", "attempts", "first_attempt_at", "next_attempt_at", "leased_until"):
        setattr(heir, name, getattr(delivery, name))
    heir.sent_with = None
    heir.save()
    Delivery.objects.filter(sent_with=delivery.pk).update(sent_with=heir)
    return heir


def copy_outcome(delivery: Delivery) -> None:
    """Give the outcome of a delivery to the others that its message makes, in one statement."""
    _pending(delivery).exclude(pk=delivery.pk).update(**{name: getattr(delivery, name) for name in OUTCOME})
