"""Deleting what an operator keeps for a while only: past games, their pictures, the audit log.

Nobody waits for it: each transaction takes a few rows, and leaves those that are just used to the next day.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from games.core.settings import PICTURE_SETTINGS
from games.models import AuditEntry, CompanionKind, Game, GameCompanion, TimePoll
from notifications.models import Notification

GAMES_AT_ONCE = 50  # with all that belongs to them
ROWS_AT_ONCE = 1000  # of what has nothing below it


def delete_in_batches(rows: QuerySet[Any], size: int | None = None) -> int:
    """Delete rows and what belongs to them, each batch in a transaction of its own; return how many."""
    count, last = 0, 0
    # In their order: from the start again, each batch would read all that those before it deleted.
    keys = rows.order_by("pk").values_list("pk", flat=True)
    while batch := list(keys.filter(pk__gt=last)[: size or ROWS_AT_ONCE]):
        count += rows.model._default_manager.filter(pk__in=batch).delete()[0]
        last = batch[-1]
    return count


def delete_past_games(before: datetime) -> int:
    """Delete games that ended before, with all that belongs to them, and polls of which no game came; return how many.

    One stays while something of it is still to be sent, or a channel or role of its own stands in Discord.
    """
    pending = Notification.objects.open().filter(game=OuterRef("pk"))
    in_discord = GameCompanion.objects.filter(
        game=OuterRef("pk"), kind__in=(CompanionKind.VOICE, CompanionKind.ROLE), discord_id__isnull=False
    )
    past = Game.objects.filter(~Exists(pending), ~Exists(in_discord), ends_at__lt=before)
    count = 0
    for games in _locked_batches(past):
        TimePoll.objects.filter(game__in=games).delete()
        Game.objects.filter(pk__in=games).delete()
        count += len(games)
    delete_in_batches(TimePoll.objects.filter(game=None, closes_at__lt=before), GAMES_AT_ONCE)
    return count


def drop_past_pictures(before: datetime) -> int:
    """Have games that ended before name no pictures; return how many. What nothing names is deleted a week later."""
    named = Q(*((f"{name}__gt", "") for name in PICTURE_SETTINGS), _connector=Q.OR)
    count = 0
    for games in _locked_batches(Game.objects.filter(named, ends_at__lt=before, settings_frozen_at__isnull=False)):
        count += Game.objects.filter(pk__in=games).update(**dict.fromkeys(PICTURE_SETTINGS, ""))
    return count


def delete_old_audit(before: datetime) -> int:
    """Delete entries of the audit log that are older; return how many."""
    return delete_in_batches(AuditEntry.objects.filter(at__lt=before))


def _locked_batches(games: QuerySet[Game]) -> Iterator[list[int]]:
    """Yield the keys of games, a few in each transaction, without those that someone else has locked."""
    rows = games.order_by("pk").select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
    while True:
        with transaction.atomic():
            batch = list(rows[:GAMES_AT_ONCE])
            if not batch:
                return
            yield batch
