"""Middleware for all requests."""

import codecs
import re
import time
from collections.abc import Callable
from itertools import chain
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.templatetags.static import static
from django.utils.cache import add_never_cache_headers

from gamesched.lib import tracing
from gamesched.lib.clock import db_now
from gamesched.lib.metrics import PAGE
from gamesched.lib.proxies import client_address, parse_networks
from gamesched.lib.readiness import TOO_NEW, Problem, database_problem
from gamesched.lib.text import is_storable
from notifications import health

Handler = Callable[[HttpRequest], HttpResponse]

# Whether a proxy passed the request on, which nothing else may say: real_client sets it.
FORWARDED = "gamesched.forwarded"
SET_BY_PROXIES = (
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED",
    "HTTP_VIA",
)  # fmt: skip
LIVE = "/live/"
REDIRECTED, REDIRECTED_FOR, MAX_REDIRECTS = "redirected", 5, 3  # a cookie, its seconds, and how many are no accident
READY = "/readyz"
MIGRATED_FOR = 10.0  # seconds
_migrated_until = 0.0  # by `time.monotonic`
# Seconds for which a process serves on while its successor has migrated the database: longer than any upgrade takes.
SUCCEEDED_FOR = 600.0
PROBES = ("/healthz", READY)
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
API, API_METHODS = "/api/", (*METHODS, "PUT", "PATCH", "DELETE")
# Pictures and archives are compressed already, and an event stream must not wait for more to compress.
COMPRESSED_TYPES = re.compile(r"text/(?!event-stream)|application/(.*json|javascript)|image/(svg|x-icon)")
UNCOMPRESSED_STATUSES = {204, 206, 304}  # they have no body, or a part of one
PREFETCHES = "prefetch.speculationrules"  # the file that says which links browsers may fetch before they are followed
# What our pages never use, so that no script that gets into one can.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "sync-xhr",
        "usb",
        "xr-spatial-tracking",
    )
)


