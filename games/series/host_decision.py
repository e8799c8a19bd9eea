"""The host's decision whether the next game of a series takes place."""

from datetime import datetime

from games.core import choices
from games.core.base import ActionResult, Actor
from games.core.states import State
from games.models import Game
from games.scheduling import cancellation, publishing
from gamesched.lib.refusal import Refused

TAKES_PLACE, NOT_THIS_TIME = "yes", "no"


def prompt_number(game: Game) -> int:
    """Return the number of the question about a game; moved before it was answered, it is the same question."""
    return int(game.series_start.timestamp()) if game.series_start is not None else 0


def answer_host(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Announce the game, or cancel it. Raises Refused, `outdated` once it is decided."""
    game = Game.objects.filter(pk=game_id).first()
    decidable = game is not None and prompt_number(game) == number and game.state(now) is State.DRAFT
    if not decidable or choice not in {TAKES_PLACE, NOT_THIS_TIME}:
        raise Refused(choices.outdated_refusal())
    if choice == TAKES_PLACE:
        return publishing.announce_game(game_id, actor, now)
    return cancellation.cancel_game(game_id, "", actor, now)
