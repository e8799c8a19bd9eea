"""The home page, a guild's page and a game's page."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from games.core import wording
from games.core.permissions import Viewer, load_memberships, used_channels, with_role_refresh
from games.core.roster import load_people
from games.deliveries.own_message import own_message_html
from games.hosts import messages as host_messages
from games.hosts.forms import MessagePlayersForm
from games.models import GameQuerySet, GameTemplate
from games.models.layers import inherited_settings, is_open, is_set_up
from games.pages.etags import etag_of_page, may_be_unchanged
from games.pages.game_filter import GameFilter, GameFilterForm, Section
from games.pages.game_list import CHANNELS_OF_LIST, game_sections, open_polls, templates_of_list
from games.pages.game_page import HISTORY_SHOWN, game_page_context, history, refresh_people_shown
from games.pages.invite import invite_url
from games.pages.months import month_of, read_month
from games.pages.shortcuts import (
    forbidden,
    get_visible_game_or_404,
)
from games.scheduling.line_forms import line_context
from games.server_settings.wording import ASK_A_MANAGER, NOT_SET_UP
from gamesched.lib.clock import db_now
from gamesched.lib.moments import in_zone
from gamesched.lib.paging import page_of
from gamesched.lib.zones import find_zone, zone_info
from guilds.directory.lookup import SHOWN_FRESH, refresh_in_background
from guilds.display_names import DisplayNames, role_names
from guilds.http import ViewerRequest
from guilds.middleware import ZONE_COOKIE
from guilds.models import Channel, Guild

EXAMPLE_AHEAD = timedelta(days=3)  # from now to the game that the welcome page shows


def home(request: ViewerRequest) -> HttpResponse:
    """Show the viewer's games and servers; to visitors who are not logged in, what this is."""
    if not request.user.is_authenticated:
        zone = find_zone(request.COOKIES.get(ZONE_COOKIE, "")) or "UTC"
        evening = timezone.now().astimezone(zone_info(zone)).replace(hour=20, minute=0, second=0) + EXAMPLE_AHEAD
        context = {"example": evening, "example_days": EXAMPLE_AHEAD.days, "example_zone": zone}
        return render(request, "games/welcome.html", context)
    memberships = load_memberships(request.user)
    now, of_guilds = memberships.read_at, memberships.by_guild.values()
    used = used_channels().filter(guild__in=memberships.by_guild).select_related("parent") if of_guilds else ()
    visible = memberships.visible_games(used)
    mine = visible.hosted_or_joined_by(request.user)
    # By guild: together, all guilds' games to come were read, since few guilds seem to have most games.
    of_guild = visible.upcoming(now).filter(guild=OuterRef("pk")).order_by().values("guild").annotate(n=Count("pk"))
    upcoming = (
        Guild.objects.filter(pk__in=memberships.by_guild).order_by().values_list("pk", Subquery(of_guild.values("n")))
    )
    counts = dict(upcoming if of_guilds else ())
    context = {
        **_sections_context(
            request,
            GameFilterForm(request.GET),
            {
                Section.TO_COME: mine,
                Section.UNANNOUNCED: visible.run_by(request.user),
                Section.PAST: mine,
            },
            now,
        ),
        "guilds": [(member.guild, counts.get(member.guild_id) or 0) for member in of_guilds],
        "hosts_in": [one.guild for one in of_guilds if _hosts_in_guild(Viewer(request.user, one.guild_id, one))],
        "invite_url": invite_url(),
    }
    return render(request, _template_name(request, "games/home.html"), context)


