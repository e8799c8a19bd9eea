"""The pages. Each turns a request into a call of a verb and the answer into a page; no rule lives here."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from games.core import wording
from games.core.permissions import certainly, may_schedule, standing, visible_to
from games.hosts import messages as host_messages
from games.hosts.forms import TellForm
from games.models import Game, GameTemplate
from games.models.layers import inherited, is_set_up, open_channels
from games.pages.game_page import game_context, lines, look_up_shown
from games.pages.invite import invite_url
from games.pages.shortcuts import (
    actor,
    game_seen,
)
from games.server_settings.wording import ASK_A_MANAGER, NOT_SET_UP
from gamesched.lib.clock import db_now
from guilds.directory.lookup import refresh_displayed
from guilds.display_names import role_names
from guilds.http import ViewerRequest
from guilds.models import Guild


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
    refresh_displayed(found.pk, [request.user.pk], now)
    context = {
        "guild": found,
        "games": lines(games.upcoming(now)[:100], now, request.user),
        "past": lines(games.past(now)[:10], now, request.user),
        "hidden": lines(visible_to(request.user).filter(guild=found).drafts()[:100], now, request.user),
        **scheduling_context(request, found),
        "channels_missing": [(c, c.missing_requirements) for c in open_channels(found.pk) if c.missing_requirements],
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


# --- verbs by one button ---------------------------------------------------------------------------------
