"""Freezing the settings of started games, and syncing upcoming games with the settings that they inherit."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from games.core import rules
from games.core.codes import NotificationKind
from games.core.companions import companion_settings, schedule_all_companions
from games.core.drift import games_with_other_seats, games_with_other_settings, games_with_other_times
from games.core.notification_schedule import bump_post_version, schedule_game_times
from games.core.seat_rules import SeatMoves
from games.core.seating import assign_seats, pending_moves
from games.core.settings import GAME_SETTINGS
from games.core.states import State
from games.models import Game
from notifications.models import Notification

log = logging.getLogger(__name__)
Locked = TypeVar("Locked")


def locked_games(games: QuerySet[Game]) -> list[Game]:
    """Lock games in the lock order, by id, and return them."""
    # Of games alone: channels that a filter joins are written by the gateway, in an order of its own.
    locked = games.order_by("pk").select_for_update(no_key=True, of=("self",))
    ids = list(locked.values_list("pk", flat=True))
    # Read once the locks are held: rights may have changed while this waited for a lock.
    return list(Game.objects.with_guild_and_channel().filter(pk__in=ids).order_by("pk"))


def locked_layer(games: QuerySet[Game], lock: Callable[[], Locked]) -> tuple[list[Game], Locked]:
    """Lock the games below a layer, then the layer by `lock`; both anew if a game came below it in between.

    Who edits such a game would wait for the layer, while the layer's triggers wait for the game.
    """
    while True:
        with transaction.atomic():
            found, layer = locked_games(games), lock()
            if not games.exclude(pk__in=[game.pk for game in found]).exists():
                return found, layer
            transaction.set_rollback(True)  # lets go of these locks


def freeze_settings(game: Game, now: datetime) -> None:
    """Copy the resolved settings into the game, so that it no longer inherits. Needs the game's lock."""
    values = game.settings.values
    for name in GAME_SETTINGS:
        value = values[name]
        setattr(game, name, list(value) if isinstance(value, tuple) else value)
    game.settings_frozen_at = now
    game.drop_cached_settings()
    game.save(update_fields=[*GAME_SETTINGS, "settings_frozen_at", "resolved_settings"])


def has_started(game: Game, now: datetime) -> bool:
    """Return whether the game is under way, over or cancelled, so that it should no longer inherit."""
    state = game.state(now)
    return not state.hidden and state is not State.SCHEDULED


def resync_game(game: Game, now: datetime) -> None:
    """Recompute an upcoming game's end, seats and schedule from its settings. Needs the game's lock."""
    game.ends_at = game.starts_at + timedelta(minutes=game.settings.duration)
    assign_seats(game, now)
    bump_post_version(game, now)
    schedule_game_times(game, now)


def freeze_started_games(now: datetime) -> int:
    """Freeze the settings of started games that still inherit; return how many."""
    # A game cancelled a moment ago may be restored, and must still inherit then.
    cancelled = Q(cancelled_at__lt=now - rules.UNDO_WINDOW)
    games = Game.objects.filter(settings_frozen_at=None).filter(Q(starts_at__lte=now) | cancelled)
    return sum(_freeze_if_started(pk, now) for pk in games.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _freeze_if_started(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.filter(pk=game_id, settings_frozen_at=None)):
        if has_started(game, now):
            freeze_settings(game, now)
            return True
    return False


def mend_settings(now: datetime, guild_ids: Collection[int] | None = None) -> int:
    """Resolve the settings anew of games that differ from their layers, of some guilds or of all; return how many.

    One differs when its channel was deleted. A started game is frozen with what it had.
    """
    games = Game.objects.all() if guild_ids is None else Game.objects.filter(guild__in=guild_ids)
    return sum(_mend_if_other(pk, now) for pk in games_with_other_settings(games))


@transaction.atomic
def _mend_if_other(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.with_other_settings().filter(pk=game_id)):
        if has_started(game, now):
            freeze_settings(game, now)
            continue
        before = companion_settings(game.settings)
        game.drop_cached_settings()
        game.save(update_fields=["resolved_settings"])
        if companion_settings(game.settings) != before:
            schedule_all_companions(game, now)
        if not is_synced(game, now):
            resync_game(game, now)
        log.info("Resolved the settings of game %s again.", game.pk)
        return True
    return False


def resync_drifted_games(now: datetime) -> int:
    """Resync upcoming games that do not match their settings; return how many.

    A game drifts if it is created while a layer is changed, for example. Takes two statements where none did.
    """
    games = Game.objects.filter(
        settings_frozen_at=None, cancelled_at=None, starts_at__gt=now, guild__bot_removed_at=None
    )
    found = {*games_with_other_seats(games), *games_with_other_times(games, now)}
    return sum(_resync_if_drifted(pk, now) for pk in sorted(found))


@transaction.atomic
def _resync_if_drifted(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.filter(pk=game_id)):
        if not has_started(game, now) and not is_synced(game, now):
            resync_game(game, now)
            return True
    return False


def is_synced(game: Game, now: datetime) -> bool:
    """Return whether the game's end, seats and reminders match its settings."""
    settings = game.settings
    if game.ends_at != game.starts_at + timedelta(minutes=settings.duration):
        return False
    if pending_moves(game, now) != SeatMoves():
        return False
    reminders = settings.reminders if game.announced_at is not None else ()
    wanted = {minutes for minutes, at in rules.reminder_times(game.starts_at, reminders) if at > now}
    rows = Notification.objects.open().filter(game=game, kind=NotificationKind.REMINDER, due_at__gt=now)
    return wanted == set(rows.values_list("minutes", flat=True))
