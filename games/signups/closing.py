"""Closing the sign-ups of a game by hand, and opening them again."""

from datetime import datetime

from django.db import transaction

from games.core.base import Actor, Done, changed, locked_game, require, require_manager
from games.signups import wording as signup_wording


@transaction.atomic
def close(game_id: int, actor: Actor, now: datetime) -> Done:
    """Let nobody sign up any more but by its hosts; those who are in can still leave. Raises Refused."""
    return _set(game_id, now, actor, now)


@transaction.atomic
def reopen(game_id: int, actor: Actor, now: datetime) -> Done:
    """Let people sign up again. Raises Refused."""
    return _set(game_id, None, actor, now)


def _set(game_id: int, closed_at: datetime | None, actor: Actor, now: datetime) -> Done:
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "close", now)
    verb = "close" if closed_at is not None else "reopen"
    if (game.closed_at is None) == (closed_at is None):
        return Done(game, False, signup_wording.ALREADY[verb])
    game.closed_at = closed_at
    changed(game, actor, verb, {}, now)
    return Done(game, True, signup_wording.DONE[verb])
