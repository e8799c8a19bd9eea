"""Moving the post of a game that is over, for programs."""

from games.api.base import answers, run_action
from games.api.caller import HOST, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id
from games.pages.shortcuts import FRESH_ROLES
from games.posts.archive import archive_game


@router.post("/games/{id:game_id}/archive", auth=HOST, response=answers(ActionShape))
def archive(request: ApiRequest, game_id: Id) -> object:
    """Move the post of a game that is over to the archive channel."""
    return run_action(request, game_id, lambda now: archive_game(game_id, actor(request), now), FRESH_ROLES)
