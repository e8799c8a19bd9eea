"""The host's decision about a game with too few players."""

from datetime import datetime

from django.db import transaction

from games.core import choices
from games.core.base import ActionResult, Actor, locked_game, record, require_manager
from games.core.codes import AuditAction
from games.core.minimum import has_too_few_players, minimum_deadline, seated_count
from games.core.states import State
from games.minimum_players import wording as minimum_wording
from games.models import Game
from games.scheduling import cancellation
from gamesched.lib.refusal import Refused

KEEP, CANCEL = "keep", "cancel"


def start_number(game: Game) -> int:
    """Return a number that distinguishes the prompts about different starts of a game."""
    return int(game.starts_at.timestamp())


def awaits_decision(game: Game, now: datetime, seated: int | None = None) -> bool:
    """Return whether the host must decide: the deadline is past, and too few players are seated."""
    by = minimum_deadline(game)
    if by is None or now < by or game.state(now) is not State.SCHEDULED:
        return False
    if (seated_count(game) if seated is None else seated) >= game.settings.minimum:
        return False
    return game.starts_at not in game.kept_starts


@transaction.atomic
def answer_too_few(game_id: int, prompt_number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Keep a game with too few players, or cancel it. Raises Refused."""
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if prompt_number != start_number(game) or game.state(now) is not State.SCHEDULED or choice not in {KEEP, CANCEL}:
        raise Refused(choices.outdated_refusal())
    if choice == CANCEL:
        if not has_too_few_players(game):
            raise Refused(choices.outdated_refusal())
        return cancellation.cancel_locked(game, minimum_wording.TOO_FEW, actor, now)
    if not awaits_decision(game, now):
        return ActionResult(game, False, minimum_wording.GAME_KEPT)
    game.kept_starts = [*game.kept_starts, game.starts_at]
    game.save(update_fields=["kept_starts"])
    record(game, actor, AuditAction.KEEP_GAME, {"for": game.starts_at.isoformat()}, now)
    return ActionResult(game, True, minimum_wording.GAME_KEPT)


def keep_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Keep the game at its current start. Raise Refused."""
    game = Game.objects.filter(pk=game_id).first()
    return answer_too_few(game_id, start_number(game) if game else 0, KEEP, actor, now)
