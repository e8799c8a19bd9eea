"""How many messages one person may cause another to get in a day."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count

from games.core.codes import GameSkipCode, NotificationKind
from games.core.permissions import load_viewer
from guilds.models import User
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.types import Skip

DAY = timedelta(days=1)
# Kinds that count together, and how many of them from one person to another. Adding and removing somebody by turns once
# sent as many messages with free words as one liked, and public mentions where direct messages were closed. What
# players have to know (cancelled, moved, a seat) is never withheld.
LIMITS = (
    ((NotificationKind.ADDED, NotificationKind.REMOVED, NotificationKind.HAND_OVER, NotificationKind.INVITED), 6),
    # A host may write three times about each game; on a day of many games a player is in several.
    ((NotificationKind.PLAYER_MESSAGE,), 12),
)


def withheld(row: Notification, user_ids: Collection[int], now: datetime) -> dict[int, Skip]:
    """Return by id who gets no message, as the same person had them written to too often within a day.

    Operators, and those who manage the guild, are not limited. Takes one query, however many people there are.
    """
    by = row.payload.get("by")
    kinds, most = next((kinds, most) for kinds, most in LIMITS if row.kind in kinds)
    if by is None or not user_ids:
        return {}
    earlier = Delivery.objects.filter(
        recipient__in=user_ids,
        notification__kind__in=kinds,
        notification__due_at__gt=now - DAY,
        notification__payload__contains={"by": by},
    ).exclude(status__in=[DeliveryStatus.DROPPED, DeliveryStatus.FAILED])
    counts = dict(earlier.order_by().values_list("recipient_id").annotate(n=Count("pk")))
    too_many = {user_id: Skip(GameSkipCode.TOO_MANY) for user_id in user_ids if counts.get(user_id, 0) >= most}
    if not too_many or row.game is None or load_viewer(User.objects.get(pk=by), row.game.guild_id).manages:
        return {}
    return too_many
