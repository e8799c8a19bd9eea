"""What people say to a game on its page, beyond Join and Leave."""

from dataclasses import replace
from functools import partial

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from games.core import wording
from games.models import OtherAnswer
from games.offers.overlaps import Overlap
from games.pages.game_page import game_context
from games.pages.shortcuts import _asked, actor, add_refusal, forbidden, game_seen, press
from games.signups import actions as signups
from games.signups import closing, manual_seating, responses, standby, swaps
from games.signups.add_form import AddForm
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
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


@login_required
@require_POST
def join(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Sign up."""
    verb = partial(signups.join, overlap=Overlap.ASK)
    return press(request, game_id, lambda now: verb(game_id, request.user, actor(request), now))


@login_required
@require_POST
def leave(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Give up one's place."""
    return press(request, game_id, lambda now: signups.leave(game_id, request.user, actor(request), now))


@login_required
@require_POST
def remove(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Take somebody out, with a word to them."""
    word = request.POST.get("reason", "")
    return press(request, game_id, lambda now: signups.remove(game_id, signup_id, actor(request), now, word))


@login_required
@require_POST
def seat(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Give somebody who waits a seat."""
    return press(request, game_id, lambda now: manual_seating.seat(game_id, signup_id, actor(request), now))


@login_required
@require_POST
def bench(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Put somebody with a seat on the wait list."""
    return press(request, game_id, lambda now: manual_seating.bench(game_id, signup_id, actor(request), now))


@login_required
@require_POST
def reorder(request: ViewerRequest, game_id: int, signup_id: int, by: int) -> HttpResponse:
    """Move somebody `by` places in their list."""
    return press(request, game_id, lambda now: manual_seating.reorder(game_id, signup_id, by, actor(request), now))


@login_required
@require_POST
def close(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Close the sign-ups."""
    return press(request, game_id, lambda now: closing.close(game_id, actor(request), now))


@login_required
@require_POST
def reopen(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Open the sign-ups again."""
    return press(request, game_id, lambda now: closing.reopen(game_id, actor(request), now))


@login_required
@require_http_methods(["GET", "POST"])
def add(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Add people. What is refused comes back on the game's page as it was typed."""
    found = game_seen(request, game_id)
    if not actor(request).may_manage(found):
        return forbidden(request, wording.NOT_YOURS)
    form = AddForm(request.POST if request.method == "POST" else None, guild=found.guild)
    if request.method == "POST" and form.is_valid():
        try:
            ensure_fresh_roles(found.guild_id, request.user.pk, db_now())
            done = manual_seating.add(game_id, form.judged.named, actor(request), db_now())
            flash.success(request, done.text + form.completed_text)
            return redirect(found)
        except Refused as refused:
            add_refusal(form, refused)
    context = game_context(found, request.user, db_now())
    context |= {"hosting": replace(context["hosting"], add=form), "add_open": True}
    return render(request, "games/game.html", context, status=422 if form.errors else 200)


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
