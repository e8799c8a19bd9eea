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
from games.core.base import Actor
from games.core.permissions import certainly, may_schedule, visible_to
from games.models import Game
from games.offers.overlaps import Overlapping
from games.pages.game_page import game_context
from games.scheduling.forms import GameForm
from games.server_settings.fields import conflict
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.display_names import role_names
from guilds.http import ViewerRequest
from guilds.models import Guild

AT_ONCE = timedelta()  # what pings or cancels is done only with roles known to be so now


def actor(request: ViewerRequest) -> Actor:
    """The viewer, as whoever acts."""
    return Actor(request.user, "page")


def game_seen(request: ViewerRequest, game_id: int) -> Game:
    """A game that the viewer may see; a 404 for any other."""
    games = visible_to(request.user).select_related("guild", "channel", "host", "announcement")
    return get_object_or_404(games, pk=game_id)


def forbidden(request: ViewerRequest, sentence: str) -> HttpResponse:
    """The page that says who may."""
    return render(request, "403.html", {"sentence": sentence}, status=403)


def no_host(request: ViewerRequest, guild: Guild) -> HttpResponse | None:
    """The page for a viewer who may not schedule games in a guild; None for those who may."""
    if certainly(request.user, guild.pk, lambda: may_schedule(request.user, guild.pk)):
        return None
    roles = getattr(getattr(guild, "defaults", None), "host_role_ids", None) or ()
    return forbidden(request, wording.only_hosts(role_names(guild.pk, roles)))


# --- verbs by one button ---------------------------------------------------------------------------------


class Answer(Protocol):
    """What every verb gives back: what came of it, in a sentence."""

    @property
    def text(self) -> str: ...


def press(
    request: ViewerRequest, game_id: int, verb: Callable[[datetime], Answer], grace: timedelta = ROLES_VALID_FOR
) -> HttpResponse:
    """Call a verb; say what came of it on the game's page, whole or as a fragment."""
    game = game_seen(request, game_id)
    say, good, overlap = "", True, None
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), grace)
        say = verb(db_now()).text
    except Refused as refused:
        if refused.refusal.code == "unknown_game":
            raise Http404 from None
        say, good = refused.refusal.sentence, False
        overlap = refused if isinstance(refused, Overlapping) else None
    if request.htmx or overlap is not None:
        context = game_context(game_seen(request, game_id), request.user, db_now()) | {"overlap": overlap}
        if request.htmx:
            return render(request, "games/game.html#live", context | {"answer": say, "answer_good": good})
        return render(request, "games/game.html", context, status=422)
    (flash.success if good else flash.error)(request, say)
    return redirect("game", game_id)


# --- small forms on the game's page ----------------------------------------------------------------------


def add_refusal(form: forms.Form, refused: Refused, field: str | None = None) -> None:
    """Say at a form's fields why it was refused; what concerns no field, at the one named or above them all."""
    for name, sentence in refused.refusal.fields.items():
        form.add_error(name, sentence)
    if not refused.refusal.fields:
        form.add_error(field, refused.refusal.sentence)


def with_form(request: ViewerRequest, game: Game, form: forms.Form, **context: Any) -> HttpResponse:
    """A game's page with a form as it was typed, in the context."""
    shown = game_context(game, request.user, db_now()) | context
    return render(request, "games/game.html", shown, status=422 if form.errors else 200)


# --- the form of a game ----------------------------------------------------------------------------------


def form_of(request: ViewerRequest, game: Game) -> GameForm:
    """The form of a game as it is."""
    initial, pingable = GameForm.initial_of(game), actor(request).may_ping(game.guild)
    return GameForm(guild=game.guild, game=game, pingable=pingable, initial=initial)


def form_page(request: ViewerRequest, form: GameForm, **context: Any) -> HttpResponse:
    """The page on which a game is scheduled or edited."""
    context = {"problem": "", "conflict": [], **context}
    context |= {"form": form, "guild": form.guild, "game": form.game, "clock_choices": form.clock_choices}
    return render(request, "games/form.html", context, status=422 if form.errors or context["problem"] else 200)


def form_refused(request: ViewerRequest, form: GameForm, refused: Refused) -> HttpResponse:
    """The same page as it was typed, with why it was refused; where another edit came between, with both."""
    refusal = refused.refusal
    for name, sentence in refusal.fields.items():
        form.add_error(name, sentence)
    if refusal.code != "stale":
        overlap = refusal.code == "overlap"
        return form_page(request, form, problem="" if refusal.fields else refusal.sentence, overlap=overlap)
    assert form.game is not None
    theirs = game_seen(request, form.game.pk)
    rows = conflict(form_of(request, theirs), form)
    # Sent once more, the form now knows what it overwrites.
    typed: Any = copy(form.data)
    typed["edition"] = str(theirs.edition)
    form.data = typed
    return form_page(request, form, problem=refusal.sentence, conflict=rows)


def _asked(request: ViewerRequest) -> tuple[int, str]:
    return parse_id(request.POST.get("number", "")) or 0, request.POST.get("choice", "")