def measure(get_response: Handler) -> Handler:
    """Count and trace each answer by view, status and seconds. What no view answered, such as a file, has no view."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began, span = time.perf_counter(), tracing.begin("", tracing.Kind.SERVER)
        with tracing.within(span):
            response = get_response(request)
        view = request.resolver_match.view_name if request.resolver_match is not None else ""
        if span is not None and view:
            span.name = f"{request.method} {view}"
            status = response.status_code
            tracing.end(span, failed=status >= 500, status=status)
        PAGE.labels(view, response.status_code).observe(time.perf_counter() - began)
        return response

    return middleware


def real_client(get_response: Handler) -> Handler:
    """Set the address and the scheme by which people ask, whatever stands between.

    The address is the client's, as a proxy in TRUSTED_PROXIES says; what anybody else forwards is dropped. The scheme
    is that of PUBLIC_URL: it is what people type, and whether a proxy ends TLS is the operator's matter.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        meta[FORWARDED] = any(name in meta for name in SET_BY_PROXIES)
        forwarded_for = meta.pop("HTTP_X_FORWARDED_FOR", "")
        for name in ("HTTP_FORWARDED", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_REAL_IP"):
            meta.pop(name, None)
        trusted = parse_networks(settings.TRUSTED_PROXIES)
        meta["REMOTE_ADDR"] = client_address(meta.get("REMOTE_ADDR", ""), forwarded_for, trusted)
        meta["HTTP_X_FORWARDED_PROTO"] = urlsplit(settings.PUBLIC_URL).scheme
        return get_response(request)

    return middleware


class CompressionMiddleware(GZipMiddleware):
    """Django's, for texts alone. It makes an ETag weak, as which a browser sends it back."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_text = COMPRESSED_TYPES.match(response.get("Content-Type", ""))
        if not is_text or response.status_code in UNCOMPRESSED_STATUSES:
            return response
        return super().process_response(request, response)


def permissions_policy(get_response: Handler) -> Handler:
    """Forbid pages what they do not use, for which Django has no setting."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def methods(get_response: Handler) -> Handler:
    """Refuse methods that nothing here serves, such as TRACE; answer HEAD like GET, whose body the server leaves out.

    Views of pages then need to know of GET and POST only.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        allowed = API_METHODS if request.path.startswith(API) else METHODS
        if request.method not in allowed:
            return HttpResponseNotAllowed(allowed)
        if request.method != "HEAD":
            return get_response(request)
        request.method = "GET"
        try:
            return get_response(request)
        finally:
            request.method = "HEAD"

    return middleware


def probes(get_response: Handler) -> Handler:
    """Answer /healthz before any page: 200 if this process can use its database, else 503 and why not.

    /readyz asks of all programs: 503 while one does not run, sending is held, or something is late.
    The migrations are read every ten seconds; in between the database only has to answer. One that was in order may
    become newer for some minutes: a proxy that asks has to find this version until the next one answers.

    It comes before the rest, so that a probe needs no valid host name and creates no session.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path not in PROBES:
            return get_response(request)
        if (problem := _database_problem()) is not None:
            return HttpResponse(f"{problem.what}\n{problem.next_step}\n", status=503, content_type="text/plain")
        if request.path == READY and (problems := health.problems(db_now())):
            lines = "".join(f"{name}: {problem.what} {problem.next_step}\n" for name, problem in problems.items())
            return HttpResponse(lines, status=503, content_type="text/plain")
        return HttpResponse("ok\n", content_type="text/plain")

    return middleware


def _database_problem() -> Problem | None:
    global _migrated_until
    if time.monotonic() < _migrated_until and _answers():
        return None
    problem = database_problem()
    if problem is None:
        _migrated_until = time.monotonic() + MIGRATED_FOR
    elif problem.code == TOO_NEW and _migrated_until and time.monotonic() < _migrated_until + SUCCEEDED_FOR:
        return None
    return problem


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def refuse_unreadable(get_response: Handler) -> Handler:
    """Answer 400 to an address, a cookie or a charset that no page can read, before anything reads it.

    PostgreSQL stores no NUL, and Python decodes a body by whatever codec the request names: UTF-7, base64.
    Fields of forms are left to the forms, which keep what was typed.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if (charset := (request.content_params or {}).get("charset")) is not None:
            # Django takes no other name of it. Also before a refusal: its page reads the body for the form's token.
            request.encoding = "utf-8"
            if not _is_utf8(charset):
                raise BadRequest("charset")
        sent = (request.path, *request.GET, *chain(*(values for _, values in request.GET.lists())))
        if not all(map(is_storable, (*sent, *request.COOKIES.values()))):
            raise BadRequest("text")
        return get_response(request)

    return middleware


def _is_utf8(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):
        return False


def redirect_to_public_url(get_response: Handler) -> Handler:
    """Redirect pages requested under another host name to PUBLIC_URL.

    The log-in returns to PUBLIC_URL; if it started at 127.0.0.1, its cookie would be missing at localhost. Where a
    proxy leaves out the name that people typed, that would go on for ever, so a page says which header is missing.
    """
    address = urlsplit(settings.PUBLIC_URL)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(LIVE):
            return _lacks("Upgrade and Connection", "Pages can't follow changes live.", 426)
        is_forwarded = request.META.get(FORWARDED, False)
        try:
            host = request.get_host()
        except DisallowedHost:
            if not is_forwarded:
                raise
            host = request.META.get("HTTP_HOST", "")
        if request.method != "GET" or not address.netloc or host == address.netloc:
            return get_response(request)
        redirects = _number(request.COOKIES.get(REDIRECTED, ""))
        if is_forwarded or redirects >= MAX_REDIRECTS:
            return _lacks("Host", f"People type {address.netloc}, but it says {host[:100]}.", 421)
        response = HttpResponseRedirect(settings.PUBLIC_URL + request.get_full_path())
        response.set_cookie(REDIRECTED, str(redirects + 1), max_age=REDIRECTED_FOR, httponly=True, samesite="Lax")
        return response

    return middleware


def _lacks(header: str, detail: str, status: int) -> HttpResponse:
    """Return an answer for whoever sets up the proxy in front."""
    text = f"The proxy in front of this site doesn't pass on {header}. {detail}\nSee docs/deployment.md.\n"
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]", text) else 0


def no_store(get_response: Handler) -> Handler:
    """Forbid caching of pages, in proxies and for the back button: they are live, and differ by person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return middleware


def offer_prefetches(get_response: Handler) -> Handler:
    """Let browsers fetch a page while somebody is about to follow the link to it.

    By Speculation Rules, since pages are never cached, and `<link rel=prefetch>` stores nothing else. Browsers fetch
    few, once each, and none where data are to be saved. A page without a zone of its person's is not fetched ahead:
    the next one takes the browser's zone, and says so once.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_page = response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
        if is_page and "HX-Request" not in request.headers and request.user.is_authenticated and request.user.zone:
            response["Speculation-Rules"] = f'"{static(PREFETCHES)}"'
        return response

    return middleware
