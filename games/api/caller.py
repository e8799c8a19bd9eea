"""Who calls the API: the person of a token, as far as its scopes and its server reach."""

import math
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from ninja.security import HttpBearer

from games.api import wording
from games.api.problems import ApiProblem
from games.api.tokens import find_token
from games.core.base import Actor, EntryPoint
from games.models import ApiScope, ApiToken
from gamesched.lib.clock import db_now
from gamesched.lib.minute_limits import count_in_minute, left_in_minute
from guilds.http import ViewerRequest
from guilds.languages import default_language, language_of_person

REQUESTS_A_MINUTE = 120


class ApiRequest(ViewerRequest):
    """A request with a token that is known: `user` is its person."""

    token: ApiToken
    now: datetime
    limit_headers: dict[str, str]


class Caller(HttpBearer):
    """Lets tokens with a scope pass, so many times in a minute."""

    def __init__(self, scope: ApiScope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Take the token's person as the viewer, and count the request."""
        # Not by its body: what stands before may have read it as a form.
        is_empty = request.META.get("CONTENT_LENGTH") in {None, "", "0"}
        if request.method != "GET" and not is_empty and request.content_type != "application/json":
            raise ApiProblem(415, "not_json", wording.NOT_JSON)
        now = db_now()
        found = find_token(token, now)
        if found is None:
            raise ApiProblem(401, "bad_token", wording.BAD_TOKEN)
        left, seconds = left_in_minute(found, "requests", REQUESTS_A_MINUTE, now)
        headers = {
            "RateLimit-Limit": str(REQUESTS_A_MINUTE),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(seconds),
        }
        request.limit_headers = headers  # type: ignore[attr-defined]
        rows = ApiToken.objects.filter(pk=found.pk)
        if not count_in_minute(rows, "requests", REQUESTS_A_MINUTE, now, last_used_at=now):
            headers |= {"RateLimit-Remaining": "0", "Retry-After": str(math.ceil(seconds))}
            raise ApiProblem(429, "too_often", wording.TOO_OFTEN)
        if self.scope not in found.scopes:
            raise ApiProblem(403, "scope_needed", wording.scope_needed(self.scope))
        request.user, request.token, request.now = found.user, found, now  # type: ignore[attr-defined]
        translation.activate(language_of_person(found.user) or translation.get_language() or default_language())
        return found


READ, PLAY, HOST, MANAGE = (Caller(scope) for scope in (ApiScope.READ, ApiScope.PLAY, ApiScope.HOST, ApiScope.MANAGE))


def actor(request: ApiRequest) -> Actor:
    """Return the token's person as an actor."""
    return Actor(request.user, EntryPoint.API)
