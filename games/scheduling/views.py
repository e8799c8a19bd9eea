"""The pages and buttons that schedule, announce, edit, clone and cancel games."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core import wording
from games.core.base import ActionResult
from games.core.permissions import Viewer, load_viewer, may_search_members
from games.models import GameTemplate
from games.offers.schedule_conflicts import ConflictPolicy
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    edit_form_for,
    forbidden,
    get_visible_game_or_404,
    host_required_response,
    load_form_viewer,
    redirect_saved,
    render_game_form,
    render_refused_form,
    run_action,
)
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, ending, line_wording, publishing
from games.scheduling.clone_form import CloneForm
from games.scheduling.forms import GameForm
from games.scheduling.line_forms import chosen_beside, fill_in, typed_line
from games.scheduling.one_line import GameLine
from games.scheduling.planned_line import LineChoices, channel_hosted_last, initial_of_line, plan_line, zone_of_new_game
from games.scheduling.wording import CLONED_ONCE_OVER
from games.signups import participant_lookup
from gamesched.lib.clock import db_now
from gamesched.lib.durations import minutes_text
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult


@login_required
@require_POST
def announce_now(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Announce a game that players do not see yet."""
    return run_action(request, game_id, lambda now: publishing.announce_game(game_id, actor(request), now), FRESH_ROLES)


