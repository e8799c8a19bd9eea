"""The page on which a game is made to repeat, and its series paused, skipped and ended."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from games.core import wording as core_wording
from games.core.base import ActionResult
from games.models import Game
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    add_refusal,
    edit_form_for,
    forbidden,
    get_visible_game_or_404,
    load_form_viewer,
    redirect_once,
    render_game_form,
    render_refused_form,
)
from games.scheduling.forms import GameForm
from games.series import actions, later_edits, rules, wording
from games.series.forms import PauseForm, Person, RepeatForm
from games.series.rules import SeriesPlan
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ensure_fresh_roles
from guilds.display_names import display_names
from guilds.http import ViewerRequest
from guilds.sent_forms.idempotency import FormResult
from guilds.templatetags.when import when


@login_required
@require_http_methods(["GET", "POST"])
def repeat(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Have a game repeat, or by another rule; `preview` lists the next dates and saves nothing."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, core_wording.NOT_YOURS)
    form = _form_for(game, request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _render(request, game, form)
    if request.htmx:
        return render(request, "games/repeat.html#dates", {"preview": _preview(game, form)})
    if "preview" in request.POST or not form.is_valid():
        return _render(request, game, form)

    def save() -> FormResult:
        result = actions.repeat_game(game.pk, form.plan(), actor(request), db_now())
        return FormResult(result.text, reverse("game-repeat", args=[game.pk]))

    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
        return redirect_once(request, save)
    except Refused as refused:
        add_refusal(form, refused)
        return _render(request, game, form)


def _form_for(game: Game, data: Any = None) -> RepeatForm:
    """Return the form with how a game repeats, counted from its own date."""
    series = game.series
    day, local = actions.plan_for(game)
    kept = actions.plan_of(series) if series is not None else None
    places = {}
    if series is not None:
        players = series.players.values_list("user_id", "is_substitute")
        places = {pk: "substitute" if substitute else "regular" for pk, substitute in players}
    playing = game.signups.current().people().order_by("order_key").values_list("user_id", flat=True)
    ids = [pk for pk in dict.fromkeys([*places, *playing]) if pk and pk != game.host_id][: rules.PLAYERS_MAX]
    names = display_names(game.guild_id, ids)
    return RepeatForm(
        data,
        day=day,
        start_time=kept.start_time if kept is not None else local.time().replace(second=0, microsecond=0),
        zone=kept.zone if kept is not None else game.zone,
        people=[Person(pk, names[pk].text, places.get(pk, "")) for pk in ids],
        kept=kept,
    )


def _preview(game: Game, form: RepeatForm) -> dict[str, Any]:
    """Return the next dates by a form, or why there are none."""
    now = db_now()
    if form.is_bound and not form.is_valid():
        return {"problem": " ".join(str(error) for errors in form.errors.values() for error in errors)}
    if form.is_bound:
        plan = form.plan()
        if refusal := rules.check_plan(plan, now):
            return {"problem": refusal.sentence}
    elif game.series is not None:
        plan = actions.plan_of(game.series)
    else:
        begins_with = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        first = RepeatForm(
            begins_with, day=form.day, start_time=form.start_time, zone=form.zone, people=form.people, kept=form.kept
        )
        return _preview(game, first)
    return {"text": wording.repeats(plan.recurrence), "dates": _rows(game, plan, now)}


def _rows(game: Game, plan: SeriesPlan, now: datetime) -> list[dict[str, Any]]:
    made = actions.made_dates(game.series) if game.series is not None else {plan.first_date}
    return [
        {
            "day": one.day.isoformat(),
            "when": when(one.starts_at, plan.zone),
            "starts_at": one.starts_at,
            "clocks": wording.CLOCKS[one.clocks],
            "made": one.day in made,
            "skipped": one.day in plan.skipped and one.day not in made,
            "paused": one.left_out and one.day not in plan.skipped and one.day not in made,
        }
        for one in rules.next_dates(plan, now)
    ]


def _render(request: ViewerRequest, game: Game, form: RepeatForm, pause: PauseForm | None = None) -> HttpResponse:
    series = game.series
    running = series is not None and series.ended_at is None
    pause_form = pause or PauseForm(initial={"pause_until": series.paused_until if series is not None else None})
    context = {
        "game": game,
        "form": form,
        "pause_form": pause_form,
        "preview": _preview(game, form),
        "series": series,
        "running": running,
        "series_text": wording.repeats_by(series.rule) if series is not None and running else wording.ENDED_ALREADY,
        "problem_text": wording.problem(series.problem_code) if series is not None else "",
        "next_text": _next_text(game),
        "break_text": _break_text(game),
        "later_url": reverse("game-edit-later", args=[game.pk]) if series is not None else "",
    }
    wrong = form.errors or pause_form.errors
    return render(request, "games/repeat.html", context, status=422 if wrong else 200)


def _next_text(game: Game) -> str:
    series = game.series
    if series is None or series.ended_at is not None:
        return ""
    return wording.next_game(when(series.make_at, series.zone)) if series.make_at else wording.NO_NEXT


def _break_text(game: Game) -> str:
    series = game.series
    if series is None or series.ended_at is not None or series.paused_until is None:
        return ""
    today = db_now().astimezone(zone_info(series.zone)).date()
    return wording.paused(series.paused_until) if series.paused_until > today else ""


# --- small forms of the page ---------------------------------------------------------------------------------


def _act(request: ViewerRequest, game_id: int, action: Callable[[datetime], ActionResult]) -> HttpResponse:
    """Call an action, and show its result on the page of the series; a refused pause as it was typed."""
    game, viewer = get_visible_game_or_404(request, game_id)
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now())
        flash.success(request, action(db_now()).text)
    except Refused as refused:
        if refused.refusal.code == "unknown_game":
            raise Http404 from None
        if "pause_until" in request.POST and viewer.may_manage(game):
            pause = PauseForm(request.POST)
            if pause.is_valid():
                pause.add_error("pause_until", refused.refusal.sentence)
            return _render(request, game, _form_for(game), pause)
        flash.error(request, refused.refusal.sentence)
    return redirect("game-repeat" if viewer.may_manage(game) else "game", game_id)


@login_required
@require_POST
def skip(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Leave out one date."""
    day = _day(request)
    return _act(request, game_id, lambda now: actions.skip_date(game_id, day, actor(request), now))


