"""Writing the schedule, and what of the ledger needs somebody's help."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models

from notifications.models import Notification

DUE_CHANNEL = "notification_due"

# One statement, so that a row which notifyd closes at this moment is either renewed before or made anew.
# LEAST: a later click never postpones the edit which an earlier one asked for. A reminder moves whole.
_UPSERT = """
INSERT INTO notifications_notification
    (kind, game_id, recipient_id, "offset", due_at, expires_at, payload, post_version, attempts, error, created_at,
    skip_reason)
VALUES
    (%(kind)s, %(game)s, %(recipient)s, %(offset)s, %(due)s, %(useless)s, %(payload)s, %(post_version)s, 0, '', now(), '')
ON CONFLICT (game_id, kind, recipient_id, "offset") WHERE closed_at IS NULL DO UPDATE SET
    due_at = CASE WHEN %(soonest)s THEN LEAST(notifications_notification.due_at, excluded.due_at)
             ELSE excluded.due_at END,
    expires_at = excluded.expires_at, payload = excluded.payload, post_version = excluded.post_version, attempts = 0,
    error = ''
"""


def schedule(
    kind: str,
    *,
    game_id: int | None,
    due_at: datetime,
    post_version: int,
    recipient_id: int | None = None,
    dedupe_key: int | None = None,
    payload: dict[str, Any] | None = None,
    keep_earlier: bool = False,
    expires_at: datetime | None = None,
) -> None:
    """Ask for something to be said at a time, or change what an open row asks for.

    What belongs to no game is told apart by its recipient and offset.
    Call it in the transaction of its cause. With `soonest`, an open row keeps the earlier of both times.
    From `expires_at` on it is dropped instead of said; without, it is tried for a day.
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
                "payload": json.dumps(payload or {}),
                "post_version": post_version,
                "soonest": keep_earlier,
            },
        )


def schedule_for_each(kind: str, due: Mapping[int, datetime]) -> None:
    """Ask for something about no one game to be said to each of these people then, unless it is asked for already."""
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
    """Close the open rows of these kinds, or of any but some, of all or of one recipient, but for those offsets."""
    rows = Notification.objects.open().filter(game_id=game_id).exclude(offset__in=keep_dedupe_keys)
    rows = rows.filter(kind__in=kinds) if kinds is not None else rows.exclude(kind__in=keep_kinds)
    if recipient_id is not None:
        rows = rows.filter(recipient_id=recipient_id)
    return rows.update(closed_at=now, skip_reason=reason)


def complete_if_current(game_id: int, kind: str, post_version: int, now: datetime) -> bool:
    """Close a post's row if it still asks for the version that is now shown and nobody is editing.

    For the bot, which shows a game by answering a click. False leaves the edit to notifyd.
    """
    rows = Notification.objects.open().filter(game_id=game_id, kind=kind, post_version=post_version, leased_until=None)
    return rows.update(closed_at=now, error="") == 1


def lock_game(game_id: int | None) -> None:
    """First in the one lock order: game, notification, delivery. Claiming first deadlocks with the verbs."""
    games: type[models.Model] = Notification._meta.get_field("game").related_model
    list(games._default_manager.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))
