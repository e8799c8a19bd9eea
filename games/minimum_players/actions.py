"""What the host of a game with too few players decides."""

from datetime import datetime

from django.db import transaction

from games.core import choices
from games.core.base import Actor, Done, locked_game, require_manager
from games.core.minimum import deadline, is_short
from games.core.states import State
from games.minimum_players import wording as minimum_wording
from games.models import AuditEntry, Game
from games.scheduling import actions as scheduling
from gamesched.lib.refusal import Refused

KEEP, CANCEL = "keep", "cancel"


def number(game: Game) -> int:
    """Tells this question of a game apart from those about other starts."""
    return int(game.starts_at.timestamp())


def is_asked(game: Game, now: datetime) -> bool:
    """Whether its hosts have yet to decide: it is after the deadline, and too few have a seat."""
    by = deadline(game)
    if by is None or now < by or game.state(now) is not State.SCHEDULED or not is_short(game):
        return False
    return not game.audit.filter(verb="keep", changes__for=game.starts_at.isoformat()).exists()


@transaction.atomic
def answer(game_id: int, asked: int, choice: str, actor: Actor, now: datetime) -> Done:
    """Keep a game with too few players, or cancel it. Raises Refused."""
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    if asked != number(game) or game.state(now) is not State.SCHEDULED or choice not in {KEEP, CANCEL}:
        raise Refused(choices.outdated())
    if choice == CANCEL:
        if not is_short(game):
            raise Refused(choices.outdated())
        return scheduling.cancel(game_id, minimum_wording.TOO_FEW, actor, now)
    if not is_asked(game, now):
        return Done(game, False, minimum_wording.KEPT)
    AuditEntry.objects.create(
        guild_id=game.guild_id,
        game=game,
        actor=actor.user,
        door=actor.door,
        verb="keep",
        changes={"for": game.starts_at.isoformat()},
        at=now,
    )
    return Done(game, True, minimum_wording.KEPT)


def keep(game_id: int, actor: Actor, now: datetime) -> Done:
    """`answer` with Keep it, for doors that show the game as it is. Raises Refused."""
    game = Game.objects.filter(pk=game_id).first()
    return answer(game_id, number(game) if game else 0, KEEP, actor, now)
