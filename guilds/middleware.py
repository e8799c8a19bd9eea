"""Middleware about the viewer."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone

from gamesched.lib.moments import in_zone
from gamesched.lib.zones import find_zone, zone_info
from guilds.http import ViewerRequest
from guilds.profile import set_zone

Handler = Callable[[ViewerRequest], HttpResponse]
ZONE_COOKIE = "zone"  # set by app.js for those who have not chosen a zone


def zone_taken(zone: str, clock: str) -> str:
    """Return what a person reads once, when the browser's zone becomes theirs."""
    return f"Times are shown in your browser's time zone, {zone}, where it is {clock} now. Change it in your menu."


def take_browser_zone(get_response: Handler) -> Handler:
    """Take the browser's zone for a person who has not chosen one, and say so once.

    Before it was only offered, and who overlooked that scheduled games an hour or more off.
    """

    def middleware(request: ViewerRequest) -> HttpResponse:
        sent = request.COOKIES.get(ZONE_COOKIE)
        if sent is None or request.method != "GET" or request.htmx or not request.user.is_authenticated:
            return get_response(request)
        zone = find_zone(sent)
        if zone is not None and not request.user.zone:
            set_zone(request.user, zone)
            clock = f"{in_zone(timezone.now(), zone_info(zone)):%H:%M}"
            messages.info(request, zone_taken(zone.replace("_", " "), clock))
        response = get_response(request)
        response.delete_cookie(ZONE_COOKIE, samesite="Lax")
        return response

    return middleware
