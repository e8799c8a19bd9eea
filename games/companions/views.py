"""The button beside a companion on its game's page."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from games.companions import actions as companions
from games.models import CompanionKind
from games.pages.shortcuts import FRESH_ROLES, actor, run_action
from guilds.http import ViewerRequest


@login_required
@require_POST
def try_again(request: ViewerRequest, game_id: int, kind: str) -> HttpResponse:
    """Have a companion tried or made again."""
    if kind not in CompanionKind.values:
        raise Http404
    which = CompanionKind(kind)
    return run_action(
        request, game_id, lambda now: companions.try_again(game_id, which, actor(request), now), FRESH_ROLES
    )
