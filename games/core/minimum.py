"""The minimum of players that a game needs, and when it is checked."""

from datetime import datetime, timedelta

from games.models import Game
from notifications.queue import schedule, unschedule

NUDGE_BEFORE = timedelta(hours=12)  # before the deadline; who has not responded by then is asked once more
NOTIFICATION_KINDS = ["nudge", "short"]


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
        unschedule(NOTIFICATION_KINDS, game.pk, now, "the game's times changed")
        return
    payload = {"starts_at": game.starts_at.isoformat()}
    schedule(
        "short", game_id=game.pk, due_at=by, revision=game.post_version, payload=payload, expires_at=game.starts_at
    )
    if by - NUDGE_BEFORE > now:
        due_at = by - NUDGE_BEFORE
        schedule("nudge", game_id=game.pk, due_at=due_at, revision=game.post_version, payload=payload, expires_at=by)
    else:
        unschedule(["nudge"], game.pk, now, "the game's times changed")
