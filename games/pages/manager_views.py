"""The pages of a guild for its managers: its people, and how it is doing."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from games.core.permissions import load_viewer
from games.models import AuditEntry
from games.pages import health_wording as words
from games.pages.guild_history import guild_history, history_entries
from games.pages.health import check_health
from games.pages.people import PER_PAGE, members_matching, person_rows, played
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from gamesched.lib.paging import page_of
from guilds.http import ViewerRequest
from guilds.models import Guild
from guilds.names import without_unstorable

SEARCH_MAX = 100  # characters
RECENT = 8  # entries of the history beside the health
HISTORY_PER_PAGE = 30


@for_managers
@require_GET
def people(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List a guild's people with their figures; with `q` the members of that name."""
    viewer = load_viewer(request.user, guild.pk)
    text = without_unstorable(request.GET.get("q", "").strip()[:SEARCH_MAX])
    figures = played(viewer, db_now())
    context = {"guild": guild, "text": text, "empty_text": gettext(words.NOBODY_FOUND if text else words.NO_PEOPLE)}
    if text:
        found = members_matching(guild.pk, text)
        rows = person_rows(guild.pk, list(figures.filter(user__in=found)) if found else [], found)
        return render(request, "games/guild_people.html", {**context, "rows": rows})
    page = page_of(figures, PER_PAGE, request.GET.get("page"))
    return render(
        request, "games/guild_people.html", {**context, "rows": person_rows(guild.pk, list(page)), "page": page}
    )


@for_managers
@require_GET
def health(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Show whether all is well in a guild, what to do where it is not, and what happened last."""
    viewer, now = load_viewer(request.user, guild.pk), db_now()
    recent = history_entries(viewer, guild_history(viewer)[:RECENT], request.user.zone, now)
    found = check_health(guild, viewer, now)
    context = {
        "guild": guild,
        "health": found,
        "worst_text": words.lateness(found.messages.worst),
        "entries": recent,
    }
    looks_again = request.htmx and not request.htmx.history_restore_request
    return render(request, "games/health.html#live" if looks_again else "games/health.html", context)


@for_managers
@require_GET
def history(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Show who did what in a guild, the latest first; with `of=settings` only what is about the guild itself."""
    viewer, settings_only = load_viewer(request.user, guild.pk), request.GET.get("of") == "settings"
    rows = AuditEntry.objects.filter(guild=guild, game=None) if settings_only else guild_history(viewer)
    page = page_of(rows, HISTORY_PER_PAGE, request.GET.get("page"))
    entries = history_entries(viewer, page.object_list, request.user.zone, db_now())
    context = {"guild": guild, "page": page, "entries": entries, "settings_only": settings_only}
    return render(request, "games/history.html", context)
