"""What the views about games share: which game, calling a verb, and showing what came of it."""

from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from typing import Any, Protocol

from django import forms
from django.contrib import messages as flash
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from games.core import wording
from games.core.base import Actor, Source
from games.core.permissions import may_schedule, visible_to, with_role_refresh
from games.models import Game
from games.offers.overlaps import ScheduleConflict
from games.pages.game_page import game_page_context
from games.scheduling.forms import GameForm
from games.server_settings.fields import conflicting_fields
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.display_names import role_names
from guilds.http import ViewerRequest
from guilds.models import Guild

FRESH_ROLES = timedelta()  # what pings or cancels is done only with roles known to be so now


def actor(request: ViewerRequest) -> Actor:
    """The viewer, as whoever acts."""
    return Actor(request.user, Source.PAGE)


def get_visible_game_or_404(request: ViewerRequest, game_id: int) -> Game:
    """A game that the viewer may see; a 404 for any other."""
    games = visible_to(request.user).select_related("guild", "channel", "host", "announcement")
    return get_object_or_404(games, pk=game_id)


def forbidden(request: ViewerRequest, sentence: str) -> HttpResponse:
    """The page that says who may."""
    return render(request, "403.html", {"sentence": sentence}, status=403)


def host_required_response(request: ViewerRequest, guild: Guild) -> HttpResponse | None:
    """The page for a viewer who may not schedule games in a guild; None for those who may."""
    if with_role_refresh(request.user, guild.pk, lambda: may_schedule(request.user, guild.pk)):
        return None
    roles = getattr(getattr(guild, "defaults", None), "host_role_ids", None) or ()
    return forbidden(request, wording.role_needed_to_host(role_names(guild.pk, roles)))


# --- verbs by one button ---------------------------------------------------------------------------------


class ActionText(Protocol):
    """What every verb gives back: what came of it, in a sentence."""

    @property
    def text(self) -> str: ...


def run_action(
    request: ViewerRequest, game_id: int, action: Callable[[datetime], ActionText], max_age: timedelta = ROLES_VALID_FOR
) -> HttpResponse:
    """Call a verb; say what came of it on the game's page, whole or as a fragment."""
    game = get_visible_game_or_404(request, game_id)
    text, succeeded, overlap = "", True, None
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age)
        text = action(db_now()).text
    except Refused as refused:
        if refused.refusal.code == "unknown_game":
            raise Http404 from None
        text, succeeded = refused.refusal.sentence, False
        overlap = refused if isinstance(refused, ScheduleConflict) else None
    if request.htmx or overlap is not None:
        context = game_page_context(get_visible_game_or_404(request, game_id), request.user, db_now()) | {
            "overlap": overlap
        }
        if request.htmx:
            return render(request, "games/game.html#live", context | {"answer": text, "answer_good": succeeded})
        return render(request, "games/game.html", context, status=422)
    (flash.success if succeeded else flash.error)(request, text)
    return redirect("game", game_id)


# --- small forms on the game's page ----------------------------------------------------------------------


def add_refusal(form: forms.Form, refused: Refused, field: str | None = None) -> None:
    """Say at a form's fields why it was refused; what concerns no field, at the one named or above them all."""
    for name, sentence in refused.refusal.fields.items():
        form.add_error(name, sentence)
    if not refused.refusal.fields:
        form.add_error(field, refused.refusal.sentence)


def render_game_with_form(request: ViewerRequest, game: Game, form: forms.Form, **context: Any) -> HttpResponse:
    """A game's page with a form as it was typed, in the context."""
    shown = game_page_context(game, request.user, db_now()) | context
    return render(request, "games/game.html", shown, status=422 if form.errors else 200)


# --- the form of a game ----------------------------------------------------------------------------------


def edit_form_for(request: ViewerRequest, game: Game) -> GameForm:
    """The form of a game as it is."""
    initial, pingable = GameForm.initial_of(game), actor(request).may_ping(game.guild)
    return GameForm(guild=game.guild, game=game, pingable=pingable, initial=initial)


def render_game_form(request: ViewerRequest, form: GameForm, **context: Any) -> HttpResponse:
    """The page on which a game is scheduled or edited."""
    context = {"problem": "", "conflict": [], **context}
    context |= {"form": form, "guild": form.guild, "game": form.game, "clock_choices": form.clock_choices}
    return render(request, "games/form.html", context, status=422 if form.errors or context["problem"] else 200)


def render_refused_form(request: ViewerRequest, form: GameForm, refused: Refused) -> HttpResponse:
    """The same page as it was typed, with why it was refused; where another edit came between, with both."""
    refusal = refused.refusal
    for name, sentence in refusal.fields.items():
        form.add_error(name, sentence)
    if refusal.code != "stale":
        overlap = refusal.code == "overlap"
        return render_game_form(request, form, problem="" if refusal.fields else refusal.sentence, overlap=overlap)
    assert form.game is not None
    saved_game = get_visible_game_or_404(request, form.game.pk)
    rows = conflicting_fields(edit_form_for(request, saved_game), form)
    # Sent once more, the form now knows what it overwrites.
    typed: Any = copy(form.data)
    typed["edition"] = str(saved_game.edition)
    form.data = typed
    return render_game_form(request, form, problem=refusal.sentence, conflict=rows)


def _number_and_choice(request: ViewerRequest) -> tuple[int, str]:
    return parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
