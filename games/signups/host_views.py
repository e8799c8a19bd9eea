"""What hosts do with the people in a game, each by one button or a small form on its page."""

from dataclasses import replace

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from games.core import wording
from games.hosts import takeover
from games.minimum_players import actions as minimum_players
from games.pages.game_page import game_context
from games.pages.shortcuts import AT_ONCE, actor, add_refusal, forbidden, game_seen, press
from games.signups import closing, manual_seating
from games.signups.add_form import AddForm
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory import confirm
from guilds.http import ViewerRequest


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
@require_POST
def keep(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Keep a game with too few players."""
    return press(request, game_id, lambda now: minimum_players.keep(game_id, actor(request), now))


@login_required
@require_POST
def take_over(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Become the host of a game whose host left."""
    return press(request, game_id, lambda now: takeover.take_over(game_id, actor(request), now), AT_ONCE)


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
            confirm(found.guild_id, request.user.pk, db_now())
            done = manual_seating.add(game_id, form.judged.named, actor(request), db_now())
            flash.success(request, done.text + form.completed_text)
            return redirect(found)
        except Refused as refused:
            add_refusal(form, refused)
    context = game_context(found, request.user, db_now())
    context |= {"hosting": replace(context["hosting"], add=form), "add_open": True}
    return render(request, "games/game.html", context, status=422 if form.errors else 200)
