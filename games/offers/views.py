"""Pages' buttons about offered seats, waiting on purpose, and games at the same time."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.offers import actions as offers
from games.pages.shortcuts import _number_and_choice, actor, run_action
from guilds.http import ViewerRequest


@login_required
@require_POST
def answer_offer(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Take an offered seat, or pass it on."""
    number, choice = _number_and_choice(request)
    return run_action(request, game_id, lambda now: offers.answer_offer(game_id, number, choice, actor(request), now))
