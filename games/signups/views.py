"""What people say to a game on its page, beyond Join and Leave."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.views.decorators.http import require_POST

from games.models import OtherAnswer
from games.pages.shortcuts import actor, game_seen, press
from games.signups import responses
from guilds.http import ViewerRequest


@login_required
@require_POST
def answer(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Say that one may come, or cannot."""
    if request.POST.get("kind") not in OtherAnswer.Kind.values:
        game_seen(request, game_id)
        return HttpResponseBadRequest()  # no form of ours sends it
    kind = OtherAnswer.Kind(request.POST["kind"])
    return press(request, game_id, lambda now: responses.answer(game_id, request.user, kind, actor(request), now))


@login_required
@require_POST
def note(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Write a note beside one's name, or take it away."""
    text = request.POST.get("note", "")
    return press(request, game_id, lambda now: responses.note(game_id, request.user, text, actor(request), now))


@login_required
@require_POST
def bring(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Bring somebody along."""
    name = request.POST.get("name", "")
    return press(request, game_id, lambda now: responses.bring(game_id, request.user, name, actor(request), now))


@login_required
@require_POST
def unbring(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Take back whom one brings."""
    return press(request, game_id, lambda now: responses.unbring(game_id, request.user, actor(request), now))
