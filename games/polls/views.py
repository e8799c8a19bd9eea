"""The pages and buttons of polls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core.permissions import Viewer, load_viewer
from games.models import PollState, TimePoll, TimePollOption
from games.models.announcement import PostProblem
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    host_required_response,
    load_form_viewer,
    redirect_once,
)
from games.polls import actions, wording
from games.polls.actions import PollResult
from games.polls.forms import PollForm
from games.polls.grid import count_votes, grid_page
from games.polls.rules import best_option
from games.scheduling.planned_line import zone_of_new_game
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ROLES_VALID_FOR, ensure_fresh_roles
from guilds.display_names import display_names
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.sent_forms.idempotency import FormResult
from guilds.sent_forms.resubmission import FormNotTaken

CLOSES_AFTER = timedelta(days=2)  # what the form suggests


@login_required
@require_http_methods(["GET", "POST"])
def open_poll(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Open a poll for a time."""
    guild = get_object_or_404(Guild.objects.visible_to(request.user).select_related("defaults"), pk=guild_id)
    viewer = load_form_viewer(request, guild.pk)
    if not viewer.may_schedule:
        return host_required_response(request, guild)
    if request.method == "GET":
        return _render_form(request, PollForm(guild=guild, viewer=viewer, initial=_initial_values(request, guild)))
    form = PollForm(request.POST, guild=guild, viewer=viewer)
    if not form.is_valid() or not form.check_times(db_now()):
        return _render_form(request, form)

    def act() -> FormResult:
        result = actions.open_poll(guild.pk, form.plan(), actor(request), db_now())
        return FormResult(result.text, result.poll.get_absolute_url())

    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        return redirect_once(request, act)
    except Refused as refused:
        refusal = refused.refusal
        for name in refusal.fields.keys() & form.fields.keys():
            form.add_error(name, refusal.fields[name])
        others = [text for name, text in refusal.fields.items() if name not in form.fields]
        return _render_form(request, form, problem=" ".join(others) if refusal.fields else refusal.sentence)


def _render_form(request: ViewerRequest, form: PollForm, problem: str = "") -> HttpResponse:
    context = {"form": form, "guild": form.guild, "problem": problem}
    return render(request, "games/poll_form.html", context, status=422 if form.errors or problem else 200)


def _initial_values(request: ViewerRequest, guild: Guild) -> dict[str, Any]:
    zone = zone_of_new_game(request.user, guild, None, None)
    closes = datetime.now(zone_info(zone)) + CLOSES_AFTER
    return {"zone": zone, "closes_date": closes.date(), "closes_time": closes.replace(hour=20, minute=0).time()}


# --- one poll --------------------------------------------------------------------------------------------


def get_visible_poll_or_404(request: ViewerRequest, poll_id: int) -> tuple[TimePoll, Viewer]:
    """Read a poll that the viewer may see, and what they are in its guild; raise Http404 for any other."""
    found = _find(request, poll_id)
    by_role = found is None or found[1].views_by_role(found[0].channel)
    # What a role decides, the roles of this minute decide, as for a game.
    if by_role and _refresh_roles(request, poll_id, shown=found is not None):
        found = _find(request, poll_id)
    if found is None:
        raise Http404
    return found


def _find(request: ViewerRequest, poll_id: int) -> tuple[TimePoll, Viewer] | None:
    rows = TimePoll.objects.for_action().select_related("post", "game", "host", "template", "winner")
    poll = rows.filter(pk=poll_id).first()
    if poll is None:
        return None
    viewer = load_viewer(request.user, poll.guild_id)
    return (poll, viewer) if viewer.member is not None and viewer.may_view(poll.channel) else None


def _refresh_roles(request: ViewerRequest, poll_id: int, *, shown: bool) -> bool:
    guild_id = TimePoll.objects.filter(pk=poll_id).values_list("guild_id", flat=True).first()
    try:
        return guild_id is not None and ensure_fresh_roles(guild_id, request.user.pk, db_now())
    except Refused as refused:
        if shown and request.method != "GET":
            raise FormNotTaken(refused.refusal.sentence) from None
        raise Http404 from None


@dataclass(frozen=True)
class OptionColumn:
    """One time of a poll, as a column of the page's grid."""

    option: TimePollOption
    count: int
    ticked: bool  # by the viewer
    is_past: bool
    is_best: bool

    @property
    def count_text(self) -> str:
        return wording.count_text(self.count)


@dataclass(frozen=True)
class PersonRow:
    """Somebody else who answered, as a row of the grid: for each time, whether they can come."""

    name: str
    ticks: tuple[bool, ...]


