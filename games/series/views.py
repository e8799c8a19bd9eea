"""The page on which a game is made to repeat, and its series paused, skipped and ended."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from games.core import wording as core_wording
from games.core.base import ActionResult
from games.core.frequent_queries import ANNOUNCEMENT_CHANNELS
from games.core.permissions import Viewer
from games.models import Game
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    add_refusal,
    forbidden,
    get_visible_game_or_404,
    redirect_once,
)
from games.scheduling.form_groups import FoldedGroup
from games.series import actions, correction, rules, wording
from games.series.forms import CorrectionForm, PauseForm, RepeatForm, RuleForm
from games.series.regulars import regulars_to_begin_with
from games.series.rules import SeriesPlan
from games.server_settings.base_forms import channel_label
from games.signups.participant_lookup import candidates_from
from games.signups.participants import count_names
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.display_names import display_names
from guilds.http import ViewerRequest
from guilds.models import Member
from guilds.sent_forms.idempotency import FormResult
from guilds.templatetags.zoned_times import when


@login_required
@require_http_methods(["GET", "POST"])
def repeat(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Have a game repeat, or by another rule; `preview` lists the next dates and saves nothing."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(core_wording.NOT_YOURS))
    if request.htmx and request.method == "POST":
        # Without the names, about which Discord may have to be asked.
        typed = RuleForm(request.POST, **counted_from(game))
        return render(request, "games/repeat.html#dates", {"preview": _preview(game, typed)})
    form = _form_for(game, request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _render(request, game, viewer, form)
    if "preview" in request.POST or not form.is_valid():
        return _render(request, game, viewer, form)

    def save() -> FormResult:
        result = actions.repeat_game(game.pk, form.plan(), actor(request), db_now())
        return FormResult(result.text + form.completed_text, reverse("game-repeat", args=[game.pk]))

    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
        return redirect_once(request, save)
    except Refused as refused:
        add_refusal(form, refused)
        return _render(request, game, viewer, form)


def _form_for(game: Game, data: Any = None) -> RepeatForm:
    """Return the form with how a game repeats, counted from its own date."""
    series = game.series
    regulars, substitutes = actions.players_of(series) if series is not None else (regulars_to_begin_with(game), ())
    members = Member.objects.filter(guild=game.guild_id, left_at=None, user__in=[*regulars, *substitutes])
    names = {one.user_id: one.field_text for one in candidates_from(members.select_related("user"))}
    return RepeatForm(
        data,
        guild=game.guild,
        players={
            "regulars": {pk: names[pk] for pk in regulars if pk in names},
            "substitutes": {pk: names[pk] for pk in substitutes if pk in names},
        },
        **counted_from(game),
    )


def counted_from(game: Game) -> dict[str, Any]:
    """Return from which date a game's rule counts, and by what it repeats now, as a RuleForm takes it."""
    day, local = actions.plan_for(game)
    kept = actions.plan_of(game.series) if game.series is not None else None
    return {
        "day": day,
        "start_time": kept.start_time if kept is not None else local.time().replace(second=0, microsecond=0),
        "zone": kept.zone if kept is not None else game.zone,
        "kept": kept,
    }


def _preview(game: Game, form: RuleForm) -> dict[str, Any]:
    """Return the next dates by a form, or why there are none."""
    now = db_now()
    if form.is_bound and not form.is_valid():
        return {"problem": problems_of(form)}
    if form.is_bound:
        plan = form.plan()
        if refusal := rules.check_plan(plan, now):
            return {"problem": refusal.sentence}
    elif game.series is not None:
        plan = actions.plan_of(game.series)
    else:
        first = RuleForm(None, **counted_from(game))
        begins_with = {name: first.get_initial_for_field(field, name) for name, field in first.fields.items()}
        return _preview(game, RuleForm(begins_with, **counted_from(game)))
    made = actions.made_dates(game.series) if game.series is not None else {plan.first_date}
    cancelled = actions.cancelled_dates(game.series) if game.series is not None else ()
    return {"text": wording.repeats(plan.recurrence), "dates": date_rows(plan, made, now, cancelled)}


def problems_of(form: forms.Form) -> str:
    """Return what is wrong with a form, in a row."""
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def date_rows(
    plan: SeriesPlan, made: Collection[date], now: datetime, cancelled: Collection[date] = ()
) -> list[dict[str, Any]]:
    """Return the next dates of a plan as the template shows them; `made` are those that have a game."""
    return [
        {
            "day": one.day.isoformat(),
            "when": when(one.starts_at, plan.zone),
            "starts_at": one.starts_at,
            "clocks": gettext(wording.CLOCKS[one.clocks]),
            "made": one.day in made,
            "cancelled": one.day in cancelled,
            "skipped": one.day in plan.skipped and one.day not in made,
            "paused": one.left_out and one.day not in plan.skipped and one.day not in made,
        }
        for one in rules.next_dates(plan, now)
    ]


def _render(
    request: ViewerRequest,
    game: Game,
    viewer: Viewer,
    form: RepeatForm,
    pause: PauseForm | None = None,
    correct: CorrectionForm | None = None,
) -> HttpResponse:
    series = game.series
    running = series is not None and series.ended_at is None
    pause_form = pause or PauseForm(initial={"pause_until": series.paused_until if series is not None else None})
    correct_form = correct or _correction_form(game, viewer)
    context = {
        "game": game,
        "form": form,
        "pause_form": pause_form,
        "correct_form": correct_form,
        "preview": _preview(game, form),
        "series": series,
        "running": running,
        "series_text": wording.repeats_by(series.rule)
        if series is not None and running
        else gettext(wording.ENDED_ALREADY),
        "problem_text": wording.problem(series.problem_code) if series is not None else "",
        "next_text": _next_text(game),
        "break_text": _break_text(game),
        "people_texts": _people_texts(game),
        "later_url": reverse("game-edit-later", args=[game.pk]) if series is not None else "",
        "folds": _folds(form),
    }
    wrong = form.errors or pause_form.errors or (correct_form is not None and correct_form.errors)
    return render(request, "games/repeat.html", context, status=422 if wrong else 200)


