"""Writes the schedule, and closing what is not to be sent any more."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models

from gamesched.lib import tracing
from gamesched.lib.compiled_query import CompiledSets, prepared
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.payloads import Payload
from notifications.types import Skip

DUE_CHANNEL = "notification_due"

# One statement, so that a row which notifyd closes at this moment is either updated before or inserted again.
# LEAST: a later click never postpones the edit that an earlier one scheduled. A reminder takes the new time.
_UPSERT = """
INSERT INTO notifications_notification
    (game_id, post_version, kind, recipient_id, dedupe_key, minutes, due_at, expires_at, payload, attempts, error,
    created_at, skip_code, skip_reason)
SELECT %(game)s::bigint, %(version)s::integer, rows.*, 0, '', now(), '', ''
FROM unnest(%(kinds)s::text[], %(recipients)s::bigint[], %(dedupe_keys)s::text[], %(minutes)s::integer[],
    %(due)s::timestamptz[], %(expires)s::timestamptz[], %(payloads)s::jsonb[])
    AS rows (kind, recipient, dedupe_key, minutes, due_at, expires_at, payload)
WHERE {condition}
ON CONFLICT (game_id, kind, recipient_id, dedupe_key) WHERE closed_at IS NULL DO UPDATE SET
    due_at = CASE WHEN %(keep_earlier)s THEN LEAST(notifications_notification.due_at, excluded.due_at)
             ELSE excluded.due_at END,
    expires_at = excluded.expires_at, payload = excluded.payload, post_version = excluded.post_version, attempts = 0,
    error = ''
"""

_CLOSE_OTHERS = """
UPDATE notifications_notification AS open
SET closed_at = %(now)s, skip_code = unwanted.code, skip_reason = unwanted.reason
FROM unnest(%(kinds)s::text[], %(codes)s::text[], %(reasons)s::text[]) AS unwanted (kind, code, reason)
WHERE open.game_id = %(game)s AND open.closed_at IS NULL AND open.kind = unwanted.kind AND NOT EXISTS (
    SELECT FROM unnest(%(kept_kinds)s::text[], %(kept_keys)s::text[]) AS kept (kind, dedupe_key)
    WHERE kept.kind = open.kind AND kept.dedupe_key = open.dedupe_key)
"""


# For rows of several games; those open keep the earlier time.
_UPSERT_OF_GAMES = """
INSERT INTO notifications_notification
    (game_id, kind, post_version, dedupe_key, due_at, payload, attempts, error, created_at, skip_code, skip_reason)
SELECT rows.*, '', %(due)s, '{}', 0, '', now(), '', ''
FROM unnest(%(games)s::bigint[], %(kinds)s::text[], %(versions)s::integer[]) AS rows (game_id, kind, post_version)
ORDER BY rows.game_id, rows.kind
ON CONFLICT (game_id, kind, recipient_id, dedupe_key) WHERE closed_at IS NULL DO UPDATE SET
    due_at = LEAST(notifications_notification.due_at, excluded.due_at), post_version = excluded.post_version,
    attempts = 0, error = ''
