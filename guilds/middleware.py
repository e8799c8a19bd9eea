"""Middleware about the viewer."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.ids import parse_id
from gamesched.lib.moments import in_zone
from gamesched.lib.orm import DATABASE_AWAY
from gamesched.lib.zones import find_zone, zone_info
from guilds.http import ViewerRequest
from guilds.languages import default_language, language_of_browser, language_of_person
from guilds.models import User
from guilds.profile import set_zone
from guilds.sessions import is_session_of

Handler = Callable[[ViewerRequest], HttpResponse]
ZONE_COOKIE = "zone"  # set by app.js for those who have not chosen a zone


PERSON = CompiledQuery(lambda user_id: User.objects.filter(pk=user_id))
PERSONS_BACKEND = "django.contrib.auth.backends.ModelBackend"


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Django's, which reads an ordinary session's person by a statement that is planned once."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _viewer(request))


def _viewer(request: Any) -> Any:
    if not hasattr(request, "_cached_user"):  # Django's name for it
        request._cached_user = _person_of(request.session) or auth.get_user(request)
    return request._cached_user


def _person_of(session: Mapping[str, Any]) -> User | None:
    """Return the person of a session; None also where Django has to judge: it ended, its secret changed."""
    user_id = parse_id(str(session.get(SESSION_KEY, "")))
    backend = session.get(BACKEND_SESSION_KEY)
    if not user_id or backend != PERSONS_BACKEND or backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    person = PERSON.first(user_id)
    return person if person is not None and person.is_active and is_session_of(session, person) else None


def activate_language(get_response: Handler) -> Handler:
    """Show pages in their person's language; to one who chose none, in the browser's."""

    def middleware(request: ViewerRequest) -> HttpResponse:
        own = _own_language(request)
        asked = own or language_of_browser(request)
        request.asks_language = bool(asked)
        with translation.override(asked or default_language()):
            response = get_response(request)
            shown = translation.get_language() or default_language()  # a page for strangers may speak its guild's
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", shown)
            if not own:
                patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def _own_language(request: ViewerRequest) -> str:
    try:
        person: User | AnonymousUser = request.user
        return language_of_person(person) if isinstance(person, User) else ""
    except DATABASE_AWAY:
        return ""  # the page itself says so, or needs no database


def zone_taken(zone: str, clock: str) -> str:
    """Return what a person reads once, when the browser's zone becomes theirs."""
    text = _("We show times in your browser's time zone, %(zone)s, where it's %(clock)s now. Change it in your menu.")
    return text % {"zone": zone, "clock": clock}


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
