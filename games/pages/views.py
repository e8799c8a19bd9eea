"""The pages. Each turns a request into a call of a verb and the answer into a page; no rule lives here."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core import wording
from games.core.permissions import certainly, may_name, may_schedule, standing, visible_to
from games.core.rules import To
from games.deliveries import actions as deliveries
from games.hosts import messages as host_messages
from games.models import Game
from games.models.settings import BUILT_IN_SOURCE, GameTemplate, inherited, is_set_up, open_channels
from games.offers.overlaps import Overlap
from games.pages.game_page import game_context, lines, look_up_shown
from games.pages.invite import invite_url
from games.pages.shortcuts import (
    AT_ONCE,
    actor,
    add_refusal,
    forbidden,
    form_of,
    form_page,
    form_refused,
    game_seen,
    no_host,
    press,
    with_form,
)
from games.scheduling import actions as scheduling
from games.scheduling.forms import GameForm, TellForm
from games.server_settings.wording import ASK_A_MANAGER, NOT_SET_UP
from games.signups import actions as signups
from games.signups import participant_lookup
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.directory import confirm, refresh_shown
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.names import role_names
from notifications.models import Delivery


def home(request: ViewerRequest) -> HttpResponse:
    """My games and my servers; for strangers, what this is."""
    if not request.user.is_authenticated:
        return render(request, "games/welcome.html")
    now = db_now()
    mine = Game.objects.seen_by(request.user).of(request.user)
    guilds = Guild.objects.seen_by(request.user).annotate(
        upcoming_count=Count(
            "games",
            filter=Q(games__announced_at__isnull=False, games__cancelled_at=None, games__ends_at__gt=now),
        )
    )
    context = {
        "games": lines(mine.upcoming(now)[:50], now, request.user),
        "past": lines(mine.past(now)[:10], now, request.user),
        "hidden": lines(Game.objects.seen_by(request.user).run_by(request.user).drafts()[:25], now, request.user),
        "guilds": guilds,
        "invite_url": invite_url(),
    }
    return render(request, _template(request, "games/home.html"), context)


@login_required
@require_GET
def guild(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """A guild's upcoming games."""
    found = get_object_or_404(Guild.objects.seen_by(request.user), pk=guild_id)
    now = db_now()
    games = Game.objects.filter(guild=found)
    refresh_shown(found.pk, [request.user.pk], now)
    context = {
        "guild": found,
        "games": lines(games.upcoming(now)[:100], now, request.user),
        "past": lines(games.past(now)[:10], now, request.user),
        "hidden": lines(visible_to(request.user).filter(guild=found).drafts()[:100], now, request.user),
        **scheduling_context(request, found),
        "channels_missing": [(c, c.missing) for c in open_channels(found.pk) if c.missing],
    }
    return render(request, _template(request, "games/guild.html"), context)


@login_required
@require_GET
def game(request: ViewerRequest, game_id: int) -> HttpResponse:
    """One game; as a fragment for a page that looks again."""
    found, now = game_seen(request, game_id), db_now()
    context = game_context(found, request.user, now)
    if context["may"].tell:
        context["tell"] = TellForm(counts=host_messages.counts(found, request.user.pk, now))
    look_up_shown(found, request.user, now)
    return render(request, _template(request, "games/game.html"), context)


def scheduling_context(request: ViewerRequest, found: Guild) -> dict[str, Any]:
    """What of scheduling and managing the guild's page offers to this viewer, or why it does not."""
    offered = certainly(request.user, found.pk, lambda: may_schedule(request.user, found.pk))
    stands = standing(request.user, found.pk)
    templates = found.templates.filter(gone_at=None).select_related("channel__defaults") if offered else []
    return {
        "manages": stands is not None and stands.manages,
        "set_up": is_set_up(found),
        "may_create": offered,
        "templates": [t for t in templates if actor(request).may_host(found.pk, host_roles(found, t))],
        "who_may": wording.only_hosts(role_names(found.pk, host_roles(found, None))),
        "not_set_up": f"{NOT_SET_UP} {ASK_A_MANAGER}",
    }


def host_roles(found: Guild, template: GameTemplate | None) -> tuple[int, ...]:
    """Which roles may host games of a template in its own channel."""
    channel = template.channel if template is not None else None
    roles: tuple[int, ...] = inherited(found, channel, template)["host_role_ids"].value
    return roles


def _template(request: ViewerRequest, name: str) -> str:
    # A history restore asks with htmx's header too, but for the whole page.
    fragment = request.htmx and not request.htmx.history_restore_request and not request.htmx.boosted
    return f"{name}#live" if fragment else name


# --- scheduling and editing ------------------------------------------------------------------------------


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
        confirm(found.pk, request.user.pk, db_now(), grace=AT_ONCE)
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
        confirm(found.guild_id, request.user.pk, db_now(), grace=AT_ONCE)
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


# --- verbs by one button ---------------------------------------------------------------------------------


@login_required
@require_POST
def join(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Sign up."""
    verb = partial(signups.join, overlap=Overlap.ASK)
    return press(request, game_id, lambda now: verb(game_id, request.user, actor(request), now))


@login_required
@require_POST
def leave(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Give up one's place."""
    return press(request, game_id, lambda now: signups.leave(game_id, request.user, actor(request), now))


@login_required
@require_POST
def remove(request: ViewerRequest, game_id: int, signup_id: int) -> HttpResponse:
    """Take somebody out, with a word to them."""
    word = request.POST.get("reason", "")
    return press(request, game_id, lambda now: signups.remove(game_id, signup_id, actor(request), now, word))


@login_required
@require_POST
def cancel(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Call the game off."""
    reason = request.POST.get("reason", "")
    return press(request, game_id, lambda now: scheduling.cancel(game_id, reason, actor(request), now), AT_ONCE)


@login_required
@require_POST
def announce(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Try again to post a game whose announcement failed."""
    return press(request, game_id, lambda now: scheduling.announce_again(game_id, actor(request), now), AT_ONCE)


@login_required
@require_POST
def resend(request: ViewerRequest, game_id: int, delivery_id: int) -> HttpResponse:
    """Send a letter about the game again that did not arrive."""
    get_object_or_404(Delivery, pk=delivery_id, notification__game=game_seen(request, game_id))
    return press(request, game_id, lambda now: deliveries.resend(delivery_id, actor(request), now))


@login_required
@require_http_methods(["GET", "POST"])
def tell(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Write to a game's people. What is refused comes back on the game's page as it was typed."""
    found = game_seen(request, game_id)
    if not actor(request).may_manage(found):
        return forbidden(request, wording.NOT_YOURS)
    form = TellForm(request.POST or None, counts=host_messages.counts(found, request.user.pk, db_now()))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            confirm(found.guild_id, request.user.pk, db_now(), grace=AT_ONCE)
            flash.success(
                request, host_messages.tell(game_id, data["text"], To(data["to"]), actor(request), db_now()).text
            )
            return redirect(found)
        except Refused as refused:
            add_refusal(form, refused)
    return with_form(request, found, form, tell=form, tell_open=True)