"""


@dataclass(frozen=True)
class Planned:
    """A notification to schedule. After `expires_at` it is skipped; without that, it is tried for a day.

    `minutes`: how long before a start it is due. `recipient_id`: None where the kind finds its recipients.
    """

    kind: str
    due_at: datetime
    recipient_id: int | None = None
    dedupe_key: object = ""
    minutes: int | None = None
    payload: Payload | None = None
    expires_at: datetime | None = None


def schedule(
    kind: str,
    *,
    game_id: int | None,
    due_at: datetime,
    post_version: int = 0,
    recipient_id: int | None = None,
    dedupe_key: object = "",
    payload: Payload | None = None,
    keep_earlier: bool = False,
    expires_at: datetime | None = None,
) -> None:
    """Schedule a notification, or change the open row of the same game, kind, recipient and `dedupe_key`.

    Call it in the transaction of its cause. With `keep_earlier`, an open row keeps the earlier of both times.
    """
    row = Planned(kind, due_at, recipient_id, dedupe_key, payload=payload, expires_at=expires_at)
    _upsert(game_id, [row], post_version, keep_earlier)


def schedule_all(
    game_id: int | None,
    planned: Iterable[Planned],
    post_version: int = 0,
    keep_earlier: bool = False,
    condition: str = "TRUE",
) -> None:
    """Schedule notifications; each changes the open row of the same game, kind, recipient and key, if there is one.

    Call it in the transaction of their cause. With `keep_earlier`, an open row keeps the earlier of both times.
    `condition`, in SQL over the columns of `rows`, says which of them are scheduled, without another statement.
    """
    # One statement changes no row twice; of two for one row, the last counts.
    rows = {(row.kind, row.recipient_id, str(row.dedupe_key)): row for row in planned}
    if rows:
        _upsert(game_id, rows.values(), post_version, keep_earlier, condition)


def schedule_of_games(rows: Collection[tuple[int, str, int]], due_at: datetime) -> None:
    """Schedule a post of each of these (game, kind, post version), in one statement; open rows keep an earlier time."""
    if rows:
        games, kinds, versions = zip(*rows, strict=True)
        params: dict[str, Any] = {
            "games": [*games],
            "kinds": [str(kind) for kind in kinds],
            "versions": [*versions],
            "due": due_at,
        }
        with connection.cursor() as cursor:
            cursor.execute(_UPSERT_OF_GAMES, params)


def _upsert(
    game_id: int | None, rows: Collection[Planned], post_version: int, keep_earlier: bool, condition: str = "TRUE"
) -> None:
    with prepared(connection), connection.cursor() as cursor:
        cursor.execute(
            _UPSERT.format(condition=condition),
            {
                "game": game_id,
                "version": post_version,
                "kinds": [str(row.kind) for row in rows],
                "recipients": [row.recipient_id for row in rows],
                "dedupe_keys": [str(row.dedupe_key) for row in rows],
                "minutes": [row.minutes for row in rows],
                "due": [row.due_at for row in rows],
                "expires": [row.expires_at for row in rows],
                "payloads": [
                    json.dumps((row.payload.to_json() if row.payload is not None else {}) | tracing.payload_entry())
                    for row in rows
                ],
                "keep_earlier": keep_earlier,
            },
        )


def unschedule_others(game_id: int, kept: Collection[Planned], unwanted: Mapping[str, Skip], now: datetime) -> None:
    """Close a game's open notifications of these kinds, each for its kind's reason, except kept ones."""
    with prepared(connection), connection.cursor() as cursor:
        cursor.execute(
            _CLOSE_OTHERS,
            {
                "game": game_id,
                "now": now,
                "kinds": [str(kind) for kind in unwanted],
                "codes": [str(skip.code) for skip in unwanted.values()],
                "reasons": [skip.reason for skip in unwanted.values()],
                "kept_kinds": [str(row.kind) for row in kept],
                "kept_keys": [str(row.dedupe_key) for row in kept],
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
    recipient_id: int | None = None,
) -> int:
    """Close a game's open notifications, of `kinds` or of all but `keep_kinds`; return how many."""
    rows = Notification.objects.open().filter(game_id=game_id)
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


def _locked_games(ids: Collection[int]) -> "models.QuerySet[models.Model, tuple[int]]":
    games: type[models.Model] = Notification._meta.get_field("game").related_model
    return games._default_manager.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk")


LOCKED_GAMES = CompiledSets(_locked_games)


def lock_games(game_ids: Collection[int | None]) -> None:
    """Lock games in the order of their ids, after any person and before what follows: game, notification, delivery.

    Locking a row of theirs first deadlocks with actions, which lock the game first.
    """
    LOCKED_GAMES.all({game_id for game_id in game_ids if game_id is not None})
