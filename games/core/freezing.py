"""Freezing games that have started, and keeping games to come in step with what they inherit."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from games.core import rules
from games.core.scheduling import plan_clock, touch
from games.core.seating import moves, reseat
from games.core.seats import Moves
from games.core.states import State
from games.models import Game
from games.models.settings import OWN
from notifications.models import Notification


def locked_games(games: QuerySet[Game]) -> list[Game]:
    """Lock games in the one order, that of their ids, and read them with what their settings come from."""
    ids = list(games.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    # Read after the locks are held: whatever a lock waited for may have changed a level.
    return list(Game.objects.with_levels().filter(pk__in=ids).order_by("pk"))


def settle(game: Game, now: datetime) -> None:
    """Write what holds for a game into the game; nothing above it counts since. Under the game's lock."""
    held = game.effective
    for name in OWN:
        value = getattr(held, name)
        setattr(game, name, list(value) if isinstance(value, tuple) else value)
    game.settled_at = now
    game.save(update_fields=[*OWN, "settled_at"])


def begun(game: Game, now: datetime) -> bool:
    """Whether a game is past inheriting: under way, over or cancelled."""
    state = game.state(now)
    return not state.hidden and state is not State.SCHEDULED


def follow(game: Game, now: datetime) -> None:
    """Bring what was planned for a game to come in step with what now holds. Under the game's lock."""
    game.ends_at = game.starts_at + timedelta(minutes=game.effective.duration)
    reseat(game, now)
    touch(game, now)
    plan_clock(game, now)


def settle_begun(now: datetime) -> int:
    """Freeze the games that have begun since this was last done; says how many."""
    # What was cancelled a moment ago may come back, and is to go on inheriting then.
    cancelled = Q(cancelled_at__lt=now - rules.UNDO_FOR)
    games = Game.objects.filter(settled_at=None).filter(Q(starts_at__lte=now) | cancelled)
    return sum(_settle_one(pk, now) for pk in games.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _settle_one(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.filter(pk=game_id, settled_at=None)):
        if begun(game, now):
            settle(game, now)
            return True
    return False


def mend_drift(now: datetime) -> int:
    """Games to come that are not as their settings say: made while a level changed, for one. Says how many."""
    games = Game.objects.filter(settled_at=None, cancelled_at=None, starts_at__gt=now, guild__gone_at=None)
    return sum(_mend_one(pk, now) for pk in games.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _mend_one(game_id: int, now: datetime) -> bool:
    for game in locked_games(Game.objects.filter(pk=game_id)):
        if not begun(game, now) and not in_step(game, now):
            follow(game, now)
            return True
    return False


def in_step(game: Game, now: datetime) -> bool:
    """Whether a game's end, seats and reminders are what its settings ask for."""
    held = game.effective
    if game.ends_at != game.starts_at + timedelta(minutes=held.duration):
        return False
    if moves(game, now) != Moves():
        return False
    reminders = held.reminders if game.announced_at is not None else ()
    wanted = {minutes for minutes, at in rules.reminder_times(game.starts_at, reminders) if at > now}
    rows = Notification.objects.open().filter(game=game, kind="reminder", due_at__gt=now)
    return wanted == set(rows.values_list("offset", flat=True))
