"""Freezing games that have started, and keeping games to come in step with what they inherit."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from games.core import rules
from games.core.kinds import NotificationKind
from games.core.scheduling import bump_revision, schedule_game_times
from games.core.seating import assign_seats, pending_moves
from games.core.seats import SeatMoves
from games.core.states import State
from games.models import Game
from games.models.settings import GAME_SETTINGS
from notifications.models import Notification


def locked_games(games: QuerySet[Game]) -> list[Game]:
    """Lock games in the one order, that of their ids, and read them with what their settings come from."""
    ids = list(games.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    # Read after the locks are held: whatever a lock waited for may have changed a level.
    return list(Game.objects.with_settings().filter(pk__in=ids).order_by("pk"))


def freeze_settings(game: Game, now: datetime) -> None:
    """Write what holds for a game into the game; nothing above it counts since. Under the game's lock."""
    settings = game.settings
    for name in GAME_SETTINGS:
        value = getattr(settings, name)
        setattr(game, name, list(value) if isinstance(value, tuple) else value)
    game.settled_at = now
    game.save(update_fields=[*GAME_SETTINGS, "settled_at"])


def has_started(game: Game, now: datetime) -> bool:
    """Whether a game is past inheriting: under way, over or cancelled."""
    state = game.state(now)
    return not state.hidden and state is not State.SCHEDULED


def resync_game(game: Game, now: datetime) -> None:
    """Bring what was planned for a game to come in step with what now holds. Under the game's lock."""
    game.ends_at = game.starts_at + timedelta(minutes=game.settings.duration)
    assign_seats(game, now)
    bump_revision(game, now)
    schedule_game_times(game, now)


def freeze_started_games(now: datetime) -> int:
    """Freeze the games that have begun since this was last done; says how many."""
    # What was cancelled a moment ago may come back, and is to go on inheriting then.
    cancelled = Q(cancelled_at__lt=now - rules.UNDO_WINDOW)
    games = Game.objects.filter(settled_at=None).filter(Q(starts_at__lte=now) | cancelled)
    return sum(_freeze_if_started(pk, now) for pk in games.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _freeze_if_started(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.filter(pk=game_id, settled_at=None)):
        if has_started(game, now):
            freeze_settings(game, now)
            return True
    return False


def resync_drifted_games(now: datetime) -> int:
    """Games to come that are not as their settings say: made while a level changed, for one. Says how many."""
    games = Game.objects.filter(settled_at=None, cancelled_at=None, starts_at__gt=now, guild__bot_removed_at=None)
    return sum(_resync_if_drifted(pk, now) for pk in games.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _resync_if_drifted(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.filter(pk=game_id)):
        if not has_started(game, now) and not is_synced(game, now):
            resync_game(game, now)
            return True
    return False


def is_synced(game: Game, now: datetime) -> bool:
    """Whether a game's end, seats and reminders are what its settings ask for."""
    settings = game.settings
    if game.ends_at != game.starts_at + timedelta(minutes=settings.duration):
        return False
    if pending_moves(game, now) != SeatMoves():
        return False
    reminders = settings.reminders if game.announced_at is not None else ()
    wanted = {minutes for minutes, at in rules.reminder_times(game.starts_at, reminders) if at > now}
    rows = Notification.objects.open().filter(game=game, kind=NotificationKind.REMINDER, due_at__gt=now)
    return wanted == set(rows.values_list("minutes", flat=True))
