"""Who was told, as hosts and managers read it: the ledger of a game, and that of a whole server."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from games.deliveries import wording as delivery_wording
from games.deliveries.actions import RESENDABLE
from games.models import Game
from games.models.settings import ReminderPlace
from guilds.display_names import DisplayName, display_names
from notifications.daemon.pause import SKIPPED_WHILE_PAUSED as HELD
from notifications.models import Delivery, DeliveryQuerySet, Notification, DeliveryStatus
from notifications.policy import EXPIRED, is_expired
from notifications.types import message_types, internal_types

LINES_MOST = 200  # people named on a game's page
PAGE = 50  # letters on a page of a server's ledger
COUNTED = timedelta(days=7)
MISSED = {EXPIRED, HELD}  # they should have heard, and did not; who left, for one, need not


@dataclass(frozen=True)
class Line:
    """One person, and what became of a letter to them."""

    id: int
    name: str
    text: str
    trouble: bool
    may_resend: bool


@dataclass(frozen=True)
class Notice:
    """One thing that people were told: how many were reached, and by name what there is to say of the others."""

    title: str
    at: datetime
    text: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Told:
    """All that was said of a game so far."""

    notices: tuple[Notice, ...]
    text: str
    trouble: bool


def told(game: Game, now: datetime) -> Told:
    """What people were told of a game, the latest first. Four queries, however many they are."""
    rows = _notices(game)
    noted = (
        Delivery.objects.filter(notification__game=game, resent=None)
        .exclude(status=DeliveryStatus.SENT, in_channel=False)
        .exclude(status=DeliveryStatus.PENDING, error="", again=None)
        .select_related("notification")
        .order_by("pk")[:LINES_MOST]
    )
    found = list(noted)
    names = display_names(game.guild_id, [one.recipient_id for one in found])
    lines: dict[int, list[Line]] = {}
    for one in found:
        lines.setdefault(one.notification_id, []).append(line(one, names, now))
    groups: dict[object, list[Notification]] = {}
    for row in rows:
        # Seats are given one by one; what is for everyone is a notice of its own.
        groups.setdefault(row.kind if row.recipient_id else row.pk, []).append(row)
    notices = tuple(_notice(group, lines) for group in groups.values())
    reached, asked = (sum(getattr(row, name) for row in rows) for name in ("n_reached", "n_asked"))
    trouble = any(one.trouble for notice in notices for one in notice.lines) or any(r.dropped in MISSED for r in rows)
    return Told(notices, delivery_wording.reached(reached, asked), trouble)


def _notices(game: Game) -> list[Notification]:
    """Letters that were due and are expanded, or were dropped instead."""
    kinds = set(message_types()) - set(internal_types())
    rows = Notification.objects.filter(game=game, kind__in=kinds, closed_at__gte=F("due_at"))
    deliveries = Count("deliveries", filter=Q(deliveries__again=None))
    reached = Count("deliveries", filter=Q(deliveries__status=DeliveryStatus.SENT))
    return list(rows.annotate(n_asked=deliveries, n_reached=reached).order_by("-due_at", "-pk"))


def _notice(group: list[Notification], lines: dict[int, list[Line]]) -> Notice:
    first = group[0]
    reached, asked = (sum(getattr(row, name) for row in group) for name in ("n_reached", "n_asked"))
    text = delivery_wording.reached(reached, asked)
    if not asked and first.dropped:
        text = delivery_wording.not_said(first.dropped)
    found = tuple(one for row in group for one in lines.get(row.pk, ()))
    return Notice(delivery_wording.notice_title(first.kind, first.offset), first.due_at, text, found)


def line(delivery: Delivery, names: dict[int, DisplayName], now: datetime) -> Line:
    """One letter, in words. Its notification is read along."""
    everyone = delivery.notification.facts.get("place") == ReminderPlace.CHANNEL
    undone = delivery.status in RESENDABLE
    return Line(
        delivery.pk,
        delivery_wording.IN_CHANNEL if everyone else names[delivery.recipient_id].text,
        delivery_wording.outcome(delivery),
        undone or (delivery.status == DeliveryStatus.DROPPED and delivery.error in MISSED),
        undone and not is_expired(delivery.useless_after, now),
    )


# --- a server's ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """A line of a server's ledger."""

    line: Line
    title: str
    game: Game | None
    at: datetime


def of_guild(guild_id: int) -> DeliveryQuerySet:
    """The ledger of a server: letters about its games, and about itself."""
    own = Q(notification__game=None, notification__facts__guild=str(guild_id))
    found: DeliveryQuerySet = Delivery.objects.filter(Q(notification__game__guild=guild_id) | own)
    return found


def not_reached(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those letters that reached nobody: failed, in doubt, given up, or tried in vain so far."""
    return rows.filter(resent=None).exclude(status=DeliveryStatus.SENT).exclude(status=DeliveryStatus.PENDING, error="")


def letters(rows: QuerySet[Delivery], guild_id: int, now: datetime) -> list[Letter]:
    """Rows of a server's ledger as lines, with names."""
    found = list(rows.select_related("notification__game", "resent"))
    names = display_names(guild_id, [one.recipient_id for one in found])
    return [
        Letter(
            line(one, names, now) if not hasattr(one, "resent") else _superseded(one, names, now),
            delivery_wording.notice_title(one.notification.kind, one.notification.offset),
            one.notification.game,
            one.notification.due_at,
        )
        for one in found
    ]


def _superseded(delivery: Delivery, names: dict[int, DisplayName], now: datetime) -> Line:
    shown = line(delivery, names, now)
    return Line(shown.id, shown.name, delivery_wording.sent_again(shown.text), False, False)


def counts(rows: QuerySet[Delivery], now: datetime) -> list[tuple[str, int]]:
    """How the last seven days went: a word, and how many."""
    recent = rows.filter(notification__due_at__gt=now - COUNTED).order_by()
    arrived = recent.filter(status=DeliveryStatus.SENT)
    # Only of the few others is it asked whether they were sent again.
    others = recent.exclude(status=DeliveryStatus.SENT).filter(resent=None)
    sent = dict(arrived.values_list("in_channel").annotate(n=Count("pk")))
    rest = dict(others.values_list("status").annotate(n=Count("pk")))
    found = {
        "reached": sent.get(False, 0),
        "channel": sent.get(True, 0),
        "undone": sum(rest.get(status, 0) for status in RESENDABLE),
        "dropped": rest.get(DeliveryStatus.DROPPED, 0),
        "pending": rest.get(DeliveryStatus.PENDING, 0),
    }
    return [(delivery_wording.COUNTED[key], number) for key, number in found.items()]
