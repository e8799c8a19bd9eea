"""How many players a game needs, and when it is looked whether they are there."""

from datetime import datetime, timedelta

from games.models import Game
from notifications.queue import schedule, unschedule

NUDGE_BEFORE = timedelta(hours=12)  # the deadline, when those who did not answer are asked once more
NOTIFICATION_KINDS = ["nudge", "short"]


def minimum_deadline(game: Game) -> datetime | None:
    """When the host is asked what to do with too few players; None for never."""
    settings = game.settings
    if not settings.minimum or not settings.minimum_by:
        return None
    return game.starts_at - timedelta(minutes=settings.minimum_by)


def seated_count(game: Game) -> int:
    """How many have a seat."""
    return game.signups.filter(left_at=None, seated_at__isnull=False).count()


def has_too_few_players(game: Game) -> bool:
    """Whether fewer have a seat than the game needs."""
    return seated_count(game) < game.settings.minimum


def schedule_minimum_checks(game: Game, now: datetime) -> None:
    """Plan both looks of an announced game, or drop those that are past or not wanted any more."""
    by = minimum_deadline(game)
    if by is None or by <= now:
        unschedule(NOTIFICATION_KINDS, game.pk, now, "the game's times changed")
        return
    payload = {"starts_at": game.starts_at.isoformat()}
    schedule(
        "short", game_id=game.pk, due_at=by, post_version=game.revision, payload=payload, expires_at=game.starts_at
    )
    if by - NUDGE_BEFORE > now:
        due_at = by - NUDGE_BEFORE
        schedule("nudge", game_id=game.pk, due_at=due_at, post_version=game.revision, payload=payload, expires_at=by)
    else:
        unschedule(["nudge"], game.pk, now, "the game's times changed")
