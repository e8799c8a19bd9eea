"""Pictures by their addresses. Anybody may fetch one: Discord does, and shows it to whoever reads the post."""

from collections.abc import Callable
from typing import Any, TypeVar

from csp.constants import NONE
from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET

from games.models import Game, Picture
from games.pictures import drawing
from games.pictures.actions import store_drawn_cover
from games.pictures.addresses import drawing_mark, drawn_from

YEAR = 365 * 24 * 60 * 60  # seconds


def _serve(request: HttpRequest, etag: str, read: Callable[[], bytes | memoryview]) -> HttpResponse:
    """Return a picture for ever: another one has another address. One that the asker has is not read again."""
    unchanged = get_conditional_response(request, etag, None, None)
    # `*` means any that there is, which only reading shows.
    is_any = request.headers.get("If-None-Match", "").strip() == "*"
    is_known = unchanged is not None and unchanged.status_code == 304 and not is_any
    response = HttpResponseNotModified() if is_known else HttpResponse(bytes(read()), content_type="image/webp")
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


View = TypeVar("View", bound=Callable[..., HttpResponse])


def _alone(view: View) -> View:
    """Have what a view returns be a picture and nothing else where it is opened alone."""
    policy: Any = csp({"default-src": [NONE], "frame-ancestors": [NONE], "sandbox": True})
    protected: View = policy(view)
    return protected


@_alone
@require_GET
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """Return a stored picture."""
    return _serve(request, f'"{name}"', lambda: _stored(name, "content"))


@_alone
@require_GET
def small_picture(request: HttpRequest, name: str) -> HttpResponse:
    """Return a stored picture in small."""
    return _serve(request, f'"{name}-small"', lambda: _stored(name, "small"))


def _stored(name: str, size: str) -> bytes | memoryview:
    content: bytes | memoryview | None = Picture.objects.filter(name=name).values_list(size, flat=True).first()
    if content is None:
        raise Http404
    return content


@_alone
@require_GET
def drawn_picture(request: HttpRequest, game_id: int, mark: str) -> HttpResponse:
    """Return the cover that is drawn for a game; it is drawn when it is first asked for."""
    return _serve(request, f'"{mark}{drawing.VERSION}"', lambda: _drawn(game_id, mark))


def _drawn(game_id: int, mark: str) -> bytes | memoryview:
    games = Game.objects.select_related("guild").only("title", "guild__icon", "guild__icon_colour")
    game = games.filter(pk=game_id).first()
    # Under another title it had another address.
    for letters in (True, False):
        if game is not None and constant_time_compare(drawing_mark(game, letters), mark):
            stored = Picture.objects.filter(drawn_from=drawn_from(game, letters))
            return stored.values_list("content", flat=True).first() or store_drawn_cover(game, letters).content
    raise Http404
