"""The game's calendar file, and the button to archive it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from games.pages.shortcuts import FRESH_ROLES, actor, get_visible_game_or_404, run_action
from games.posts import archive as post_archive
from games.posts.calendars import calendar_file, own_part
from gamesched.lib.clock import db_now
from guilds.http import ViewerRequest
from notifications.models import Preference


@login_required
@require_GET
def game_calendar(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Return the game as a calendar file."""
    game, _ = get_visible_game_or_404(request, game_id)
    signup = game.signups.current().of(request.user).first()
    preference = Preference.objects.filter(user=request.user, guild=game.guild_id).first()
    # Inline, so that a phone offers to add it instead of saving a file.
    return HttpResponse(
        calendar_file(game, db_now(), own_part(game, request.user.pk, signup, preference)),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="game-{game.pk}.ics"'},
    )


@login_required
@require_POST
def archive(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Archive a game that is over."""
    return run_action(
        request, game_id, lambda now: post_archive.archive_game(game_id, actor(request), now), FRESH_ROLES
    )
