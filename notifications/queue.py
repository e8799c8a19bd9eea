"""Writes the schedule of notifications."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models

from notifications.models import Notification

DUE_CHANNEL = "notification_due"

# One statement, so that a row which notifyd closes at this moment is either updated before or inserted again.
# LEAST: a later click never postpones the edit that an earlier one scheduled. A reminder takes the new time.
_UPSERT = """
INSERT INTO notifications_notification
    (kind, game_id, recipient_id, "offset", due_at, useless_after, facts, revision, attempts, error, created_at,
    dropped)
VALUES
    (%(kind)s, %(game)s, %(recipient)s, %(offset)s, %(due)s, %(useless)s, %(facts)s, %(revision)s, 0, '', now(), '')
ON CONFLICT (game_id, kind, recipient_id, "offset") WHERE closed_at IS NULL DO UPDATE SET
    due_at = CASE WHEN %(soonest)s THEN LEAST(notifications_notification.due_at, excluded.due_at)
             ELSE excluded.due_at END,
    useless_after = excluded.useless_after, facts = excluded.facts, revision = excluded.revision, attempts = 0,
    error = ''
"""


def schedule(
    kind: str,
    *,
    game_id: int | None,
    due_at: datetime,
    revision: int,
    recipient_id: int | None = None,
    dedupe_key: int | None = None,
    payload: dict[str, Any] | None = None,
    keep_earlier: bool = False,
    expires_at: datetime | None = None,
) -> None:
    """Schedule a notification, or change the open row with the same key.

    Rows without a game are distinguished by recipient and dedupe key. Call it in the transaction of its cause.
    With `keep_earlier`, an open row keeps the earlier of both times. After `expires_at` the notification is dropped;
    without that, it is tried for a day.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "kind": kind,
                "game": game_id,
                "recipient": recipient_id,
                "offset": dedupe_key,
                "due": due_at,
                "useless": expires_at,
                "facts": json.dumps(payload or {}),
                "revision": revision,
                "soonest": keep_earlier,
            },
        )


def schedule_for_each(kind: str, due: Mapping[int, datetime]) -> None:
    """Schedule a notification about no game for each of these people, unless there is an open one."""
    rows = [Notification(kind=kind, recipient_id=user_id, due_at=at) for user_id, at in due.items()]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def unschedule(
    kinds: list[str] | None,
    game_id: int,
    now: datetime,
    reason: str,
    keep_dedupe_keys: tuple[int, ...] = (),
    keep_kinds: tuple[str, ...] = (),
    recipient_id: int | None = None,
) -> int:
    """Close a game's open rows and return how many.

    `kinds` limits it to these kinds; None means all but `keep_kinds`. Rows with one of `keep_dedupe_keys` stay.
    """
    rows = Notification.objects.open().filter(game_id=game_id).exclude(offset__in=keep_dedupe_keys)
    rows = rows.filter(kind__in=kinds) if kinds is not None else rows.exclude(kind__in=keep_kinds)
    if recipient_id is not None:
        rows = rows.filter(recipient_id=recipient_id)
    return rows.update(closed_at=now, dropped=reason)


def complete_if_current(game_id: int, kind: str, revision: int, now: datetime) -> bool:
    """Close a post's row if it still needs the revision that is now shown and no one is editing.

    Called by the bot, which shows a game by responding to a click. False leaves the edit to notifyd.
    """
    rows = Notification.objects.open().filter(game_id=game_id, kind=kind, revision=revision, leased_until=None)
    return rows.update(closed_at=now, error="") == 1


def lock_game(game_id: int | None) -> None:
    """Lock the game, which comes first in the lock order game, notification, delivery.

    Locking a notification first deadlocks with actions.
    """
    games: type[models.Model] = Notification._meta.get_field("game").related_model
    list(games._default_manager.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))