def _shown_day(form: RepeatForm, name: str) -> str:
    """Return the day that a field says; '' while it says none."""
    try:
        day = form.fields[name].clean(form[name].value())
    except forms.ValidationError:
        return ""
    return wording.date_text(day) if day else ""


def _folds(form: RepeatForm) -> list[FoldedGroup]:
    """Return the groups of the form that are folded, with what each says now."""
    count, days = (str(form[name].value() or "") for name in ("count", "lead_days"))
    named = [count_names(str(form[name].value() or "")) for name in ("regulars", "substitutes")]
    said = {
        "end": wording.end_summary(_shown_day(form, "until"), count),
        "announcement": wording.announcement_summary(days, bool(form["host_confirms"].value())),
        "players": wording.players_summary(*named),
    }
    fields = {
        "end": {"until", "count"},
        "announcement": {"lead_days", "host_confirms"},
        "players": {"regulars", "substitutes", "asks_regulars"},
    }
    return [
        FoldedGroup(name, gettext(wording.FOLDS[name]), said[name], bool(fields[name] & form.errors.keys()))
        for name in said
    ]


def _people_texts(game: Game) -> list[str]:
    """Return the regulars and the substitutes in their order, as sentences."""
    if game.series is None:
        return []
    regulars, substitutes = actions.players_of(game.series)
    names = display_names(game.guild_id, [*regulars, *substitutes]) if regulars or substitutes else {}
    lists = ((wording.regulars, regulars), (wording.substitutes, substitutes))
    return [text([names[pk].text for pk in ids]) for text, ids in lists if ids]


def _correction_form(game: Game, viewer: Viewer, data: Any = None) -> CorrectionForm | None:
    """Return the form of the host and channel of the next games; None if they follow a game that can be edited."""
    series = game.series
    if series is None or not correction.is_correctable(series, db_now()):
        return None
    channel_id = series.game_values["channel_id"]
    channels = [
        one
        for one in ANNOUNCEMENT_CHANNELS.all(game.guild_id)
        if viewer.may_announce_in(one) or (one.pk == channel_id and viewer.may_view(one))
    ]
    host = Member.objects.filter(guild=game.guild_id, left_at=None, user=series.next_host).select_related("user")
    offered = [(str(one.pk), channel_label(one)) for one in channels]
    kept = [("", gettext(wording.CHOOSE_CHANNEL))] if channel_id not in {one.pk for one in channels} else []
    return CorrectionForm(
        data,
        guild=game.guild,
        channels=[*kept, *offered],
        initial={"host": "".join(one.field_text for one in candidates_from(host)), "channel": str(channel_id)},
    )


def _next_text(game: Game) -> str:
    series = game.series
    if series is None or series.ended_at is not None:
        return ""
    return wording.next_game(when(series.make_at, series.zone)) if series.make_at else gettext(wording.NO_NEXT)


def _break_text(game: Game) -> str:
    series = game.series
    if series is None or series.ended_at is not None or (until := series.current_break(db_now())) is None:
        return ""
    return wording.paused(until)


# --- small forms of the page ---------------------------------------------------------------------------------


def _act(
    request: ViewerRequest,
    game_id: int,
    action: Callable[[datetime], ActionResult],
    show_refused: Callable[[Game, Viewer, Refused], HttpResponse] | None = None,
) -> HttpResponse:
    """Call an action, and show its result on the page of the series; a wrong field as `show_refused` does."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(core_wording.NOT_YOURS))
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now())
        flash.success(request, action(db_now()).text)
    except Refused as refused:
        if refused.refusal.code == "unknown_game":
            raise Http404 from None
        if show_refused is not None and refused.refusal.fields:
            return show_refused(game, viewer, refused)
        flash.error(request, refused.refusal.sentence)
    return redirect("game-repeat", game_id)


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

    def show_refused(game: Game, viewer: Viewer, refused: Refused) -> HttpResponse:
        if form.is_valid():
            form.add_error("pause_until", refused.refusal.sentence)
        return _render(request, game, viewer, _form_for(game), form)

    return _act(request, game_id, lambda now: actions.pause_series(game_id, until, actor(request), now), show_refused)


@login_required
@require_POST
def correct(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Have somebody else host the next games, or another channel announce them."""
    game, viewer = get_visible_game_or_404(request, game_id)
    form = _correction_form(game, viewer, request.POST) if viewer.may_manage(game) else None
    if form is None:  # the action says why
        return _act(request, game_id, lambda now: correction.correct_series(game_id, None, None, actor(request), now))
    if not form.is_valid():
        return _render(request, game, viewer, _form_for(game), correct=form)
    host, channel_id = form.cleaned_data["host"], form.cleaned_data["channel"]

    def show_refused(game: Game, viewer: Viewer, refused: Refused) -> HttpResponse:
        add_refusal(form, refused)
        return _render(request, game, viewer, _form_for(game), correct=form)

    return _act(
        request,
        game_id,
        lambda now: correction.correct_series(game_id, host, channel_id, actor(request), now),
        show_refused,
    )


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
