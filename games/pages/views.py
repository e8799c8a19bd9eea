"""The home page, months, a guild's page and a game's page."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from games.core import wording
from games.core.permissions import Memberships, Viewer, load_memberships, used_channels, with_role_refresh
from games.core.roster import load_people
from games.deliveries.own_message import own_message_html
from games.models import GameQuerySet, GameTemplate
from games.models.layers import guilds_to_set_up, inherited_settings, is_open, is_set_up
from games.pages import list_wording
from games.pages.etags import etag_of_page, may_be_unchanged
from games.pages.filter_links import filter_links
from games.pages.game_filter import GameFilter, GameFilterForm, Section, asking, joinable
from games.pages.game_history import history_by_day
from games.pages.game_list import (
    CHANNELS_OF_HOME,
    CHANNELS_OF_LIST,
    Place,
    game_agenda,
    list_pages,
    open_polls,
    templates_of_list,
)
from games.pages.game_page import HISTORY_PAGE, game_page_context, history, refresh_people_shown
from games.pages.game_rows import game_rows
from games.pages.invite import invite_url
from games.pages.months import games_of_day, month_of, read_day, read_month
from games.pages.shortcuts import (
    forbidden,
    get_visible_game_or_404,
)
from games.scheduling.line_forms import line_context
from games.server_settings.wording import ASK_A_MANAGER, NOT_SET_UP
from gamesched.lib.clock import db_now
from gamesched.lib.moments import in_zone, is_usable
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
        context["invite_url"] = invite_url()
        return render(request, "games/welcome.html", context)
    memberships = load_memberships(request.user)
    user, members, now = request.user, memberships.by_guild, memberships.read_at
    channels = CHANNELS_OF_HOME.all([*members], [user.pk])
    visible = memberships.visible_games(channel for channel in channels if channel.has_games)
    mine, form = visible.hosted_or_joined_by(user), GameFilterForm(request.GET)
    others = [joinable(visible, memberships, now)] if members and not form.filter.mine else []
    lists = {
        Section.TO_COME: [mine.listed_to_come(now), *others],
        Section.UNANNOUNCED: [visible.run_by(user).drafts()],
        Section.PAST: [mine.past(now)],
    }
    polls = [poll for poll in open_polls(c for c in channels if memberships.may_view(c)) if not poll.answered]
    context = {
        **_agenda_context(request, form, lists, asking(visible, user, now), memberships),
        "polls": [(poll, members[poll.guild_id].guild) for poll in polls],
        "guilds": [member.guild for member in members.values()],
        "hosts_in": [one.guild for one in members.values() if Viewer(user, one.guild_id, one).may_schedule_by_guild],
        "invite_url": invite_url(),
        "show_guild": len(members) > 1,
        "is_new": lambda: not mine.past(now).exists(),
        "to_set_up": lambda: guilds_to_set_up(
            one.guild for one in members.values() if Viewer(user, one.guild_id, one).manages
        ),
    }
    return render(request, _template_name(request, "games/home.html"), context)


@login_required
@require_GET
def guild(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show a guild's games: the first page of the lists of what is ahead, or with `show` one page of one list."""
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
    lists = {name: [name.of(games, now)] for name in Section}
    context = {
        "guild": guild_row,
        **_agenda_context(request, form, lists, None, memberships),
        **scheduling_context(viewer, guild_row, templates),
        "polls": open_polls(channel for channel in channels if memberships.may_view(channel)),
        **_subscription_context(guild_row, form.filter, templates, shown),
        "is_new": lambda: not games.past(now).exists(),
        "blocked_text": gettext(wording.BLOCKED) if viewer.member.is_blocked(now) else "",
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
def month(request: ViewerRequest) -> HttpResponse:
    """Show the viewer's games of all their guilds by the days of a month."""
    memberships = load_memberships(request.user)
    used = used_channels().filter(guild__in=memberships.by_guild).select_related("parent")
    games = memberships.visible_games(used if memberships.by_guild else ())
    context = {"live": "mine=1", "show_guild": len(memberships.by_guild) > 1}
    return _month_page(request, games.hosted_or_joined_by(request.user), memberships, context)


@login_required
@require_GET
def guild_month(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show a guild's games by the days of a month."""
    memberships = load_memberships(request.user, guild_id)
    if guild_id not in memberships.by_guild:
        raise Http404
    used = used_channels().filter(guild=guild_id).select_related("parent")
    games = memberships.visible_games(used, hidden_ones=True)
    member = memberships.by_guild[guild_id]
    manages = Viewer(request.user, guild_id, member).manages and guild_id not in memberships.unknown
    context = {"guild": member.guild, "live": f"guild={guild_id}", "manages": manages}
    return _month_page(request, games, memberships, context)


def _month_page(
    request: ViewerRequest, games: GameQuerySet, memberships: Memberships, context: dict[str, Any]
) -> HttpResponse:
    """Show games by the days of a month: that of now, or of `month` as 2026-12; or those of one `day` of it."""
    user, now = request.user, memberships.read_at
    today = in_zone(now, user.tzinfo).date()
    day = read_day(request.GET.get("day", ""))
    if day is None:
        first = read_month(request.GET.get("month", ""), today)
        context["month"] = month_of(games, first, user, now)
        return render(request, _template_name(request, "games/month.html"), context)
    page = list_pages({"day": [games_of_day(games, day, user)]}, Place.of_query(request.GET))["day"]
    rows = game_rows(page.ids, now, user, memberships.by_guild)
    beside = [one if is_usable(one) else None for one in (day - timedelta(days=1), day + timedelta(days=1))]
    context |= {"day": day, "day_label": list_wording.day_label(day, today), "page": page, "rows": [*rows.values()]}
    context |= {"before": beside[0], "behind": beside[1], "back": request.get_full_path()}
    return render(request, _template_name(request, "games/day.html"), context)


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
        return forbidden(request, gettext(wording.NOT_YOURS))
    page = page_of(game_row.audit.all(), HISTORY_PAGE, request.GET.get("page"))
    days = history_by_day(history(game_row, viewer, entries=page.object_list), viewer.person.zone)
    context = {"game": game_row, "page": page, "history": days}
    return render(request, "games/game_history.html", context)


def _agenda_context(
    request: ViewerRequest,
    form: GameFilterForm,
    lists: Mapping[Section, Collection[GameQuerySet]],
    asking: GameQuerySet | None,
    memberships: Memberships,
) -> dict[str, Any]:
    """Return what the page shows of lists: with `show` one page of one, else the first of each but the past.

    `asking`: the games that wait for the viewer's answer, which stand above the lists and are not filtered.
    """
    show = request.GET.get("show", "")
    only = Section(show) if show in Section.values else None
    pick = form.filter.for_viewer(request.user, memberships.read_at)
    wanted = {
        name: [pick(part) for part in parts]
        for name, parts in lists.items()
        if (name is only if only else name is not Section.PAST)
    }
    place = Place.of_query(request.GET) if only else Place()
    agenda = game_agenda(
        wanted,
        None if only else asking,
        request.user,
        memberships.read_at,
        place,
        memberships.by_guild,
    )
    rows = [row for section in agenda.sections for row in section.rows]
    return {
        "filter_form": form,
        "filters": filter_links(form, show if only else "", rows),
        "filtered": form.filter != GameFilter(),
        "sections": agenda.sections,
        "asks": agenda.asks,
        "listed": bool(rows),
        "only": show if only else "",
        "past": only is Section.PAST,
        "poll_question": gettext(list_wording.QUESTIONS["poll"]),
        "poll_answer": gettext(list_wording.ANSWERS["poll"]),
        "back": request.get_full_path(),
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
        "not_set_up_text": f"{gettext(NOT_SET_UP)} {gettext(ASK_A_MANAGER)}",
    }


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
