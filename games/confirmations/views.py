"""The view of the buttons that answer a confirmation."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.confirmations import actions as confirmations
from games.pages.shortcuts import actor, run_action
from gamesched.lib.ids import parse_id
from guilds.http import ViewerRequest


@login_required
@require_POST
def answer_confirmation(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save whether the viewer still comes."""
    number, choice = parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
    return run_action(
        request, game_id, lambda now: confirmations.answer_confirmation(game_id, number, choice, actor(request), now)
    )
