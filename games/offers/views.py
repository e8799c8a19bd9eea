"""The view of the buttons that answer an offer of a seat."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.offers import actions as offers
from games.pages.shortcuts import actor, number_and_choice, run_action
from guilds.http import ViewerRequest


@login_required
@require_POST
def answer_offer(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Accept or decline an offered seat."""
    number, choice = number_and_choice(request)
    return run_action(request, game_id, lambda now: offers.answer_offer(game_id, number, choice, actor(request), now))
