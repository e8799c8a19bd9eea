"""What stands in Discord for a game, tried again, for programs."""

from typing import Any

from games.api.base import answers, run_action
from games.api.caller import HOST, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import ActionShape, Id
from games.companions import actions as companions
from games.models import CompanionKind


@router.post("/games/{id:game_id}/discord/{slug:kind}", auth=HOST, response=answers(ActionShape))
def try_again(request: ApiRequest, game_id: Id, kind: CompanionKind) -> Any:
    """Make a game's event, thread, voice channel or role again, or try again what failed."""
    return run_action(request, game_id, lambda now: companions.try_again(game_id, kind, actor(request), now))
