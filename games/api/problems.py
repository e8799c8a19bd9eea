"""Errors of the API, as RFC 9457 writes them: a status, a code for programs, a sentence for people."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext

from games.api import wording
from games.core.settings import SETTINGS
from gamesched.lib.refusal import Refusal

# What a refusal's code means to a client; any other is a conflict with how things stand.
FORBIDDEN = {
    "not_yours", "not_manager", "not_a_member", "not_a_host", "may_not_act", "blocked", "operator",
}  # fmt: skip
STATUSES = dict.fromkeys(FORBIDDEN, 403) | {"stale": 412, "stale_order": 412, "not_known": 503}


def status_of(refusal: Refusal) -> int:
    """Return the status of an action's refusal."""
    if refusal.fields:
        return 422
    return 404 if refusal.code.startswith("unknown") else STATUSES.get(refusal.code, 409)


CODES = {400: "bad_request", 404: "not_found", 405: "bad_method", 413: "too_large", 500: "failed", 503: "not_ready"}

# The fields of our forms, and of what actions refuse, by the names that clients know.
NAMES = {
    "date": "starts_at", "time": "starts_at", "fold": "starts_at", "channel": "channel_id", "template": "template_id",
    "host": "host_id", "announce_date": "announce_at", "announce_time": "announce_at", "silence": "drop_unconfirmed",
    "closes_time": "closes_at",
}  # fmt: skip


# Of wrong parts; what is sent could have a hundred thousand, under names of any length.
FIELDS_MAX, NAME_MAX = 20, 100


class ApiProblem(Exception):
    """Raised where the API itself refuses."""

    def __init__(self, status: int, code: str, sentence: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.sentence, self.fields = status, code, gettext(sentence), fields or {}


def problem(status: int, code: str, sentence: str, fields: Mapping[str, str] | None = None) -> HttpResponse:
    """Return the answer that says what went wrong."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": sentence,
    }
    if fields:
        body["fields"] = dict(fields)
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def refused(refusal: Refusal) -> HttpResponse:
    """Return the answer of an action, or a form, that refused."""
    fields: dict[str, str] = {}
    for name, text in refusal.fields.items():
        known = f"settings.{name}" if name in SETTINGS else NAMES.get(name, name)
        fields[known] = f"{fields[known]} {text}" if known in fields else text
    return problem(status_of(refusal), refusal.code, refusal.sentence, fields)


def unreadable(errors: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """Return the answer to a request whose parts have other shapes than the schema says."""
    # The first part of a place says where it was: body, query, path; the second names our parameter.
    named = ((".".join(map(str, one["loc"][2:])) or str(one["loc"][-1]), str(one["msg"])) for one in errors)
    fields = {name[:NAME_MAX]: text for name, text in islice(named, FIELDS_MAX)}
    return problem(422, "bad_request", gettext(wording.BAD_REQUEST), fields)


def problem_instead(page: HttpResponse) -> HttpResponse:
    """Return the answer in place of a page that refuses: an unknown address, a method, a host, too large a body."""
    status = page.status_code
    response = problem(
        status, CODES.get(status, "refused"), HTTPStatus(status).description or HTTPStatus(status).phrase
    )
    for name in {"Allow", "Cache-Control", "Vary"} & {*page.headers}:
        response[name] = page[name]
    return response
