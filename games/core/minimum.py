"""The minimum of players that a game needs, and when it is checked."""

from datetime import datetime, timedelta

from games.core.codes import NotificationKind
from games.core.payloads import StartPayload
from games.models import Game
from notifications.queue import Planned

NUDGE_BEFORE = timedelta(hours=12)  # before the deadline; who has not responded by then is asked once more


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


def plan_minimum_checks(game: Game, now: datetime) -> list[Planned]:
    """Return both checks of an announced game, as far as they are wanted and still to come."""
    by = minimum_deadline(game)
    if by is None or by <= now:
        return []
    payload = StartPayload(game.starts_at)
    checks = [Planned(NotificationKind.TOO_FEW_PLAYERS, by, payload=payload, expires_at=game.starts_at)]
    if by - NUDGE_BEFORE > now:
        checks.append(Planned(NotificationKind.NUDGE, by - NUDGE_BEFORE, payload=payload, expires_at=by))
    return checks
