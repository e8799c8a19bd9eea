"""Who was told, as hosts and managers read it: the ledger of a game, and that of a whole server."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from games.core.payloads import GuildPayload, StartPayload
from games.deliveries import wording as delivery_wording
from games.deliveries.actions import RESENDABLE
from games.models import Game
from games.models.settings import ReminderPlace
from guilds.display_names import DisplayName, display_names
from notifications.codes import MISSED
from notifications.models import Delivery, DeliveryQuerySet, DeliveryStatus, Notification
from notifications.policy import is_expired
from notifications.types import people_types

MAX_RECIPIENT_ROWS = 200  # people named on a game's page
PAGE_SIZE = 50  # letters on a page of a server's ledger
COUNT_WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class RecipientRow:
    """One person, and what became of a letter to them."""

    id: int
    name: str
    text: str
    has_problem: bool
    may_resend: bool


@dataclass(frozen=True)
class NotificationRow:
    """One thing that people were told: how many were reached, and by name what there is to say of the others."""

    title: str
    at: datetime
    text: str
    recipients: tuple[RecipientRow, ...]


@dataclass(frozen=True)
class GameDeliveries:
    """All that was said of a game so far."""

    notifications: tuple[NotificationRow, ...]
    text: str
    has_problem: bool


def game_deliveries(game: Game, now: datetime) -> GameDeliveries:
    """What people were told of a game, the latest first. Four queries, however many they are."""
    rows = _game_notifications(game)
    unusual = (
        Delivery.objects.filter(notification__game=game, resend=None)
        .exclude(status=DeliveryStatus.SENT, in_channel=False)
        .exclude(status=DeliveryStatus.PENDING, error="", resend_of=None)
        .select_related("notification")
        .order_by("pk")[:MAX_RECIPIENT_ROWS]
    )
    deliveries = list(unusual)
    names = display_names(game.guild_id, [one.recipient_id for one in deliveries])
    by_notification: dict[int, list[RecipientRow]] = {}
    for delivery in deliveries:
        by_notification.setdefault(delivery.notification_id, []).append(recipient_row(delivery, names, now))
    groups: dict[object, list[Notification]] = {}
    for row in rows:
        # Seats are given one by one; what is for everyone is a notice of its own.
        groups.setdefault(row.kind if row.recipient_id else row.pk, []).append(row)
    notices = tuple(_notification_row(group, by_notification) for group in groups.values())
    reached, recipients = (sum(getattr(row, name) for row in rows) for name in ("n_reached", "n_asked"))
    trouble = any(one.has_problem for notice in notices for one in notice.recipients) or any(
        r.skip_code in MISSED for r in rows
    )
    return GameDeliveries(notices, delivery_wording.reached_text(reached, recipients), trouble)


def _game_notifications(game: Game) -> list[Notification]:
    """Letters that were due and are expanded, or were dropped instead."""
    rows = Notification.objects.filter(game=game, kind__in=people_types(), closed_at__gte=F("due_at"))
    deliveries = Count("deliveries", filter=Q(deliveries__resend_of=None))
    reached = Count("deliveries", filter=Q(deliveries__status=DeliveryStatus.SENT))
    return list(rows.annotate(n_asked=deliveries, n_reached=reached).order_by("-due_at", "-pk"))


def _notification_row(group: list[Notification], by_notification: dict[int, list[RecipientRow]]) -> NotificationRow:
    first = group[0]
    reached, recipients = (sum(getattr(row, name) for row in group) for name in ("n_reached", "n_asked"))
    text = delivery_wording.reached_text(reached, recipients)
    if not recipients and first.skip_code:
        text = delivery_wording.not_sent(first.skip_reason)
    rows = tuple(one for row in group for one in by_notification.get(row.pk, ()))
    return NotificationRow(delivery_wording.notification_title(first.kind, first.minutes), first.due_at, text, rows)


def recipient_row(delivery: Delivery, names: dict[int, DisplayName], now: datetime) -> RecipientRow:
    """One letter, in words. Its notification is read along."""
    everyone = StartPayload.of(delivery.notification).place == ReminderPlace.CHANNEL
    undone = delivery.status in RESENDABLE
    return RecipientRow(
        delivery.pk,
        delivery_wording.IN_CHANNEL if everyone else names[delivery.recipient_id].text,
        delivery_wording.delivery_outcome(delivery),
        undone or (delivery.status == DeliveryStatus.DROPPED and delivery.error_code in MISSED),
        undone and not is_expired(delivery.expires_at, now),
    )


# --- a server's ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeliveryRow:
    """A line of a server's ledger."""

    recipient: RecipientRow
    title: str
    game: Game | None
    at: datetime


def guild_deliveries(guild_id: int) -> DeliveryQuerySet:
    """The ledger of a server: letters about its games, and about itself."""
    own = Q(notification__game=None, notification__payload__contains=GuildPayload(guild_id).to_json())
    deliveries: DeliveryQuerySet = Delivery.objects.filter(Q(notification__game__guild=guild_id) | own)
    return deliveries


def undelivered(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those letters that reached nobody: failed, in doubt, given up, or tried in vain so far."""
    return rows.filter(resend=None).exclude(status=DeliveryStatus.SENT).exclude(status=DeliveryStatus.PENDING, error="")


def delivery_rows(rows: QuerySet[Delivery], guild_id: int, now: datetime) -> list[DeliveryRow]:
    """Rows of a server's ledger as lines, with names."""
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


def _resent_row(delivery: Delivery, names: dict[int, DisplayName], now: datetime) -> RecipientRow:
    shown = recipient_row(delivery, names, now)
    return RecipientRow(shown.id, shown.name, delivery_wording.sent_again(shown.text), False, False)


def delivery_counts(rows: QuerySet[Delivery], now: datetime) -> list[tuple[str, int]]:
    """How the last seven days went: a word, and how many."""
    recent = rows.filter(notification__due_at__gt=now - COUNT_WINDOW).order_by()
    arrived = recent.filter(status=DeliveryStatus.SENT)
    # Only of the few others is it asked whether they were sent again.
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
    return [(delivery_wording.OUTCOME_LABELS[key], number) for key, number in by_outcome.items()]
