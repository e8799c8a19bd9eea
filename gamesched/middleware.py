"""Middleware for all requests."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

Handler = Callable[[HttpRequest], HttpResponse]


def health(get_response: Handler) -> Handler:
    """Answer /healthz before anything else: 200 if this process reaches its database, else 503.

    It comes first in the list, so that a probe needs no valid host name and creates no session.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path != "/healthz":
            return get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            return HttpResponse("The database cannot be reached.\n", status=503, content_type="text/plain")
        return HttpResponse("ok\n", content_type="text/plain")

    return middleware


def redirect_to_public_url(get_response: Handler) -> Handler:
    """Redirect pages requested under another host name to PUBLIC_URL.

    The log-in returns to PUBLIC_URL; if it started at 127.0.0.1, its cookie would be missing at localhost.
    """
    address = urlsplit(settings.PUBLIC_URL)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "GET" and address.netloc and request.get_host() != address.netloc:
            return HttpResponseRedirect(settings.PUBLIC_URL + request.get_full_path())
        return get_response(request)

    return middleware


def no_store(get_response: Handler) -> Handler:
    """Forbid caching of pages, in proxies and for the back button: they are live, and differ by person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return middleware