@login_required
@require_GET
def guild(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show a guild's games: the first page of each list, or with `show` and `page` one page of one."""
    memberships = load_memberships(request.user, guild_id)
    member = memberships.by_guild.get(guild_id)
    if member is None:
        raise Http404
    guild_row, now = member.guild, memberships.read_at
    viewer = with_role_refresh(Viewer(request.user, guild_id, member), lambda viewer: viewer.may_schedule)
    if viewer.member is None:
        raise Http404
    memberships.by_guild[guild_id] = viewer.member
    channels = CHANNELS_OF_LIST.all(guild_id, request.user.pk)
    games = memberships.visible_games([c for c in channels if c.has_games], hidden_ones=True)
    templates = [one for one in templates_of_list(guild_id, games) if viewer.may_see_template(one)]
    if member.roles_read_at is None or member.roles_read_at <= now - SHOWN_FRESH:
        refresh_in_background([(guild_id, request.user.pk)])
    manages = viewer.manages and guild_id not in memberships.unknown
    shown = [c for c in channels if (c.has_games if manages else c.has_shown_games) and memberships.may_view(c)]
    form = GameFilterForm(request.GET, ([one for one in templates if one.has_games], shown))
    context = {
        "guild": guild_row,
        **_sections_context(request, form, dict.fromkeys(Section, games), now),
        **scheduling_context(viewer, guild_row, templates),
        "polls": open_polls(channel for channel in channels if memberships.may_view(channel)),
        **_subscription_context(guild_row, form.filter, templates, shown),
        **line_context(viewer, now, hosted=any(channel.person_hosted for channel in channels)),
        "channels_missing": [
            (c, c.missing_requirements)
            for c in channels
            if is_open(c) and c.missing_requirements and viewer.may_view(c)
        ],
    }
    return render(request, _template_name(request, "games/guild.html"), context)


@login_required
@require_GET
def guild_month(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show a guild's games by the days of a month: that of now, or of `month` as 2026-12."""
    memberships = load_memberships(request.user, guild_id)
    if guild_id not in memberships.by_guild:
        raise Http404
    now, used = memberships.read_at, used_channels().filter(guild=guild_id).select_related("parent")
    games = memberships.visible_games(used, hidden_ones=True)
    first = read_month(request.GET.get("month", ""), in_zone(now, request.user.tzinfo).date())
    month = month_of(games, first, request.user, now)
    member = memberships.by_guild[guild_id]
    manages = Viewer(request.user, guild_id, member).manages and guild_id not in memberships.unknown
    context = {"guild": member.guild, "month": month, "manages": manages}
    return render(request, _template_name(request, "games/month.html"), context)


@login_required
@require_GET
def game(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Show one game; as a fragment for a page that refreshes."""
    asks_again = _is_fragment(request) and not request.GET
    # Before all else, so that it never stands for more than the page shows.
    etag = etag_of_page(request, request.user.pk, game_id) if asks_again else ""
    game_row, viewer = get_visible_game_or_404(request, game_id)
    now, people, names = game_row.read_at or db_now(), load_people(game_row), DisplayNames(game_row.guild_id)
    context = game_page_context(game_row, viewer, now, people, names)
    if context["allowed"].message_players:
        counts = host_messages.audience_counts(game_row, request.user.pk, now, people)
        context["message_form"] = MessagePlayersForm(counts=counts)
    context["own_message"] = own_message_html(game_row, viewer, request.GET.get("d", ""), now)
    refresh_people_shown(viewer, names, now)
    response = render(request, _template_name(request, "games/game.html"), context)
    if etag and may_be_unchanged(game_row, viewer):
        response.headers["ETag"] = etag
    return response


@login_required
@require_GET
def game_history(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Show all that was done to a game, in pages, to those who run it."""
    game_row, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game_row):
        return forbidden(request, wording.NOT_YOURS)
    page = page_of(game_row.audit.all(), HISTORY_SHOWN, request.GET.get("page"))
    context = {"game": game_row, "page": page, "history": history(game_row, viewer, entries=page.object_list)}
    return render(request, "games/game_history.html", context)


def _sections_context(
    request: ViewerRequest, form: GameFilterForm, games: Mapping[Section, GameQuerySet], now: datetime
) -> dict[str, Any]:
    show, page = (request.GET.get(name, "") for name in ("show", "page"))
    sections = game_sections(games, form.filter, request.user, now, show, page)
    return {
        "filter_form": form,
        "filtered": form.filter != GameFilter(),
        "sections": sections,
        "listed": any(section.rows for section in sections),
        "only": show if show in Section.values else "",
    }


def _subscription_context(
    guild: Guild, chosen: GameFilter, templates: Iterable[GameTemplate], channels: Iterable[Channel]
) -> dict[str, str]:
    """Return what the guild's page offers to subscribe to: the template or channel that is chosen, or all."""
    for kind, pk, rows in (("template", chosen.template_id, templates), ("channel", chosen.channel_id, channels)):
        for row in rows:
            if row.pk == pk:
                return {"subscribe_to": f"{kind}-{pk}", "subscribe_to_part": str(row)}
    return {"subscribe_to": f"guild-{guild.pk}"}


def scheduling_context(viewer: Viewer, guild: Guild, templates: Iterable[GameTemplate]) -> dict[str, Any]:
    """Return what the guild's page offers this viewer of scheduling and managing, or why it does not.

    `templates`: those of the guild that exist for them.
    """
    may_create = viewer.may_schedule
    return {
        "manages": viewer.manages,
        "set_up": is_set_up(guild),
        "may_create": may_create,
        "templates": [t for t in templates if may_create and viewer.may_host(host_roles(guild, t))],
        # Called by the template if it is shown.
        "role_needed_text": lambda: wording.role_needed_to_host(role_names(guild.pk, host_roles(guild, None))),
        "not_set_up_text": f"{NOT_SET_UP} {ASK_A_MANAGER}",
    }


def _hosts_in_guild(viewer: Viewer) -> bool:
    """Return whether a member may schedule by their guild's settings, which are read; not by those of one channel."""
    assert viewer.member is not None
    defaults = getattr(viewer.member.guild, "defaults", None)
    return viewer.may_host((defaults.host_role_ids if defaults else None) or ())


def host_roles(guild: Guild, template: GameTemplate | None) -> tuple[int, ...]:
    """Return which roles may host games of a template in its own channel."""
    channel = template.channel if template is not None else None
    roles: tuple[int, ...] = inherited_settings(guild, channel, template)["host_role_ids"].value
    return roles


def _is_fragment(request: ViewerRequest) -> bool:
    # A history restore sends htmx's header too, but needs the whole page.
    return bool(request.htmx and not request.htmx.history_restore_request and not request.htmx.boosted)


def _template_name(request: ViewerRequest, name: str) -> str:
    return f"{name}#live" if _is_fragment(request) else name
