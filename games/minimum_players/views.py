"""The button by which a host keeps a game with too few players."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.minimum_players import actions as minimum_players
from games.pages.shortcuts import actor, run_action
from guilds.http import ViewerRequest


@login_required
@require_POST
def keep(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Keep a game with too few players."""
    return run_action(request, game_id, lambda now: minimum_players.keep_game(game_id, actor(request), now))
