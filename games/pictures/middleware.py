"""How much a request may send: a form's text everywhere, and two pictures where a form takes them."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from games.pictures import wording
from gamesched.middleware import API

MEGABYTE = 1024 * 1024
# More than two pictures of their limit: one that is a little too large is refused by its field, and no text is lost.
PICTURES_MEGABYTES_MAX = 40
# No operation takes near as much; what is wrong in two megabytes of JSON took seconds to say.
API_BYTES_MAX = MEGABYTE // 4
VIEWS_WITH_PICTURES = {
    "guild-imports",
    "game-new",
    "game-edit",
    "game-edit-later",
    "game-again",
    "guild-settings",
    "guild-channel",
    "template",
    "template-new",
    "games_game_add",
    "games_game_change",
    "games_guilddefaults_change",
    "games_channeldefaults_change",
    "games_gametemplate_change",
}


def limit_body(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 413 to a request that sends too much, before anything reads it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        if request.path_info.startswith(API):
            most = API_BYTES_MAX
        elif length > most and takes_pictures(request.path_info):
            most = PICTURES_MEGABYTES_MAX * MEGABYTE
        if length <= most:
            return get_response(request)
        return render(request, "413.html", {"sentence": wording.too_large_request(most // MEGABYTE)}, status=413)

    return middleware


def takes_pictures(path: str) -> bool:
    """Return whether the form at an address takes pictures."""
    try:
        return resolve(path).url_name in VIEWS_WITH_PICTURES
    except Resolver404:
        return False
