"""Closing the sign-ups of a game by hand, and opening them again."""

from datetime import datetime

from django.db import transaction

from games.core.base import ActionResult, Actor, locked_game, record_change, require_manager, require_state
from games.core.states import GameAction
from games.signups import wording as signup_wording


@transaction.atomic
def close_signups(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Let nobody sign up any more but by its hosts; those who are in can still leave. Raises Refused."""
    return _set_closed_at(game_id, now, actor, now)


@transaction.atomic
def reopen_signups(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Let people sign up again. Raises Refused."""
    return _set_closed_at(game_id, None, actor, now)


def _set_closed_at(game_id: int, closed_at: datetime | None, actor: Actor, now: datetime) -> ActionResult:
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require_state(game, GameAction.CLOSE_SIGNUPS, now)
    action = "close" if closed_at is not None else "reopen"
    if (game.closed_at is None) == (closed_at is None):
        return ActionResult(game, False, signup_wording.ALREADY_DONE[action])
    game.closed_at = closed_at
    record_change(game, actor, action, {}, now)
    return ActionResult(game, True, signup_wording.DONE[action])
