"""The views of sign-ups, responses and seats: the buttons and small forms on a game's page."""

from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from games.core import wording
from games.models import GameResponse
from games.offers.schedule_conflicts import ConflictPolicy
from games.pages.shortcuts import (
    actor,
    add_refusal,
    forbidden,
    get_visible_game_or_404,
    number_and_choice,
    redirect_once,
    render_game_with_form,
    run_action,
)
from games.signups import actions as signups
from games.signups import closing, manual_seating, responses, standby, swaps
from games.signups.add_form import AddParticipantsForm
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.sent_forms.idempotency import FormResult


@login_required
@require_POST
def respond(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Save the viewer's response Maybe or Can't make it."""
    if request.POST.get("kind") not in GameResponse.Kind.values:
        get_visible_game_or_404(request, game_id)
        return HttpResponseBadRequest()  # none of our forms sends it
    kind = GameResponse.Kind(request.POST["kind"])
    return run_action(request, game_id, lambda now: responses.respond(game_id, request.user, kind, actor(request), now))


@login_required
@require_POST
def set_note(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Set or remove the note beside the viewer's name."""
    text = request.POST.get("note", "")
    return run_action(
        request,
        game_id,
        lambda now: responses.set_note(game_id, request.user, text, actor(request), now),
        text_field="note",
    )


@login_required
@require_POST
def add_guest(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Add the viewer's guest."""
    name = request.POST.get("name", "")
    return run_action(
        request,
        game_id,
        lambda now: responses.add_guest(game_id, request.user, name, actor(request), now),
        once=True,
        text_field="name",
    )


@login_required
@require_POST
def remove_guest(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Remove the viewer's guest."""
    return run_action(request, game_id, lambda now: responses.remove_guest(game_id, request.user, actor(request), now))


@login_required
@require_POST
def join(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Sign the viewer up."""
    action = partial(signups.join, overlap=ConflictPolicy.ASK)
    return run_action(request, game_id, lambda now: action(game_id, request.user, actor(request), now))


@login_required
@require_POST
def leave(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Take the viewer out of the game, or only their answer; whoever left may join again where a seat is free."""
    undo = "" if "answer" in request.POST else "game-join"
    return run_action(
        request, game_id, lambda now: signups.leave(game_id, request.user, actor(request), now), undo=undo
    )


@login_required
@require_POST
def remove(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Take a person out of the game, with a reason for them."""
    reason = request.POST.get("reason", "")
    return run_action(
        request,
        game_id,
        lambda now: signups.remove_signup(game_id, signup_id, actor(request), now, reason),
        once=True,
        text_field="reason",
    )


@login_required
@require_POST
def give_seat(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Give a seat to a waiting person."""
    return run_action(request, game_id, lambda now: manual_seating.give_seat(game_id, signup_id, actor(request), now))


@login_required
@require_POST
def move_to_wait_list(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Move a seated person to the wait list."""
    return run_action(
        request, game_id, lambda now: manual_seating.move_to_wait_list(game_id, signup_id, actor(request), now)
    )


@login_required
@require_POST
def reorder(request: ViewerRequest, game_id: int, signup_id: int, by: int) -> HttpResponse:
    """Move a person `by` places in their list."""
    return run_action(
        request, game_id, lambda now: manual_seating.reorder(game_id, signup_id, by, actor(request), now), once=True
    )


@login_required
@require_POST
def move_to_place(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Move a person to a place in their list, which must be the list that the page showed."""
    number, seen = parse_id(request.POST.get("to", "")), request.POST.get("seen", "")
    if number is None or not seen:
        get_visible_game_or_404(request, game_id)
        return HttpResponseBadRequest()  # our script sends both
    return run_action(
        request,
        game_id,
        lambda now: manual_seating.move_to_place(game_id, signup_id, number, seen, actor(request), now),
        once=True,
    )


@login_required
@require_POST
def close(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Close the sign-ups."""
    return run_action(
        request, game_id, lambda now: closing.close_signups(game_id, actor(request), now), undo="game-reopen"
    )


@login_required
@require_POST
def reopen(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Open the sign-ups again."""
    return run_action(
        request, game_id, lambda now: closing.reopen_signups(game_id, actor(request), now), undo="game-close"
    )


@login_required
@require_http_methods(["GET", "POST"])
def add_participants(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Add people; a refused form is shown again on the game's page as it was typed."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(wording.NOT_YOURS))
    form = AddParticipantsForm(request.POST if request.method == "POST" else None, guild=game.guild)
    if request.method == "POST" and form.is_valid():
        try:
            ensure_fresh_roles(game.guild_id, request.user.pk, db_now())
            add = partial(manual_seating.add_people, game_id, form.parsed_names.participants, actor(request))
            return redirect_once(
                request, lambda: FormResult(add(db_now()).text + form.completed_text, game.get_absolute_url())
            )
        except Refused as refused:
            add_refusal(form, refused)
    return render_game_with_form(request, game_id, form, add_form=form)


@login_required
@require_POST
def answer_conflict(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Join despite another game at that time, or instead of it."""
    number, choice = number_and_choice(request)
    return run_action(request, game_id, lambda now: swaps.answer_conflict(game_id, number, choice, actor(request), now))


@login_required
@require_POST
def set_standby(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Put the viewer on standby, or back in line for a seat."""
    on = request.POST.get("on") != "0"
    return run_action(request, game_id, lambda now: standby.set_standby(game_id, request.user, on, actor(request), now))
