"""What the host of a game with too few players decides."""

from datetime import datetime

from django.db import transaction

from games.core import choices
from games.core.base import ActionResult, Actor, locked_game, require_manager
from games.core.minimum import has_too_few_players, minimum_deadline, seated_count
from games.core.states import State
from games.minimum_players import wording as minimum_wording
from games.models import AuditEntry, Game
from games.scheduling import actions as scheduling
from gamesched.lib.refusal import Refused

KEEP, CANCEL = "keep", "cancel"


def start_number(game: Game) -> int:
    """Tells this question of a game apart from those about other starts."""
    return int(game.starts_at.timestamp())


def awaits_decision(game: Game, now: datetime, seated: int | None = None) -> bool:
    """Whether its hosts have yet to decide: it is after the deadline, and too few have a seat."""
    by = minimum_deadline(game)
    if by is None or now < by or game.state(now) is not State.SCHEDULED:
        return False
    if (seated_count(game) if seated is None else seated) >= game.settings.minimum:
        return False
    return not game.audit.filter(action="keep", changes__for=game.starts_at.isoformat()).exists()


@transaction.atomic
def answer_too_few(game_id: int, prompt_number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Keep a game with too few players, or cancel it. Raises Refused."""
    game, viewer = locked_game(game_id, actor)
    require_manager(game, viewer)
    if prompt_number != start_number(game) or game.state(now) is not State.SCHEDULED or choice not in {KEEP, CANCEL}:
        raise Refused(choices.outdated_refusal())
    if choice == CANCEL:
        if not has_too_few_players(game):
            raise Refused(choices.outdated_refusal())
        return scheduling.cancel_game(game_id, minimum_wording.TOO_FEW, actor, now)
    if not awaits_decision(game, now):
        return ActionResult(game, False, minimum_wording.GAME_KEPT)
    AuditEntry.objects.create(
        guild_id=game.guild_id,
        game=game,
        actor=actor.user,
        source=actor.source,
        action="keep",
        changes={"for": game.starts_at.isoformat()},
        at=now,
    )
    return ActionResult(game, True, minimum_wording.GAME_KEPT)


def keep_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """`answer` with Keep it, for doors that show the game as it is. Raises Refused."""
    game = Game.objects.filter(pk=game_id).first()
    return answer_too_few(game_id, start_number(game) if game else 0, KEEP, actor, now)
