"""Scheduling notifications about a game, and closing those that are of no use any more."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from games.core.codes import GameSkipCode, NotificationKind
from games.models import Game
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.payloads import Payload
from notifications.queue import schedule, unschedule
from notifications.types import Skip


def notify(
    game: Game,
    kind: NotificationKind,
    due_at: datetime,
    *,
    to: int | None = None,
    payload: Payload | None = None,
    expires_at: datetime | None = None,
    dedupe_key: object = "",
    minutes: int | None = None,
    keep_earlier: bool = False,
) -> None:
    """Schedule a notification about a game; `to` is the recipient's id, None where the kind finds its recipients.

    An open row of the same kind, recipient and key is changed instead. See `notifications.queue.schedule`.
    """
    schedule(
        kind,
        game_id=game.pk,
        due_at=due_at,
        post_version=game.post_version,
        recipient_id=to,
        dedupe_key=dedupe_key,
        minutes=minutes,
        payload=payload,
        keep_earlier=keep_earlier,
        expires_at=expires_at,
    )


def withdraw_unsent(game: Game, kind: NotificationKind, user_ids: Collection[int], now: datetime) -> dict[int, Any]:
    """Withdraw what these users were to hear of one kind and surely have not; return the payloads by user.

    Takes a few statements, however many users there are.
    """
    skip = Skip(GameSkipCode.FOLDED)
    rows = Notification.objects.filter(game=game, kind=kind, recipient__in=user_ids)
    opened = dict(rows.open().values_list("pk", "recipient_id"))
    rows.filter(pk__in=opened).update(closed_at=now, skip_code=skip.code, skip_reason=skip.reason)
    deliveries = Delivery.objects.filter(
        notification__in=rows, status=DeliveryStatus.PENDING, leased_until=None, first_attempt_at=None
    )
    # Locked, so that notifyd cannot send them before this transaction is visible.
    locked = deliveries.select_for_update(skip_locked=True, no_key=True, of=("self",))
    pending = dict(locked.order_by("pk").values_list("pk", "notification_id"))
    Delivery.objects.filter(pk__in=pending).update(
        status=DeliveryStatus.DROPPED, error_code=skip.code, error=skip.reason
    )
    found = rows.filter(pk__in=[*opened, *pending.values()]).values_list("recipient_id", "payload")
    return {user_id or 0: payload for user_id, payload in found}


def close_notifications(
    game: Game,
    kinds: Collection[NotificationKind],
    code: GameSkipCode,
    now: datetime,
    *,
    to: int | None = None,
    keep_minutes: Collection[int] = (),
) -> None:
    """Close a game's open notifications of these kinds, except those for `keep_minutes`."""
    unschedule(game.pk, Skip(code), now, kinds=kinds, recipient_id=to, keep_minutes=keep_minutes)
