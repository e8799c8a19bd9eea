"""Scheduling notifications about a game, and closing those that are of no use any more."""

from collections.abc import Collection
from datetime import datetime

from games.core.codes import GameSkipCode, NotificationKind
from games.models import Game
from notifications.payloads import Payload
from notifications.queue import drop_unsent, schedule, unschedule
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
        payload=payload,
        keep_earlier=keep_earlier,
        expires_at=expires_at,
    )


def close_notifications(
    game: Game,
    kinds: Collection[NotificationKind],
    code: GameSkipCode,
    now: datetime,
    *,
    to: int | None = None,
) -> None:
    """Close a game's open notifications of these kinds, of one recipient or of all."""
    unschedule(game.pk, Skip(code), now, kinds=kinds, recipient_id=to)


def drop_place_notifications(game: Game, user_id: int, now: datetime, also: Collection[NotificationKind] = ()) -> None:
    """Drop what a person was to hear of their place, by whom ever: the reply to their own click says it.

    Else a removal would be folded with an addition that they saw. `also`: further kinds that are out of date.
    """
    kinds = [NotificationKind.ADDED, NotificationKind.REMOVED, NotificationKind.SEAT_CHANGE, *also]
    drop_unsent(game.pk, Skip(GameSkipCode.SAID_BY_REPLY), now, kinds=kinds, recipient_id=user_id)
