"""Buttons of a game's life on its page: announcing it, undoing a cancellation."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core import wording
from games.core.permissions import certainly, may_name
from games.models import Game, GameTemplate
from games.models.layers import inherited
from games.models.settings import BUILT_IN_SOURCE
from games.offers.overlaps import Overlap
from games.pages.shortcuts import AT_ONCE, actor, forbidden, form_of, form_page, form_refused, game_seen, no_host, press
from games.scheduling import actions as scheduling
from games.scheduling import cloning, publishing
from games.scheduling.clone_form import AgainForm
from games.scheduling.forms import GameForm
from games.signups import participant_lookup
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import Guild


@login_required
@require_POST
def announce(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Announce a game that players do not see yet."""
    return press(request, game_id, lambda now: publishing.announce(game_id, actor(request), now), AT_ONCE)


@login_required
@require_POST
def undo(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Undo a cancellation."""
    return press(request, game_id, lambda now: publishing.uncancel(game_id, actor(request), now), AT_ONCE)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Schedule a game."""
    found = get_object_or_404(Guild.objects.seen_by(request.user), pk=guild_id)
    if (page := no_host(request, found)) is not None:
        return page
    pingable = actor(request).may_ping(found)
    if request.method == "GET":
        template = _template_wanted(request, found)
        initial = _suggestion(request, found, template)
        return form_page(request, GameForm(guild=found, template=template, pingable=pingable, initial=initial))
    form = GameForm(request.POST, guild=found, pingable=pingable)
    if not form.is_valid():
        return form_page(request, form)
    try:
        ensure_fresh_roles(found.pk, request.user.pk, db_now(), max_age=AT_ONCE)
        overlap = Overlap.ANYWAY if "anyway" in request.POST else Overlap.ASK
        named, announce = form.judged.named, form.announcing()
        done = scheduling.create(
            found.pk, form.plan(), actor(request), db_now(), named=named, announce=announce, overlap=overlap
        )
    except Refused as refused:
        return form_refused(request, form, refused)
    flash.success(request, done.text + form.completed_text)
    return redirect(done.game)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Change a game. Where somebody else did meanwhile, both versions are shown and neither is lost."""
    found = game_seen(request, game_id)
    if not certainly(request.user, found.guild_id, lambda: actor(request).may_manage(found)):
        return forbidden(request, wording.NOT_YOURS)
    if request.method == "GET":
        return form_page(request, form_of(request, found))
    form = GameForm(request.POST, guild=found.guild, game=found, pingable=actor(request).may_ping(found.guild))
    if not form.is_valid():
        return form_page(request, form)
    try:
        ensure_fresh_roles(found.guild_id, request.user.pk, db_now(), max_age=AT_ONCE)
        edition = form.cleaned_data["edition"]
        named, announce, silence = form.judged.named, form.announcing_anew(), form.on_silence
        done = scheduling.edit(game_id, form.plan(), actor(request), db_now(), edition or 0, named, announce, silence)
    except Refused as refused:
        return form_refused(request, form, refused)
    flash.success(request, done.text + form.completed_text)
    return redirect(done.game)


def _template_wanted(request: ViewerRequest, found: Guild) -> GameTemplate | None:
    """The template that the address names, which may be none; else the guild's default."""
    templates = found.templates.filter(gone_at=None).select_related("channel__defaults")
    if "template" in request.GET:
        return templates.filter(pk=parse_id(request.GET["template"]) or 0).first()
    return templates.filter(is_default=True).first()


def _suggestion(request: ViewerRequest, found: Guild, template: GameTemplate | None) -> dict[str, Any]:
    channel = template.channel if template is not None else None
    meant = inherited(found, channel, template)["zone"]
    zone = request.user.zone or "UTC" if meant.source == BUILT_IN_SOURCE else meant.value
    evening = datetime.now(ZoneInfo(zone)) + timedelta(days=1)
    begin = {"zone": zone, "date": evening.date(), "time": evening.replace(hour=20, minute=0).time()}
    if template is not None:
        begin |= {"template": str(template.pk), "description": template.description}
    return begin | ({"channel": str(channel.pk)} if channel is not None else {})


@login_required
@require_GET
def members(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Members whose name begins with `q`, to choose from while typing; for those who schedule games here."""
    found = get_object_or_404(Guild.objects.seen_by(request.user), pk=guild_id)
    if not may_name(request.user, found.pk):
        return forbidden(request, wording.NOT_YOURS)
    return render(
        request, "games/members.html", {"members": participant_lookup.beginning(found.pk, request.GET.get("q", ""))}
    )


@login_required
@require_POST
def cancel(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Call the game off."""
    reason = request.POST.get("reason", "")
    return press(request, game_id, lambda now: scheduling.cancel(game_id, reason, actor(request), now), AT_ONCE)


@login_required
@require_POST
def repost(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Try again to post a game whose announcement failed."""
    return press(request, game_id, lambda now: scheduling.announce_again(game_id, actor(request), now), AT_ONCE)


@login_required
@require_http_methods(["GET", "POST"])
def again(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Schedule a game again."""
    found = Game.objects.with_levels().get(pk=game_seen(request, game_id).pk)
    by, guild = actor(request), found.guild
    if (page := no_host(request, guild)) is not None:
        return page
    begun: dict[str, Any] = {"guild": guild, "pingable": by.may_ping(guild)}
    if request.method == "GET":
        initial = AgainForm.initial_again(found, by, db_now())
        return form_page(request, AgainForm(template=found.living_template, initial=initial, **begun))
    form = AgainForm(request.POST, **begun)
    if not form.is_valid():
        return form_page(request, form)
    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=AT_ONCE)
        carry = cloning.Carry(form.cleaned_data["carry"])
        overlap = Overlap.ANYWAY if "anyway" in request.POST else Overlap.ASK
        named, announce = form.judged.named, form.announcing()
        done = cloning.clone(game_id, form.plan(), carry, by, db_now(), named, announce, overlap)
    except Refused as refused:
        return form_refused(request, form, refused)
    flash.success(request, done.text + form.completed_text)
    return redirect(done.game)
