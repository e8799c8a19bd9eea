"""Pages' buttons about offered seats, waiting on purpose, and games at the same time."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from games.offers import actions as offers
from games.pages.shortcuts import actor, press
from games.signups import standby, swaps
from gamesched.lib.ids import parse_id
from guilds.http import ViewerRequest


@login_required
@require_POST
def offer(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Take an offered seat, or pass it on."""
    number, choice = _asked(request)
    return press(request, game_id, lambda now: offers.answer(game_id, number, choice, actor(request), now))


@login_required
@require_POST
def overlap(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Join in spite of another game, or instead of it."""
    number, choice = _asked(request)
    return press(request, game_id, lambda now: swaps.answer(game_id, number, choice, actor(request), now))


@login_required
@require_POST
def wait(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Wait on purpose, or no longer."""
    on = request.POST.get("on") != "0"
    return press(request, game_id, lambda now: standby.wait(game_id, request.user, on, actor(request), now))


def _asked(request: ViewerRequest) -> tuple[int, str]:
    return parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
