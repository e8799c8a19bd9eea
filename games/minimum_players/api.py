"""Keeping a game with too few players, for programs."""

from games.api.base import answers, run_action
from games.api.caller import HOST, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id
from games.minimum_players import actions as minimum_players


@router.post("/games/{id:game_id}/keep", auth=HOST, response=answers(ActionShape))
def keep(request: ApiRequest, game_id: Id) -> object:
    """Play with the players you have, though they are too few."""
    return run_action(request, game_id, lambda now: minimum_players.keep_game(game_id, actor(request), now))