@login_required
@require_POST
def unskip(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Take a date in again."""
    day = _day(request)
    return _act(request, game_id, lambda now: actions.unskip_date(game_id, day, actor(request), now))


def _day(request: ViewerRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        return date.min  # no series has it


@login_required
@require_POST
def pause(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Make a break until a date."""
    form = PauseForm(request.POST)
    until = form.cleaned_data["pause_until"] if form.is_valid() else None
    return _act(request, game_id, lambda now: actions.pause_series(game_id, until, actor(request), now))


@login_required
@require_POST
def resume(request: ViewerRequest, game_id: int) -> HttpResponse:
    """End the break."""
    return _act(request, game_id, lambda now: actions.resume_series(game_id, actor(request), now))


@login_required
@require_POST
def end_series(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Make no more games."""
    return _act(request, game_id, lambda now: actions.end_series(game_id, actor(request), now))


# --- this game and later ones --------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def edit_later(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Edit a game of a series, and have the later ones follow it."""
    game, _ = get_visible_game_or_404(request, game_id)
    viewer = load_form_viewer(request, game.guild_id)
    if not viewer.may_manage(game):
        return forbidden(request, core_wording.NOT_YOURS)
    if game.series_id is None:
        flash.error(request, wording.NO_SERIES)
        return redirect("game", game.pk)
    context = {"heading": wording.EDIT_LATER, "hint": wording.EDIT_LATER_HINT}
    if request.method == "GET":
        return render_game_form(request, edit_form_for(game, viewer), **context)
    form = GameForm(request.POST, request.FILES, guild=game.guild, game=game, viewer=viewer)
    if not form.is_valid():
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
        return redirect_once(request, save)
    except Refused as refused:
        return render_refused_form(request, form, refused)
