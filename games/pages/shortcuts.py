"""What the views about games share: finding the game, calling an action, and showing its result."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from django import forms
from django.contrib import messages as flash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from games.confirmations import wording as confirmation_wording
from games.confirmations.actions import asked_by_move
from games.core import wording
from games.core.base import ActionResult, Actor, EntryPoint
from games.core.permissions import Viewer, find_visible_game, load_game_viewer, load_viewer
from games.models import Game
from games.offers.schedule_conflicts import ScheduleConflict
from games.pages.game_page import game_page_context
from games.scheduling import line_wording
from games.scheduling import wording as schedule_wording
from games.scheduling.form_groups import form_groups
from games.scheduling.forms import GameForm
from games.scheduling.line_forms import line_fields, typed_line
from games.server_settings.base_forms import conflicting_fields
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from guilds.directory.lookup import ROLES_FRESH, ROLES_VALID_FOR, ensure_fresh_roles, refresh_roles
from guilds.display_names import role_names
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult, perform_once
from guilds.sent_forms.resubmission import SHOWN_MAX, FormNotTaken, offer_resubmission, refused_page

FRESH_ROLES = timedelta()  # pinging and cancelling need roles that were read just now


def actor(request: ViewerRequest) -> Actor:
    """Return the viewer as an actor."""
    return Actor(request.user, EntryPoint.PAGE)


def get_visible_game_or_404(request: ViewerRequest, game_id: int) -> tuple[Game, Viewer]:
    """Read a game that the viewer may see, and what they are in its guild; raise Http404 for any other."""
    found = find_visible_game(request.user, game_id)
    by_role = found is None or found[1].sees_by_role(found[0])
    # What a role decides, the roles of this minute decide: Discord may have given or taken one.
    if by_role and _refresh_roles(request, game_id, shown=found is not None):
        found = find_visible_game(request.user, game_id)
    if found is None:
        raise Http404
    game, viewer = found
    if by_role or not viewer.manages_by_role(game):
        return found
    viewer = _with_roles_of_now(game, viewer, reads=request.method == "GET")
    if not viewer.may_see_game(game):
        raise Http404
    return game, viewer


def _with_roles_of_now(game: Game, viewer: Viewer, *, reads: bool) -> Viewer:
    """Return somebody who manages a game by a role, which the roles of this minute must still give.

    Its page shows them what is not for players: who was told, the history, the instructions. While Discord cannot be
    asked, those whose roles are too old see what members see; a form has the reason from the action that it calls.
    """
    now = game.read_at or db_now()
    read_at = viewer.member.roles_read_at if viewer.member is not None else None
    if read_at is not None and now - read_at < ROLES_FRESH:
        return viewer
    try:
        looked_up = ensure_fresh_roles(game.guild_id, viewer.person.pk, now)
    except Refused:
        return replace(viewer, roles_unknown=True) if reads else viewer
    return load_game_viewer(game, viewer.user) if looked_up else viewer


def _refresh_roles(request: ViewerRequest, game_id: int, *, shown: bool) -> bool:
    """Look up the viewer's roles unless they are of this minute, and return whether they were; raise Http404."""
    guild_id = Game.objects.filter(pk=game_id).values_list("guild_id", flat=True).first()
    try:
        return guild_id is not None and ensure_fresh_roles(guild_id, request.user.pk, db_now())
    except Refused as refused:
        if shown and request.method != "GET":
            raise FormNotTaken(refused.refusal.sentence) from None
        raise Http404 from None


def forbidden(request: ViewerRequest, sentence: str) -> HttpResponse:
    """Return the page that tells who may do this, with what was typed."""
    return refused_page(request, sentence)


def load_form_viewer(request: ViewerRequest, guild_id: int) -> Viewer:
    """Read what the viewer is in a guild by the roles of this minute, for a form that names channels and templates."""
    refresh_roles(request.user.pk, [guild_id], db_now())
    return load_viewer(request.user, guild_id)


