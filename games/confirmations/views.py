"""The view of the buttons that answer a confirmation."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.confirmations import actions as confirmations
from games.pages.shortcuts import actor, number_and_choice, run_action
from guilds.http import ViewerRequest


@login_required
@require_POST
def answer_confirmation(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save whether the viewer still comes."""
    number, choice = number_and_choice(request)
    return run_action(
        request, game_id, lambda now: confirmations.answer_confirmation(game_id, number, choice, actor(request), now)
    )
