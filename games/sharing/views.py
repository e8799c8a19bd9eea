"""What a share link leads to: the page, its picture for previews, a calendar file; and the button for another link."""

from typing import cast
from uuid import UUID

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.crypto import constant_time_compare
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.models import Game
from games.pages.shortcuts import actor, get_visible_game_or_404, run_action
from games.posts.calendars import google_url_for
from games.server_settings.views import for_managers
from games.sharing import actions, embeds, wording
from games.sharing.addresses import share_path, share_url
from games.sharing.calendar_file import public_calendar_file
from games.sharing.card import Card, card_file, card_of
from games.sharing.shared_game import find_shared_game, shown_to_strangers
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.languages import speak_to_stranger
from guilds.models import Guild
from guilds.templatetags.zoned_times import when

YEAR = 365 * 24 * 60 * 60  # seconds
NOINDEX = {"X-Robots-Tag": "noindex"}
FRAME = '<iframe src="{}" title="{}" width="100%" height="400" loading="lazy"></iframe>'
SHORTLY = {"Cache-Control": "public, max-age=30"}  # a busy site of others costs us little


@require_GET
def shared_game(request: HttpRequest, game_id: int, token: UUID) -> HttpResponse:
    """Lead those who may see the game to its page; show others what strangers may see, or how to log in."""
    game = _shared_game_or_404(game_id, token)
    if request.user.is_authenticated and _sees(cast(ViewerRequest, request), game.pk):
        return redirect(game)
    speak_to_stranger(request, game.guild)
    shown, address = shown_to_strangers(game, db_now()), share_path(game)
    context = {
        "shown": shown,
        "address": address,
        "preview_title": gettext(wording.UNNAMED_TITLE),
        "preview": gettext(wording.UNNAMED),
    }
    if shown is not None:
        card = card_of(game, shown)
        context |= {
            "preview_title": shown.title,
            "preview": wording.preview(
                when(shown.starts_at, shown.zone), shown.seats_text, "" if shown.is_open else shown.state_text
            ),
            "zone_place": shown.zone.replace("_", " "),
            "card_url": settings.PUBLIC_URL + _card_path(game, card),
            "google_url": google_url_for(shown.title, "", shown.starts_at, shown.ends_at, share_url(game)),
        }
    response = render(request, "games/shared_game.html", context)
    response.headers["X-Robots-Tag"] = NOINDEX["X-Robots-Tag"]
    return response


def _sees(request: ViewerRequest, game_id: int) -> bool:
    try:
        get_visible_game_or_404(request, game_id)
    except Http404:
        return False
    return True


@require_GET
def shared_card(request: HttpRequest, game_id: int, token: UUID, mark: str) -> HttpResponse:
    """Return the picture of a link's preview; instead of one that is past, lead to that of now."""
    game = _shared_game_or_404(game_id, token)
    shown = shown_to_strangers(game, db_now())
    if shown is None:
        return HttpResponseRedirect(static("card.jpg"), headers=NOINDEX)
    card = card_of(game, shown)
    if not constant_time_compare(card.mark, mark):
        return HttpResponseRedirect(_card_path(game, card), headers=NOINDEX)
    etag = f'"{card.mark}"'
    unchanged = get_conditional_response(request, etag=etag)
    is_known = unchanged is not None and unchanged.status_code == 304
    response = HttpResponseNotModified() if is_known else HttpResponse(card_file(card), content_type="image/jpeg")
    lasting = {"ETag": etag, "Cache-Control": f"public, max-age={YEAR}, immutable"}
    for name, value in {**NOINDEX, **lasting, "Cross-Origin-Resource-Policy": "cross-origin"}.items():
        response.headers[name] = value
    return response


@require_GET
def shared_calendar(request: HttpRequest, game_id: int, token: UUID) -> HttpResponse:
    """Return what strangers see of a game as a calendar file."""
    game = _shared_game_or_404(game_id, token)
    now = db_now()
    if shown_to_strangers(game, now) is None:
        raise Http404
    speak_to_stranger(request, game.guild)
    return HttpResponse(
        public_calendar_file(game, now),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="game.ics"', **NOINDEX},
    )


def _embeddable_or_404(guild_id: int) -> Guild:
    guild = embeds.embeddable_guild(guild_id)
    if guild is None:
        raise Http404
    return guild


@require_GET
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
def embed(request: HttpRequest, guild_id: int) -> HttpResponse:
    """Show a server's upcoming games as a small page, which other sites may frame; nobody is logged in there."""
    guild = _embeddable_or_404(guild_id)
    speak_to_stranger(request, guild)
    response = render(request, "games/embed.html", {"guild": guild, "games": embeds.embedded_games(guild.pk, db_now())})
    for name, value in {**NOINDEX, **SHORTLY}.items():
        response.headers[name] = value
    return response


@require_GET
def embed_json(request: HttpRequest, guild_id: int) -> HttpResponse:
    """Return a server's upcoming games as JSON, for scripts of other sites."""
    guild = _embeddable_or_404(guild_id)
    headers = {**NOINDEX, **SHORTLY, "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return JsonResponse(embeds.embed_content(guild, db_now()), headers=headers)


@for_managers
@require_http_methods(["GET", "POST"])
def guild_embed(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Let other sites show a server's upcoming games, with what to put there."""
    if request.method == "POST":
        try:
            text = embeds.switch_embed(guild.pk, actor(request), db_now(), on=request.POST.get("on") == "1")
            flash.success(request, gettext(text))
        except Refused as refused:
            flash.error(request, refused.refusal.sentence)
        return redirect("guild-embed", guild.pk)
    page_url = settings.PUBLIC_URL + reverse("embed", args=[guild.pk])
    frame = format_html(FRAME, page_url, guild.name)
    context = {
        "guild": guild,
        "is_on": embeds.is_embeddable(guild.pk),
        "frame": f"{frame}",  # shown as it is typed, so escaped once more
        "json_url": settings.PUBLIC_URL + reverse("embed-json", args=[guild.pk]),
        "events_url": f"{page_url}events",
    }
    return render(request, "games/guild_embed.html", context)


@login_required
@require_POST
def new_link(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Give a game another share link."""
    return run_action(request, game_id, lambda now: actions.renew_share_link(game_id, actor(request), now), once=True)


def _card_path(game: Game, card: Card) -> str:
    return reverse("shared-card", args=[game.pk, game.share_token, card.mark])


def _shared_game_or_404(game_id: int, token: UUID) -> Game:
    game = find_shared_game(game_id, token)
    if game is None:
        raise Http404
    return game
