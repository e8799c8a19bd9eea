"""Which way a delivery goes: to its recipient's devices, as a direct message, or as a mention in the channel."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from notifications import devices, policy
from notifications.codes import ErrorCode
from notifications.messages import Device
from notifications.models import Delivery, DeliveryMethod, Preference, PushUse, new_nonce
from notifications.types import get_message_type


def read_devices(
    deliveries: Iterable[Delivery], preferences: Mapping[int, Preference]
) -> Mapping[int, Sequence[Device]]:
    """Return the devices of recipients who want to be notified there. Takes one query, and none if nobody does."""
    return devices.devices_of(
        {
            row.recipient_id
            for row in deliveries
            if row.push == PushUse.CHOSEN
            or (row.pk in preferences and preferences[row.pk].method == DeliveryMethod.PUSH)
        }
    )


def choose_way(delivery: Delivery, preference: Preference | None, own: Sequence[Device], now: datetime) -> None:
    """Decide which way a delivery goes before its first attempt; after one it may have arrived already."""
    if get_message_type(delivery.notification.kind).is_shared(delivery.notification):
        return  # it goes to a channel anyway
    first = policy.earlier_attempt_at(delivery.first_attempt_at, now) is None
    method = preference.method if preference is not None else DeliveryMethod.DM
    if delivery.push == PushUse.CHOSEN and not own:
        # They removed the last device since an attempt, of which nobody knows what became.
        delivery.push, delivery.nonce = PushUse.REFUSED, new_nonce()
        delivery.save(update_fields=["push", "nonce"])
    elif first and method == DeliveryMethod.PUSH and own and delivery.push == PushUse.NONE and not delivery.in_channel:
        delivery.push = PushUse.CHOSEN
        delivery.save(update_fields=["push"])
    elsewhere = delivery.in_channel or delivery.push == PushUse.CHOSEN
    mention = method == DeliveryMethod.MENTION
    if first and (mention or delivery.recipient.dm_closed_at is not None) and not elsewhere:
        # Discord would refuse a message to closed DMs, and counts refusals.
        delivery.in_channel = True
        delivery.error_code = "" if mention else ErrorCode.CLOSED_DMS
        delivery.save(update_fields=["in_channel", "error_code"])