@login_required
@require_POST
def undo_cancellation(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Undo a cancellation."""
    return run_action(
        request, game_id, lambda now: cancellation.undo_cancellation(game_id, actor(request), now), FRESH_ROLES
    )


@login_required
@require_http_methods(["GET", "POST"])
def create_game(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Schedule a game."""
    guild = get_object_or_404(Guild.objects.visible_to(request.user), pk=guild_id)
    viewer = load_form_viewer(request, guild.pk)
    if not viewer.may_schedule:
        return host_required_response(request, guild)
    if request.method == "GET":
        template = _requested_template(request, viewer.templates)
        filled = fill_in(request.GET, _initial_values(request, viewer, guild, template), guild, request.user, db_now())
        form = GameForm(guild=guild, template=template, viewer=viewer, initial=filled.initial)
        return render_game_form(request, form, **filled.context)
    form = GameForm(request.POST, request.FILES, guild=guild, viewer=viewer)
    if not form.is_valid():
        return render_game_form(request, form)
    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        overlap = ConflictPolicy.ANYWAY if "anyway" in request.POST else ConflictPolicy.ASK
        named, announce = form.parsed_names.participants, form.announce_schedule()
        create = partial(
            scheduling.create_game, host=form.chosen_host, participants=named, announce=announce, overlap=overlap
        )
        return _save_once(request, form, lambda: create(guild.pk, form.plan(), actor(request), db_now()))
    except Refused as refused:
        return render_refused_form(request, form, refused)


def _save_once(request: ViewerRequest, form: GameForm, save: Callable[[], ActionResult]) -> HttpResponse:
    """Save a game once for each form shown, and go to its page."""

    def act() -> FormResult:
        result = save()
        return FormResult(result.text + form.completed_text, result.game.get_absolute_url(), result.changed)

    return redirect_saved(request, form, act)


@login_required
@require_http_methods(["GET", "POST"])
def edit_game(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Edit a game; if somebody else did meanwhile, show both versions and lose neither."""
    game, _ = get_visible_game_or_404(request, game_id)
    viewer = load_form_viewer(request, game.guild_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(wording.NOT_YOURS))
    if request.method == "GET":
        return render_game_form(request, edit_form_for(game, viewer))
    form = GameForm(request.POST, request.FILES, guild=game.guild, game=game, viewer=viewer)
    if not form.is_valid():
        return render_game_form(request, form)
    try:
        ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
        edition = form.cleaned_data["edition"]
        named, announce, drop_unconfirmed = (
            form.parsed_names.participants,
            form.changed_announce_schedule(),
            form.drop_unconfirmed,
        )
        edit = partial(scheduling.edit_game, game_id, form.plan(), actor(request))
        return _save_once(request, form, lambda: edit(db_now(), edition or 0, named, announce, drop_unconfirmed))
    except Refused as refused:
        return render_refused_form(request, form, refused)


def _requested_template(request: ViewerRequest, templates: list[GameTemplate]) -> GameTemplate | None:
    """Return the template that the URL names, which may be none; else the guild's default."""
    if "template" in request.GET:
        wanted = parse_id(request.GET["template"])
        return next((one for one in templates if one.pk == wanted), None)
    return next((one for one in templates if one.is_default), None)


def _initial_values(
    request: ViewerRequest, viewer: Viewer, guild: Guild, template: GameTemplate | None
) -> dict[str, Any]:
    channel = template.channel if template is not None else None
    channel = channel or channel_hosted_last(viewer, guild)
    zone = zone_of_new_game(request.user, guild, channel, template)
    evening = datetime.now(zone_info(zone)) + timedelta(days=1)
    begin = {"zone": zone, "date": evening.date(), "time": evening.replace(hour=20, minute=0).time()}
    if template is not None:
        begin |= {"template": str(template.pk), "description": template.description}
    chosen = parse_id(request.GET.get("channel", "")) or (channel.pk if channel is not None else None)
    return begin | ({"channel": str(chosen)} if chosen is not None else {})


@login_required
@require_GET
def line_reading(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show how a line is read, as a fragment, to those who schedule games here."""
    guild = get_object_or_404(Guild.objects.visible_to(request.user).select_related("defaults"), pk=guild_id)
    viewer = load_viewer(request.user, guild.pk)
    if not viewer.may_schedule:
        return host_required_response(request, guild)
    text = typed_line(request.GET)
    context: dict[str, Any] = {"guild": guild, "text": text}
    if text:
        chosen = chosen_beside(request.GET)
        last = channel_hosted_last(viewer, guild)
        planned = plan_line(viewer, guild, text, chosen, db_now(), here=last.pk if last is not None else None)
        context |= {
            "line": planned.line,
            "plan": planned.plan,
            "problem": gettext(line_wording.LINE_PROBLEMS.get(planned.problem, "")),
        }
        if planned.plan is not None:
            context["duration_text"] = minutes_text(planned.line.duration or 0)
            context["fields"] = _fields_of_line(planned.line, chosen)
            context["channel"] = viewer.channel_names.get(planned.plan.channel_id)
    return render(request, "games/line_reading.html", context)


def _fields_of_line(line: GameLine, chosen: LineChoices) -> list[tuple[str, str]]:
    """Return what a line says for the form that it stands above: each field with its text."""
    initial = initial_of_line(line, chosen)
    fields = [(name, GameForm.base_fields[name]) for name in initial if name in GameForm.base_fields]
    found = ((name, field.widget.format_value(field.prepare_value(initial[name]))) for name, field in fields)
    texts = ((name, value[0] if isinstance(value, list) else value) for name, value in found)
    return [(name, str(text)) for name, text in texts if text]


@login_required
@require_GET
def members(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """List members whose name begins with `q`, to choose from while typing; for those who schedule games here."""
    guild = get_object_or_404(Guild.objects.visible_to(request.user), pk=guild_id)
    if not may_search_members(load_form_viewer(request, guild.pk)):
        return forbidden(request, gettext(wording.NOT_YOURS))
    return render(
        request,
        "games/members.html",
        {"members": participant_lookup.members_by_prefix(guild.pk, request.GET.get("q", ""))},
    )


@login_required
@require_POST
def cancel(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Cancel the game."""
    reason = request.POST.get("reason", "")
    return run_action(
        request,
        game_id,
        lambda now: cancellation.cancel_game(game_id, reason, actor(request), now),
        FRESH_ROLES,
        text_field="reason",
        undo="game-undo",
    )


@login_required
@require_POST
def end(request: ViewerRequest, game_id: int) -> HttpResponse:
    """End a running game now."""
    return run_action(request, game_id, lambda now: ending.end_game(game_id, actor(request), now), FRESH_ROLES)


@login_required
@require_POST
def retry_announcement(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Retry an announcement that failed."""
    return run_action(
        request, game_id, lambda now: scheduling.retry_announcement(game_id, actor(request), now), FRESH_ROLES
    )


@login_required
@require_http_methods(["GET", "POST"])
def schedule_again(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Schedule a game again."""
    game, _ = get_visible_game_or_404(request, game_id)
    by, guild = actor(request), game.guild
    viewer = load_form_viewer(request, guild.pk)
    if not viewer.may_schedule:
        return host_required_response(request, guild)
    if not cloning.may_clone(game, viewer, db_now()):
        return forbidden(request, CLONED_ONCE_OVER)
    form_kwargs: dict[str, Any] = {"guild": guild, "viewer": viewer}
    if request.method == "GET":
        filled = fill_in(request.GET, CloneForm.initial_of_clone(game, viewer, db_now()), guild, request.user, db_now())
        template = CloneForm.template_for(game, viewer)
        form = CloneForm(template=template, initial=filled.initial, **form_kwargs)
        return render_game_form(request, form, **filled.context)
    form = CloneForm(request.POST, request.FILES, **form_kwargs)
    if not form.is_valid():
        return render_game_form(request, form)
    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        carry = cloning.CarryPlayers(form.cleaned_data["carry"])
        overlap = ConflictPolicy.ANYWAY if "anyway" in request.POST else ConflictPolicy.ASK
        named, announce = form.parsed_names.participants, form.announce_schedule()
        clone = partial(cloning.clone_game, game_id, form.plan(), carry, by, host=form.chosen_host)
        return _save_once(request, form, lambda: clone(db_now(), named, announce, overlap))
    except Refused as refused:
        return render_refused_form(request, form, refused)
