"""Writes the schedule, and closing what is not to be sent any more."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection, models

from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.payloads import Payload
from notifications.types import Skip

DUE_CHANNEL = "notification_due"

# One statement, so that a row which notifyd closes at this moment is either updated before or inserted again.
# LEAST: a later click never postpones the edit that an earlier one scheduled. A reminder takes the new time.
_UPSERT = """
INSERT INTO notifications_notification
    (kind, game_id, recipient_id, dedupe_key, minutes, due_at, expires_at, payload, post_version, attempts, error,
    created_at, skip_code, skip_reason)
VALUES
    (%(kind)s, %(game)s, %(recipient)s, %(dedupe_key)s, %(minutes)s, %(due)s, %(expires)s, %(payload)s, %(version)s,
    0, '', now(), '', '')
ON CONFLICT (game_id, kind, recipient_id, dedupe_key) WHERE closed_at IS NULL DO UPDATE SET
    due_at = CASE WHEN %(keep_earlier)s THEN LEAST(notifications_notification.due_at, excluded.due_at)
             ELSE excluded.due_at END,
    expires_at = excluded.expires_at, payload = excluded.payload, post_version = excluded.post_version, attempts = 0,
    error = ''
"""


def schedule(
    kind: str,
    *,
    game_id: int | None,
    due_at: datetime,
    post_version: int = 0,
    recipient_id: int | None = None,
    dedupe_key: object = "",
    minutes: int | None = None,
    payload: Payload | None = None,
    keep_earlier: bool = False,
    expires_at: datetime | None = None,
) -> None:
    """Schedule a notification, or change the open row of the same game, kind, recipient and `dedupe_key`.

    Call it in the transaction of its cause. With `keep_earlier`, an open row keeps the earlier of both times.
    After `expires_at` it is skipped; without that, it is tried for a day. `minutes`: how long before a start it is due.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "kind": str(kind),
                "game": game_id,
                "recipient": recipient_id,
                "dedupe_key": str(dedupe_key),
                "minutes": minutes,
                "due": due_at,
                "expires": expires_at,
                "payload": json.dumps(payload.to_json() if payload is not None else {}),
                "version": post_version,
                "keep_earlier": keep_earlier,
            },
        )


def schedule_for_each(kind: str, due: Mapping[int, datetime]) -> None:
    """Schedule a notification without a game for each user who has no open one."""
    rows = [Notification(kind=kind, recipient_id=user_id, due_at=at) for user_id, at in due.items()]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def unschedule(
    game_id: int,
    skip: Skip,
    now: datetime,
    *,
    kinds: Collection[str] | None = None,
    keep_kinds: Collection[str] = (),
    keep_minutes: Collection[int] = (),
    recipient_id: int | None = None,
) -> int:
    """Close a game's open notifications, of `kinds` or of all but `keep_kinds`; return how many."""
    rows = Notification.objects.open().filter(game_id=game_id).exclude(minutes__in=keep_minutes)
    rows = rows.filter(kind__in=kinds) if kinds is not None else rows.exclude(kind__in=keep_kinds)
    if recipient_id is not None:
        rows = rows.filter(recipient_id=recipient_id)
    return rows.update(closed_at=now, skip_code=skip.code, skip_reason=skip.reason)


def drop_unsent(game_id: int, skip: Skip, now: datetime, *, kinds: Collection[str], recipient_id: int) -> None:
    """Close a person's open notifications of a game, and drop the deliveries that nobody began to send."""
    unschedule(game_id, skip, now, kinds=kinds, recipient_id=recipient_id)
    deliveries = Delivery.objects.unbegun().filter(
        notification__game=game_id, notification__kind__in=kinds, recipient=recipient_id
    )
    deliveries.update(status=DeliveryStatus.DROPPED, error_code=skip.code, error=skip.reason)


def complete_if_current(game_id: int, kind: str, post_version: int, now: datetime) -> bool:
    """Close a post's row if it still needs the version that is now shown and no one is editing.

    Called by the bot, which shows a game by responding to a click. False leaves the edit to notifyd.
    """
    rows = Notification.objects.open().filter(game_id=game_id, kind=kind, post_version=post_version, leased_until=None)
    return rows.update(closed_at=now, error="") == 1


def lock_game(game_id: int | None) -> None:
    """Lock a game, after any person and before what follows: game, notification, delivery.

    Locking the row first deadlocks with actions, which lock the game first.
    """
    lock_games([game_id])


def lock_games(game_ids: Collection[int | None]) -> None:
    """Lock games in the order of their ids, as `lock_game` does one."""
    games: type[models.Model] = Notification._meta.get_field("game").related_model
    ids = [game_id for game_id in game_ids if game_id is not None]
    if ids:
        list(games._default_manager.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
