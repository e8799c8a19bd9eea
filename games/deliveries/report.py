"""The deliveries of a game and of a whole server, as hosts and managers read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext

from games.core.notification_wording import error_text
from games.core.payloads import GuildPayload
from games.core.permissions import Viewer
from games.deliveries import wording as delivery_wording
from games.deliveries.actions import RESENDABLE
from games.models import Game
from guilds.display_names import DisplayName, DisplayNames, display_names
from notifications.codes import MISSED
from notifications.models import Delivery, DeliveryQuerySet, DeliveryStatus, Notification
from notifications.policy import is_expired
from notifications.types import user_message_types

MAX_RECIPIENT_ROWS = 200  # recipients named on a game's page
PAGE_SIZE = 50  # deliveries on a page of a server
COUNT_WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class RecipientRow:
    """One recipient, and the outcome of their delivery."""

    id: int
    name: str
    text: str
    has_problem: bool
    may_resend: bool


@dataclass(frozen=True)
class NotificationRow:
    """One notification: how many it reached, and by name what is unusual about the others."""

    title: str
    at: datetime
    text: str
    recipients: tuple[RecipientRow, ...]


@dataclass(frozen=True)
class GameDeliveries:
    """All notifications of a game so far."""

    notifications: tuple[NotificationRow, ...]
    text: str
    has_problem: bool
    more_text: str = ""  # if not everybody can be named


def game_deliveries(game: Game, now: datetime, names: DisplayNames | None = None) -> GameDeliveries:
    """Return the notifications of a game, the latest first, in two queries and one for names not read before."""
    rows = _game_notifications(game)
    unusual = (
        Delivery.objects.filter(notification__game=game, resend=None)
        .exclude(status=DeliveryStatus.SENT, in_channel=False)
        .exclude(status=DeliveryStatus.PENDING, error="", resend_of=None)
        .select_related("notification")
        .order_by("pk")[: MAX_RECIPIENT_ROWS + 1]
    )
    found = list(unusual)
    deliveries = found[:MAX_RECIPIENT_ROWS]
    known = (names or DisplayNames(game.guild_id)).read(delivery.recipient_id for delivery in deliveries)
    by_notification: dict[int, list[RecipientRow]] = {}
    for delivery in deliveries:
        by_notification.setdefault(delivery.notification_id, []).append(recipient_row(delivery, known, now))
    groups: dict[object, list[Notification]] = {}
    for row in rows:
        # Seats are given one by one, so those are grouped; a notification to everyone has a row of its own.
        groups.setdefault(row.kind if row.recipient_id else row.pk, []).append(row)
    notices = tuple(_notification_row(group, by_notification) for group in groups.values())
    reached, recipients = (sum(getattr(row, name) for row in rows) for name in ("n_reached", "n_recipients"))
    trouble = any(recipient.has_problem for notice in notices for recipient in notice.recipients) or any(
        r.skip_code in MISSED for r in rows
    )
    more = delivery_wording.first_named(MAX_RECIPIENT_ROWS) if len(found) > len(deliveries) else ""
    return GameDeliveries(notices, delivery_wording.reached_text(reached, recipients), trouble, more)


def _game_notifications(game: Game) -> list[Notification]:
    """Return the notifications that were due and have deliveries, or were dropped instead."""
    rows = Notification.objects.filter(game=game, kind__in=user_message_types(), closed_at__gte=F("due_at"))
    deliveries = Count("deliveries", filter=Q(deliveries__resend_of=None))
    reached = Count("deliveries", filter=Q(deliveries__status=DeliveryStatus.SENT))
    return list(rows.annotate(n_recipients=deliveries, n_reached=reached).order_by("-due_at", "-pk"))


def _notification_row(group: list[Notification], by_notification: dict[int, list[RecipientRow]]) -> NotificationRow:
    first = group[0]
    reached, recipients = (sum(getattr(row, name) for row in group) for name in ("n_reached", "n_recipients"))
    text = delivery_wording.reached_text(reached, recipients)
    if not recipients and first.skip_code:
        text = delivery_wording.not_sent(error_text(first.skip_reason))
    rows = tuple(one for row in group for one in by_notification.get(row.pk, ()))
    return NotificationRow(delivery_wording.notification_title(first.kind, first.minutes), first.due_at, text, rows)


def recipient_row(delivery: Delivery, names: Mapping[int, DisplayName], now: datetime) -> RecipientRow:
    """Return the row of one delivery. Its notification must be fetched with it."""
    undone = delivery.status in RESENDABLE
    return RecipientRow(
        delivery.pk,
        names[delivery.recipient_id].text,
        delivery_wording.delivery_outcome(delivery),
        undone or (delivery.status == DeliveryStatus.DROPPED and delivery.error_code in MISSED),
        undone and not is_expired(delivery.expires_at, now),
    )


# --- a server's ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeliveryRow:
    """One line of a server's list of deliveries."""

    recipient: RecipientRow
    title: str
    game: Game | None
    at: datetime


def guild_deliveries(viewer: Viewer) -> DeliveryQuerySet:
    """Return the deliveries of a server that a manager may read: about its games, and about itself."""
    own = Q(notification__game=None, notification__payload__contains=GuildPayload(viewer.guild_id).to_json())
    deliveries: DeliveryQuerySet = Delivery.objects.filter(Q(notification__game__guild=viewer.guild_id) | own)
    return deliveries.exclude(notification__game__channel__in=viewer.hidden_channel_ids)


def undelivered(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Return the deliveries that reached nobody: failed, in doubt, given up, or tried in vain so far."""
    return rows.filter(resend=None).exclude(status=DeliveryStatus.SENT).exclude(status=DeliveryStatus.PENDING, error="")


def delivery_rows(rows: QuerySet[Delivery], guild_id: int, now: datetime) -> list[DeliveryRow]:
    """Return deliveries of a server as lines, with names."""
    deliveries = list(rows.select_related("notification__game", "resend"))
    names = display_names(guild_id, [one.recipient_id for one in deliveries])
    return [
        DeliveryRow(
            recipient_row(one, names, now) if not hasattr(one, "resend") else _resent_row(one, names, now),
            delivery_wording.notification_title(one.notification.kind, one.notification.minutes),
            one.notification.game,
            one.notification.due_at,
        )
        for one in deliveries
    ]


def _resent_row(delivery: Delivery, names: Mapping[int, DisplayName], now: datetime) -> RecipientRow:
    shown = recipient_row(delivery, names, now)
    return RecipientRow(shown.id, shown.name, delivery_wording.sent_again(shown.text), False, False)


def delivery_counts(rows: QuerySet[Delivery], now: datetime) -> list[tuple[str, int]]:
    """Return the outcomes of the last seven days: a label, and how many."""
    recent = rows.filter(notification__due_at__gt=now - COUNT_WINDOW).order_by()
    arrived = recent.filter(status=DeliveryStatus.SENT)
    # Only the few others are checked for having been sent again.
    others = recent.exclude(status=DeliveryStatus.SENT).filter(resend=None)
    sent = dict(arrived.values_list("in_channel").annotate(n=Count("pk")))
    rest = dict(others.values_list("status").annotate(n=Count("pk")))
    by_outcome = {
        "reached": sent.get(False, 0),
        "channel": sent.get(True, 0),
        "undone": sum(rest.get(status, 0) for status in RESENDABLE),
        "dropped": rest.get(DeliveryStatus.DROPPED, 0),
        "pending": rest.get(DeliveryStatus.PENDING, 0),
    }
    return [(gettext(delivery_wording.OUTCOME_LABELS[key]), number) for key, number in by_outcome.items()]
