"""The API: the routers of all features, and how errors are told."""

import logging
from dataclasses import replace
from importlib import import_module

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

import games
from games.api import problems, wording
from games.api.base import repeated
from games.api.caller import ApiRequest
from games.api.routes import router
from games.offers.schedule_conflicts import ScheduleConflict
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ROLES_UNKNOWN, TooManyWait
from guilds.sent_forms.idempotency import AlreadySent
from guilds.sent_forms.resubmission import FormNotTaken

log = logging.getLogger(__name__)

DESCRIPTION = (
    "Everything the site does, for programs. Make a token on your page *API tokens*. Send it as "
    "`Authorization: Bearer gs_…`. It can do what you can do, at that moment.\n\n"
    "Ids are strings; times are ISO 8601 with their offset. Errors are `application/problem+json` with a `code`. Lists "
    "have pages: pass `next` on as `after`. Any request that changes something takes an `Idempotency-Key`: sent twice, "
    "it acts once. `If-Match` with a game's `ETag` refuses an edit that someone else's came before."
)

# The features with an `api.py`, in the order of the docs, with their headings there.
FEATURES = {
    "pages": "Servers and lists",
    "scheduling": "Games",
    "signups": "Sign-ups",
    "offers": "Sign-ups",
    "confirmations": "Sign-ups",
    "hosts": "Hosts",
    "minimum_players": "Hosts",
    "series": "Series",
    "polls": "Polls",
    "posts": "In Discord",
    "companions": "In Discord",
    "sharing": "Sharing",
    "feeds": "Calendars",
    "reminders": "Notifications",
    "deliveries": "Notifications",
    "attendance": "Attendance",
    "server_settings": "Settings",
    "webhooks": "Webhooks",
}

api = NinjaAPI(
    title="Game Scheduler",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
for feature in FEATURES:
    import_module(f"{games.__name__}.{feature}.api")
for found in router.path_operations.values():
    for operation in found.operations:
        operation.tags = [FEATURES[operation.view_func.__module__.split(".")[1]]]
        operation.summary, operation.description = (operation.description or "").removesuffix("."), ""
api.add_router("", router)


@api.exception_handler(Refused)
def _refused(request: ApiRequest, error: Refused) -> HttpResponse:
    if isinstance(error, ScheduleConflict) and request.token.guild_id is not None:
        # It names games of all servers, of which this token reaches one.
        return problems.refused(replace(error.refusal, sentence=wording.OVERLAP))
    return problems.refused(error.refusal)


@api.exception_handler(problems.ApiProblem)
def _problem(request: HttpRequest, error: problems.ApiProblem) -> HttpResponse:
    return problems.problem(error.status, error.code, error.sentence, error.fields)


@api.exception_handler(AlreadySent)
def _already_sent(request: ApiRequest, error: AlreadySent) -> HttpResponse:
    try:
        return repeated(request, error.earlier)
    except problems.ApiProblem as other:
        return _problem(request, other)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.problem(404, "not_found", gettext(wording.NOT_FOUND))


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problems.problem(401, "no_token", gettext(wording.NO_TOKEN))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problems.problem(403, "not_yours", str(error) or gettext(wording.NOT_FOUND))


@api.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.unreadable(error.errors)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.problem(error.status_code, "bad_request", gettext(wording.BAD_REQUEST))


@api.exception_handler(FormNotTaken)
def _not_taken(request: HttpRequest, error: FormNotTaken) -> HttpResponse:
    return problems.problem(503, "not_known", gettext(error.sentence))


@api.exception_handler(TooManyWait)
def _too_many_wait(request: HttpRequest, error: TooManyWait) -> HttpResponse:
    return problems.problem(503, "not_known", gettext(ROLES_UNKNOWN))


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path)
    return problems.problem(500, "failed", gettext(wording.FAILED))
