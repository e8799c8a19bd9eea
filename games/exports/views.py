"""What managers take along: a server's archive, and who signed up for a game."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from games.core import wording
from games.core.csv_files import csv_response
from games.exports.archive import guild_archive
from games.exports.signups import HEADER, signup_rows
from games.pages.shortcuts import actor, forbidden, get_visible_game_or_404
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from guilds.http import ViewerRequest
from guilds.models import Guild


@for_managers
@require_GET
def archive(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Download a server's archive."""
    now = db_now()
    response = HttpResponse(guild_archive(guild.pk, actor(request), now), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="server-{guild.pk}-{now:%Y-%m-%d}.zip"'
    return response


@login_required
@require_GET
def signups(request: ViewerRequest, game_id: int, form: str) -> HttpResponse:
    """Download who signed up for a game, for those who run it."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(wording.NOT_YOURS))
    rows = signup_rows(viewer, [game], db_now())
    if form == "json":
        response: HttpResponse = JsonResponse([row.data for row in rows], safe=False)
        response.headers["Content-Disposition"] = f'attachment; filename="signups-{game.pk}.json"'
        return response
    return csv_response(f"signups-{game.pk}.csv", HEADER, (row.cells for row in rows))
