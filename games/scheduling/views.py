"""Buttons of a game's life on its page: announcing it, undoing a cancellation."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.pages.shortcuts import AT_ONCE, actor, press
from games.scheduling import publishing
from guilds.http import ViewerRequest


@login_required
@require_POST
def announce(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Announce a game that players do not see yet."""
    return press(request, game_id, lambda now: publishing.announce(game_id, actor(request), now), AT_ONCE)


@login_required
@require_POST
def undo(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Undo a cancellation."""
    return press(request, game_id, lambda now: publishing.uncancel(game_id, actor(request), now), AT_ONCE)