def host_required_response(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Return the page for a viewer who may not schedule games in a guild."""
    roles = getattr(getattr(guild, "defaults", None), "host_role_ids", None) or ()
    return forbidden(request, wording.role_needed_to_host(role_names(guild.pk, roles)))


# --- actions by one button -------------------------------------------------------------------------------


class ActionText(Protocol):
    """What every action returns: its result as a sentence."""

    @property
    def text(self) -> str: ...

    @property
    def changed(self) -> bool: ...


def redirect_once(request: ViewerRequest, act: Callable[[], FormResult]) -> HttpResponse:
    """Call actions once for each form shown, and redirect with their result. Raises what the actions raise."""
    result = perform_once(request, act)
    assert result is not None
    if result.text:
        flash.add_message(request, flash.SUCCESS if result.changed else flash.INFO, result.text)
    return redirect(result.address)


def run_action(
    request: ViewerRequest,
    game_id: int,
    action: Callable[[datetime], ActionText],
    max_age: timedelta = ROLES_VALID_FOR,
    *,
    once: bool = False,
    text_field: str = "",
    undo: str = "",
) -> HttpResponse:
    """Call an action and show its result on the game's page, whole or as a fragment.

    `once`: calling it twice would do it twice, so it is called once for each form shown.
    `text_field`: the form's field in which people type; refused, what they typed comes back.
    `undo`: the name of the address that takes the action back, offered beside its result in a fragment.
    """
    game, _ = get_visible_game_or_404(request, game_id)
    text, succeeded, overlap, undo_address, has_won_seat = "", True, None, "", False
    typed = request.POST.get(text_field, "")
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age)
        if once:
            text = _once(request, game, action)
        else:
            result = action(now := db_now())
            has_won_seat = isinstance(result, ActionResult) and result.gave_seat(request.user, now)
            text, undo_address = result.text, reverse(undo, args=[game_id]) if undo and result.changed else ""
    except Refused as refused:
        if refused.refusal.code == "unknown_game":
            raise Http404 from None
        if typed:
            return _give_back(request, game_id, typed, refused.refusal)
        text, succeeded = refused.refusal.sentence, False
        overlap = refused if isinstance(refused, ScheduleConflict) else None
    if request.htmx or overlap is not None:
        context = game_page_context(*get_visible_game_or_404(request, game_id), db_now()) | {"overlap": overlap}
        if request.htmx:
            context |= {"result_text": text, "result_succeeded": succeeded, "undo_address": undo_address}
            context["has_won_seat"] = has_won_seat
            return render(request, "games/game.html#live", context)
        return render(request, "games/game.html", context, status=422)
    add_result_message(request, text, succeeded=succeeded, has_won_seat=has_won_seat)
    return redirect("game", game_id)


def add_result_message(request: ViewerRequest, text: str, *, succeeded: bool, has_won_seat: bool) -> None:
    """Say a result on the next page, with its mark where it is a seat."""
    if succeeded:
        flash.success(request, text, extra_tags="won" if has_won_seat else "")
    else:
        flash.error(request, text)


@dataclass(frozen=True)
class RefusedText:
    """What was typed into a small form and refused: where the form is sent to, the text, and why."""

    address: str
    text: str
    sentence: str


REFUSED_MARK = 'data-refused=""'  # beside a text that came back; quotes that people type are escaped


def _give_back(request: ViewerRequest, game_id: int, typed: str, refusal: Refusal) -> HttpResponse:
    """Show the game's page, whole or as a fragment, with a refused text in its field and the reason beside it.

    Where the page has that field no more, or no roles could be read, the text stands on a page of its own.
    """
    if refusal.code == "not_known":
        return offer_resubmission(request, refusal.sentence, 503)
    shown = RefusedText(request.path, typed, refusal.sentence)
    context = game_page_context(*get_visible_game_or_404(request, game_id), db_now()) | {"refused": shown}
    if request.htmx:
        # Without a bar below: on a phone it would cover the field's button, and the reason stands beside the field.
        response = render(request, "games/game.html#live", context)
    else:
        response = render(request, "games/game.html", context, status=422)
    if len(typed) > SHOWN_MAX or REFUSED_MARK not in response.text:
        return offer_resubmission(request, refusal.sentence, 422)
    return response


def _once(request: ViewerRequest, game: Game, action: Callable[[datetime], ActionText]) -> str:
    result = perform_once(request, lambda: FormResult(action(db_now()).text, game.get_absolute_url()))
    return result.text if result is not None else ""


# --- small forms on the game's page ----------------------------------------------------------------------


def add_refusal(form: forms.Form, refused: Refused, field: str | None = None) -> None:
    """Add a refusal to the form's fields; one without fields goes to the named field, or above them all."""
    for name, sentence in refused.refusal.fields.items():
        form.add_error(name, gettext(sentence))
    if not refused.refusal.fields:
        form.add_error(field, refused.refusal.sentence)


def render_game_with_form(request: ViewerRequest, game_id: int, form: forms.Form, **context: Any) -> HttpResponse:
    """Render a game's page as it is now, with a form as it was typed in the context."""
    shown = game_page_context(*get_visible_game_or_404(request, game_id), db_now()) | context
    return render(request, "games/game.html", shown, status=422 if form.errors else 200)


# --- the form of a game ----------------------------------------------------------------------------------


def edit_form_for(game: Game, viewer: Viewer) -> GameForm:
    """Return the form of a game with its current values."""
    initial = GameForm.initial_of(game)
    return GameForm(guild=game.guild, game=game, viewer=viewer, initial=initial)


def render_game_form(request: ViewerRequest, form: GameForm, **context: Any) -> HttpResponse:
    """Render the page on which a game is scheduled or edited."""
    context = {"problem": "", "conflict": [], **context} | typed_context(request, form, db_now())
    context |= {"guild": form.guild, "game": form.game, "clock_choices": form.clock_choices}
    context["draft"] = _draft_name(request, form)
    if form.game is not None:
        context["preview_url"] = reverse("preview-edited", args=[form.game.pk])
    else:
        context["preview_url"] = reverse("preview-new", args=[form.guild.pk])
        context |= line_fields(gettext(line_wording.FILL_IN), request.path) | {"line_text": typed_line(request.GET)}
    return render(request, "games/form.html", context, status=422 if form.errors or context["problem"] else 200)


def _draft_name(request: ViewerRequest, form: GameForm) -> str:
    """Return the name by which a browser keeps what a person typed in a form: another person's is another."""
    of = f"game.{form.game.pk}" if form.game is not None else f"guild.{form.guild.pk}"
    return f"{request.user.pk}.{of}"


def redirect_saved(request: ViewerRequest, form: GameForm, act: Callable[[], FormResult]) -> HttpResponse:
    """Save a game's form once, and redirect; form.js then drops what the browser kept of it, at the next form."""
    response = redirect_once(request, act)
    response.set_cookie("saved_draft", _draft_name(request, form), max_age=timedelta(days=30), samesite="Lax")
    return response


def typed_context(request: ViewerRequest, form: GameForm, now: datetime) -> dict[str, Any]:
    """Return what a game's form says of what is typed in it: beside the time, and in the groups that are folded."""
    start = form.shown_start
    return {
        "form": form,
        "groups": form_groups(form),
        "start_note": _start_note(request, form, start, now) if start is not None else "",
    }


def _start_note(request: ViewerRequest, form: GameForm, start: datetime, now: datetime) -> str:
    """Return what a form says of its start: when that is for the viewer, and whom moving the game there asks again."""
    note = schedule_wording.start_note(start, request.user.zone, now)
    if form.game is None:
        return note
    move = asked_by_move(form.game, start, request.user, now)
    asks = confirmation_wording.asks_again(move.asked, move.askable, move.beyond)
    return f"{note}. {asks}" if asks else note


def render_refused_form(request: ViewerRequest, form: GameForm, refused: Refused, **context: Any) -> HttpResponse:
    """Render the same page as it was typed, with the refusal; after another edit, with both versions."""
    refusal = refused.refusal
    for name, sentence in refusal.fields.items():
        form.add_error(name, gettext(sentence))
    if refusal.code != "stale":
        overlap = refusal.code == "overlap"
        problem = "" if refusal.fields else refusal.sentence
        return render_game_form(request, form, problem=problem, overlap=overlap, **context)
    assert form.game is not None
    saved_game, viewer = get_visible_game_or_404(request, form.game.pk)
    rows = conflicting_fields(edit_form_for(saved_game, viewer), form)
    # Sent once more, the form now overwrites the version that was shown.
    typed: Any = copy(form.data)
    typed["edition"] = str(saved_game.edit_version)
    form.data = typed
    return render_game_form(request, form, problem=refusal.sentence, conflict=rows, **context)


def number_and_choice(request: ViewerRequest) -> tuple[int, str]:
    """Return what a choice button of a page posts; 0 for a number that is none."""
    return parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
