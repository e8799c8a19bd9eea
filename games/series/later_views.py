"""The page on which a game of a series is edited with the later ones."""

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from games.core import wording as core_wording
from games.models import Game
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    edit_form_for,
    forbidden,
    get_visible_game_or_404,
    load_form_viewer,
    redirect_saved,
    render_game_form,
    render_refused_form,
)
from games.scheduling.forms import GameForm
from games.scheduling.start_form import StartForm
from games.series import actions, later_edits, rules, wording
from games.series.views import date_rows, problems_of
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.sent_forms.idempotency import FormResult


@login_required
@require_http_methods(["GET", "POST"])
def edit_later(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Edit a game of a series, and have the later ones follow it."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not request.htmx:
        viewer = load_form_viewer(request, game.guild_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(core_wording.NOT_YOURS))
    if game.series_id is None:
        flash.error(request, gettext(wording.NO_SERIES))
        return redirect("game", game.pk)
    start = StartForm(request.POST if request.method == "POST" else None)
    start.game = game
    preview = _preview_later(game, start)
    context = {"heading": gettext(wording.EDIT_LATER), "hint": gettext(wording.EDIT_LATER_HINT), "preview": preview}
    if request.method == "GET":
        return render_game_form(request, edit_form_for(game, viewer), **context)
    if request.htmx:
        return render(request, "games/repeat.html#dates", {"preview": preview})
    form = GameForm(request.POST, request.FILES, guild=game.guild, game=game, viewer=viewer)
    if "preview" in request.POST or not form.is_valid():
        return render_game_form(request, form, **context)

    def save() -> FormResult:
        result = later_edits.edit_this_and_later(
            game.pk,
            form.plan(),
            actor(request),
            db_now(),
            form.cleaned_data["edition"] or 0,
            form.parsed_names.participants,
            form.changed_announce_schedule(),
            form.drop_unconfirmed,
        )
        # Where the next dates are listed, as an edit may have moved them.
        return FormResult(result.text + form.completed_text, reverse("game-repeat", args=[game.pk]))

    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
        return redirect_saved(request, form, save)
    except Refused as refused:
        return render_refused_form(request, form, refused, **context)


def _preview_later(game: Game, start: StartForm) -> dict[str, Any]:
    """Return the next dates of a series if this game and the later ones move as a form says, or why they cannot."""
    now, series = db_now(), game.series
    assert series is not None
    assert game.series_date is not None
    if series.ended_at is not None:
        return {"text": gettext(wording.ENDED_ALREADY), "dates": []}
    plan, made = actions.plan_of(series), actions.made_dates(series)
    if start.is_bound:
        if not start.is_valid():
            return {"problem": problems_of(start)}
        starts_at, zone = start.cleaned_data["starts_at"], start.cleaned_data["zone"]
        if (starts_at, zone) != (game.starts_at, game.zone):
            plan = rules.moved_plan(plan, game.series_date, starts_at, zone)
            if refusal := rules.check_move(plan, made, game.series_date):
                return {"problem": refusal.sentence}
            moved = rules.shifted_dates(made, game.series_date, plan.first_date - game.series_date)
            made = (made - moved.keys()) | {*moved.values()}
    return {"text": wording.repeats(plan.recurrence), "dates": date_rows(plan, made, now)}
