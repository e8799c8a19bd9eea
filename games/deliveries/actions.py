"""Actions on a delivery that did not arrive: sending it again, or giving it up."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import override

from games.core.audit_people import stored_person
from games.core.base import Actor, locked_game, record_in_guild, require_manager
from games.core.codes import AuditAction
from games.core.payloads import GuildPayload
from games.deliveries import wording as delivery_wording
from games.server_settings.actions import require_guild_manager as require_guild_manager
from gamesched.lib.pg_notify import notify
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from notifications import shared_messages
from notifications.codes import SkipCode
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.queue import DUE_CHANNEL

RESENDABLE = {DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN}


@dataclass(frozen=True)
class DeliveryResult:
    """The result of an action: the delivery, whether it changed, and a sentence for the actor."""

    delivery: Delivery
    changed: bool
    text: str


@transaction.atomic
def resend_delivery(delivery_id: int, actor: Actor, now: datetime) -> DeliveryResult:
    """Send a delivery that failed, or may not have arrived, again: as a new row with all the usual checks.

    Only one is made, however often this is called. Raises Refused for other deliveries and for actors who may
    not.
    """
    old, guild_id = _locked_delivery(delivery_id, actor, now)
    name = _name(guild_id, old.recipient_id)
    if (new_delivery := Delivery.objects.filter(resend_of=old).first()) is not None:
        return DeliveryResult(new_delivery, False, delivery_wording.already_resent(name, str(new_delivery.status_text)))
    if old.status not in RESENDABLE:
        raise Refused(Refusal("not_failed", delivery_wording.not_failed(name, str(old.status_text))))
    new_delivery = Delivery.objects.create(
        notification=old.notification,
        recipient_id=old.recipient_id,
        resend_of=old,
        next_attempt_at=now,
        expires_at=old.expires_at,
    )
    _record(old, guild_id, AuditAction.RESEND, actor, now)
    notify(DUE_CHANNEL)
    return DeliveryResult(new_delivery, True, delivery_wording.resent(name))


@transaction.atomic
def drop_delivery(delivery_id: int, actor: Actor, now: datetime) -> DeliveryResult:
    """Give up a delivery that has not arrived. Raises Refused for one that was sent or given up already."""
    delivery, guild_id = _locked_delivery(delivery_id, actor, now)
    name = _name(guild_id, delivery.recipient_id)
    if (
        delivery.status not in {*RESENDABLE, DeliveryStatus.PENDING}
        or Delivery.objects.filter(resend_of=delivery).exists()
    ):
        raise Refused(Refusal("too_late", delivery_wording.nothing_to_give_up(name, str(delivery.status_text))))
    delivery.status = DeliveryStatus.DROPPED
    delivery.error_code = SkipCode.GIVEN_UP_BY_HAND
    delivery.error = delivery_wording.GIVEN_UP
    delivery.save(update_fields=["status", "error_code", "error"])
    shared_messages.pass_on(delivery)
    _record(delivery, guild_id, AuditAction.DROP_MESSAGE, actor, now)
    return DeliveryResult(delivery, True, delivery_wording.given_up(name))


def guild_id_of(row: Notification) -> int | None:
    """Return the guild that a notification is about: its game's, or the one in its payload; None for several."""
    if row.game is not None:
        return row.game.guild_id
    return GuildPayload.of(row).guild_id if "guild" in row.payload else None


def _locked_delivery(delivery_id: int, actor: Actor, now: datetime) -> tuple[Delivery, int]:
    """Lock a delivery that the actor may manage, after its game; return it with its guild's id."""
    unlocked = Delivery.objects.select_related("notification__game").filter(pk=delivery_id).first()
    if unlocked is None:
        raise Refused(Refusal("unknown", delivery_wording.unknown_delivery(delivery_id)))
    guild_id = guild_id_of(unlocked.notification)
    if guild_id is None:
        raise Refused(Refusal("unknown", delivery_wording.NO_GUILD_OF_DELIVERY))
    if unlocked.notification.game_id is not None:
        require_manager(*locked_game(unlocked.notification.game_id, actor, now))
    else:
        require_guild_manager(guild_id, actor, now)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related("notification")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:  # purged meanwhile
        raise Refused(Refusal("unknown", delivery_wording.unknown_delivery(delivery_id)))
    return delivery, guild_id


def _name(guild_id: int, user_id: int) -> str:
    return display_names(guild_id, [user_id])[user_id].text


def _record(delivery: Delivery, guild_id: int, action: AuditAction, actor: Actor, now: datetime) -> None:
    row = delivery.notification
    with override(None):  # stored for readers of any language
        title = delivery_wording.notification_title(row.kind, row.minutes)
    changes = {"for": stored_person(delivery.recipient_id), "what": title}
    record_in_guild(guild_id, actor, action, changes, now, row.game_id)
