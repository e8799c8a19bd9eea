"""Closing and reopening a game's sign-ups by hand."""

from datetime import datetime

from django.db import transaction

from games.core.base import ActionResult, Actor, managed_game, record_change
from games.core.codes import AuditAction
from games.core.states import GameAction
from games.signups import wording as signup_wording


@transaction.atomic
def close_signups(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Close the sign-ups: only hosts can still sign people up, and players can still leave. Raises Refused."""
    return _set_closed_at(game_id, now, actor, now)


@transaction.atomic
def reopen_signups(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Open the sign-ups again. Raises Refused."""
    return _set_closed_at(game_id, None, actor, now)


def _set_closed_at(game_id: int, closed_at: datetime | None, actor: Actor, now: datetime) -> ActionResult:
    game, _ = managed_game(GameAction.CLOSE_SIGNUPS, game_id, actor, now)
    action = AuditAction.CLOSE_SIGNUPS if closed_at is not None else AuditAction.REOPEN_SIGNUPS
    if (game.closed_at is None) == (closed_at is None):
        return ActionResult(game, False, signup_wording.ALREADY_DONE[action])
    game.closed_at = closed_at
    record_change(game, actor, action, {}, now)
    return ActionResult(game, True, signup_wording.DONE[action])
