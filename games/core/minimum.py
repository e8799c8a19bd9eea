"""The minimum of players that a game needs, and when it is checked."""

from datetime import datetime, timedelta

from games.core.codes import GameSkipCode, NotificationKind
from games.core.payloads import StartPayload
from games.core.queue import close_notifications, notify
from games.models import Game

NUDGE_BEFORE = timedelta(hours=12)  # before the deadline; who has not responded by then is asked once more
NOTIFICATION_KINDS = [NotificationKind.NUDGE, NotificationKind.TOO_FEW_PLAYERS]


def minimum_deadline(game: Game) -> datetime | None:
    """Return when the host must decide about a game with too few players; None for never."""
    settings = game.settings
    if not settings.minimum or not settings.minimum_by:
        return None
    return game.starts_at - timedelta(minutes=settings.minimum_by)


def seated_count(game: Game) -> int:
    """Return the number of seated sign-ups."""
    return game.signups.seated().count()


def has_too_few_players(game: Game) -> bool:
    """Return whether fewer players are seated than the game needs."""
    return seated_count(game) < game.settings.minimum


def schedule_minimum_checks(game: Game, now: datetime) -> None:
    """Schedule both checks of an announced game; unschedule those that are past or no longer wanted."""
    by = minimum_deadline(game)
    if by is None or by <= now:
        close_notifications(game, NOTIFICATION_KINDS, GameSkipCode.TIMES_CHANGED, now)
        return
    payload = StartPayload(game.starts_at)
    notify(game, NotificationKind.TOO_FEW_PLAYERS, by, payload=payload, expires_at=game.starts_at)
    if by - NUDGE_BEFORE > now:
        notify(game, NotificationKind.NUDGE, by - NUDGE_BEFORE, payload=payload, expires_at=by)
    else:
        close_notifications(game, [NotificationKind.NUDGE], GameSkipCode.TIMES_CHANGED, now)