def _poll_context(request: ViewerRequest, poll: TimePoll, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """Return what a poll's page shows the viewer: of the people who answered, the page that the address names."""
    options, state = list(poll.options.all()), poll.state(now)
    before, after = (parse_id(request.GET.get(name, "")) for name in ("before", "after"))
    votes, page = count_votes(poll, options), grid_page(poll, viewer.person.pk, before, after)
    best = poll.winner if poll.winner is not None and state is not PollState.OPEN else None
    best = best or best_option(options, votes.counts, now)
    names = display_names(poll.guild_id, {*page.ticks, poll.host_id})
    columns = [
        OptionColumn(
            option=one,
            count=votes.counts[one.pk],
            ticked=one.pk in page.own,
            is_past=one.starts_at <= now,
            is_best=best is not None and one.pk == best.pk,
        )
        for one in options
    ]
    ticks = {pk: tuple(one.pk in ticked for one in options) for pk, ticked in page.ticks.items()}
    # By name, so that nobody's row moves while somebody reads.
    rows = sorted((PersonRow(names[pk].text, of) for pk, of in ticks.items()), key=lambda row: row.name.casefold())
    here = {name: request.GET[name] for name, key in (("before", before), ("after", after)) if key is not None}
    manages = actions.may_manage(poll, viewer)
    to_come = [column for column in columns if not column.is_past]
    return {
        "poll": poll,
        "guild": poll.guild,
        "state": state,
        "state_text": state.label,
        "closed_text": "" if state is PollState.OPEN else wording.closed(state),
        "columns": columns,
        "rows": rows,
        "answered": bool(page.own),
        "page": page,
        "here": f"?{urlencode(here)}" if here else "",
        "host_name": names[poll.host_id].text,
        "best": next((column for column in to_come if column.is_best), None),
        "others": [column for column in to_come if not column.is_best],
        "voters": votes.people,
        "may_make_game": manages and bool(to_come) and state in {PollState.OPEN, PollState.CLOSED},
        "may_cancel": manages and state in {PollState.OPEN, PollState.CLOSED},
        "seated_help": gettext(wording.SEATED_HELP),
        "post_problem": wording.post_problem(
            PostProblem(poll.post.problem_code), poll.channel.name, poll.channel.missing_requirements
        )
        if poll.post.problem_code
        else "",
    }


@login_required
@require_GET
def poll(request: ViewerRequest, poll_id: int) -> HttpResponse:
    """Show one poll; as a fragment for a page that refreshes."""
    context = _poll_context(request, *get_visible_poll_or_404(request, poll_id), db_now())
    is_fragment = request.htmx and not request.htmx.history_restore_request and not request.htmx.boosted
    return render(request, "games/poll.html#live" if is_fragment else "games/poll.html", context)


def _run(
    request: ViewerRequest,
    poll_id: int,
    action: Callable[[datetime], PollResult],
    max_age: timedelta = ROLES_VALID_FOR,
) -> HttpResponse:
    """Call an action and show its result on the poll's page, whole or as a fragment; or the game's, if it made one."""
    shown, _ = get_visible_poll_or_404(request, poll_id)
    try:
        ensure_fresh_roles(shown.guild_id, request.user.pk, db_now(), max_age)
        result = action(db_now())
        text, succeeded, game = result.text, True, result.game
    except Refused as refused:
        if refused.refusal.code == "unknown_poll":
            raise Http404 from None
        text, succeeded, game = refused.refusal.sentence, False, None
    if request.htmx:
        context = _poll_context(request, *get_visible_poll_or_404(request, poll_id), db_now())
        return render(request, "games/poll.html#live", context | {"result_text": text, "result_succeeded": succeeded})
    (flash.success if succeeded else flash.error)(request, text)
    return redirect(game if game is not None else shown)


@login_required
@require_POST
def vote(request: ViewerRequest, poll_id: int) -> HttpResponse:
    """Set at which times the viewer can come."""
    wanted = [parse_id(value) or 0 for value in request.POST.getlist("times")]
    return _run(request, poll_id, partial(actions.vote, poll_id, wanted, actor(request)))


@login_required
@require_POST
def make_game(request: ViewerRequest, poll_id: int) -> HttpResponse:
    """Make the poll a game, at the time that wins or at one that the form names."""
    option_id = parse_id(request.POST["time"]) or 0 if request.POST.get("time") else None
    by = actor(request)
    return _run(request, poll_id, lambda now: actions.make_game(poll_id, by, now, option_id), FRESH_ROLES)


@login_required
@require_POST
def cancel(request: ViewerRequest, poll_id: int) -> HttpResponse:
    """Cancel the poll."""
    return _run(request, poll_id, partial(actions.cancel_poll, poll_id, actor(request)), FRESH_ROLES)
