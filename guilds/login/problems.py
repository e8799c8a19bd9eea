"""Ways in which a log-in with Discord can fail: codes, how each is recognised, and what the person reads."""

from enum import Enum
from http import HTTPStatus
from typing import Any

import requests
from allauth.socialaccount.providers.base import ProviderException
from django.utils.translation import gettext_noop


class LoginProblem(Enum):
    """Why a log-in failed."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    OUTAGE = "outage"
    LIMITED = "limited"
    BLOCKED = "blocked"
    UNREADABLE = "unreadable"
    CODE_REFUSED = "code_refused"
    SECRET_REFUSED = "secret_refused"  # noqa: S105
    MISCONFIGURED = "misconfigured"
    REFUSED = "refused"


class LoginFailed(ProviderException):  # type: ignore[misc]
    """Raised while a log-in is completed, with its problem."""

    def __init__(self, problem: LoginProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


# The `error` with which Discord sends people back: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
REDIRECT_ERRORS = {
    "access_denied": LoginProblem.CANCELLED,
    "server_error": LoginProblem.OUTAGE,
    "temporarily_unavailable": LoginProblem.OUTAGE,
    "invalid_request": LoginProblem.MISCONFIGURED,
    "invalid_scope": LoginProblem.MISCONFIGURED,
    "unauthorized_client": LoginProblem.MISCONFIGURED,
    "unsupported_response_type": LoginProblem.MISCONFIGURED,
}
# The `error` of the token endpoint: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
TOKEN_ERRORS = {
    "invalid_client": LoginProblem.SECRET_REFUSED,
    "invalid_grant": LoginProblem.CODE_REFUSED,
    "invalid_request": LoginProblem.MISCONFIGURED,
    "invalid_scope": LoginProblem.MISCONFIGURED,
    "unauthorized_client": LoginProblem.MISCONFIGURED,
    "unsupported_grant_type": LoginProblem.MISCONFIGURED,
}

# Title, what happened, and what to do.
TEXTS = {
    LoginProblem.CANCELLED: (
        gettext_noop("You were not logged in"),
        gettext_noop("You chose Cancel at Discord, so nothing was shared."),
        gettext_noop("Log in when you're ready. We ask only for your name and servers."),
    ),
    LoginProblem.EXPIRED: (
        gettext_noop("That log-in has expired"),
        gettext_noop("You started it in another tab, used it already, or cookies are off."),
        gettext_noop("Log in again from here. If this page comes back, allow cookies for this site."),
    ),
    LoginProblem.UNREACHABLE: (
        gettext_noop("Discord doesn't answer"),
        gettext_noop("We couldn't reach Discord to check who you are."),
        gettext_noop("Try again in a minute. discordstatus.com shows Discord's outages."),
    ),
    LoginProblem.OUTAGE: (
        gettext_noop("Discord doesn't answer"),
        gettext_noop("Discord has a fault of its own and logs nobody in right now."),
        gettext_noop("Try again in a few minutes. discordstatus.com shows Discord's outages."),
    ),
    LoginProblem.LIMITED: (
        gettext_noop("Discord asks us to slow down"),
        gettext_noop("Too many people are logging in at once."),
        gettext_noop("Wait a minute, then log in again."),
    ),
    LoginProblem.BLOCKED: (
        gettext_noop("Discord refuses this site"),
        gettext_noop("Discord doesn't answer requests from this site's server."),
        gettext_noop("Try again in an hour. If it stays, tell this site's operator that Discord blocks the server."),
    ),
    LoginProblem.UNREADABLE: (
        gettext_noop("Discord's answer made no sense"),
        gettext_noop("We couldn't read from it who you are."),
        gettext_noop("Try again in a few minutes. discordstatus.com shows Discord's outages."),
    ),
    LoginProblem.CODE_REFUSED: (
        gettext_noop("Discord refused the log-in"),
        gettext_noop("Its code was used already, or is too old."),
        gettext_noop("Log in again from here."),
    ),
    LoginProblem.SECRET_REFUSED: (
        gettext_noop("Discord refused this site"),
        gettext_noop("This site's own password at Discord is wrong."),
        gettext_noop("Tell this site's operator to check DISCORD_CLIENT_SECRET."),
    ),
    LoginProblem.MISCONFIGURED: (
        gettext_noop("Discord refused this site"),
        gettext_noop("This site isn't set up at Discord as it should be."),
        gettext_noop("Tell this site's operator to check its redirect address in Discord's developer portal."),
    ),
    LoginProblem.REFUSED: (
        gettext_noop("Discord refused the log-in"),
        gettext_noop("It didn't let us ask who you are."),
        gettext_noop("Log in again. If this page comes back, tell this site's operator."),
    ),
}

# Of the others, Discord or this site's operator is the cause.
OWN_CHOICE = {LoginProblem.CANCELLED, LoginProblem.EXPIRED}
FOR_THE_OPERATOR = {LoginProblem.BLOCKED, LoginProblem.SECRET_REFUSED, LoginProblem.MISCONFIGURED}


def find_problem(redirect_error: str | None, exception: Exception | None) -> LoginProblem:
    """Return why a log-in failed, from the `error` in the address and what was raised."""
    if redirect_error is not None:
        return REDIRECT_ERRORS.get(redirect_error, LoginProblem.REFUSED)
    if isinstance(exception, LoginFailed):
        return exception.problem
    if isinstance(exception, requests.RequestException):
        return LoginProblem.UNREACHABLE
    # No code, or a state that is not this browser's.
    return LoginProblem.EXPIRED if exception is None else LoginProblem.REFUSED


def read_json(response: requests.Response) -> Any:
    """Return the JSON of a successful response of Discord. Raise LoginFailed."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if response.ok and body is not None:
        return body
    raise LoginFailed(_problem_of(response.status_code, body))


def _problem_of(status: int, body: Any) -> LoginProblem:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return LoginProblem.LIMITED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return LoginProblem.OUTAGE
    if status < HTTPStatus.BAD_REQUEST:
        return LoginProblem.UNREADABLE
    if not isinstance(body, dict):
        # Discord itself answers in JSON. Before it stands Cloudflare, which bans addresses and programs.
        return LoginProblem.BLOCKED if status == HTTPStatus.FORBIDDEN else LoginProblem.UNREADABLE
    error = body.get("error")
    return TOKEN_ERRORS.get(error, LoginProblem.REFUSED) if isinstance(error, str) else LoginProblem.REFUSED
