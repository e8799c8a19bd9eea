"""OAuth2's authorization code grant: https://discord.com/developers/docs/topics/oauth2"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from gamesched.local_discord.api.request import SERVICES, ApiRequest, Route, Services, json_response
from gamesched.local_discord.oauth.grants import TOKEN_LIFETIME, Grant
from gamesched.local_discord.oauth.invitation import accept_invitation, invitation_body, is_invitation
from gamesched.local_discord.page.assets import read_asset
from gamesched.local_discord.state.entities import APPLICATION_ID, CLIENT_SECRET, Json, User, avatar_path
from gamesched.local_discord.state.state import State

SCOPES = {"identify", "email", "guilds", "guilds.members.read", "bot", "applications.commands", "openid"}


class InvalidAuthorizationRequest(Exception):
    """An authorization request with an error that must not be sent to the redirect address."""


def check_authorization_request(query: Mapping[str, str], redirect_uris: tuple[str, ...]) -> frozenset[str]:
    """Return the requested scopes. Raise InvalidAuthorizationRequest with the reason to show."""
    if query.get("client_id") != str(APPLICATION_ID):
        raise InvalidAuthorizationRequest(f"Unknown application: client_id must be {APPLICATION_ID}.")
    if is_invitation(query):
        return frozenset(query["scope"].split()) & SCOPES
    if query.get("response_type") != "code":
        raise InvalidAuthorizationRequest("Unsupported response type: response_type must be code.")
    if query.get("redirect_uri") not in redirect_uris:
        raise InvalidAuthorizationRequest(f"Invalid OAuth2 redirect_uri. Registered: {', '.join(redirect_uris)}")
    scopes = frozenset(query.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        raise InvalidAuthorizationRequest(f"Invalid scope: {query.get('scope', '')!r}.")
    if query.get("code_challenge_method", "S256") not in ("S256", "plain"):
        raise InvalidAuthorizationRequest("Invalid code_challenge_method: S256 or plain.")
    return scopes


async def authorize_page(request: web.Request) -> web.Response:
    """Show a choice of people. Always, even with prompt=none, so that one can change the person."""
    services = request.app[SERVICES]
    try:
        scopes = check_authorization_request(request.query, services.settings.redirect_uris)
    except InvalidAuthorizationRequest as reason:
        return _html_page("<h1>Invalid request</h1><p>" + escape(str(reason)) + "</p>", 400)
    if is_invitation(request.query):
        return _html_page(invitation_body(services.state, request.query, f"?{request.query_string}"))
    people = "".join(
        f'<button name="person" value="{user.id}"><img src="{avatar_path(user)}" alt="">'
        f"<span>{escape(user.global_name or user.username)}</span>"
        f"<small>{escape(_roles_text(services.state, user))}</small></button>"
        for user in services.state.people()[:100]
    )
    scope_names = escape(", ".join(sorted(scopes)))
    return _html_page(
        f"<h1>Who are you?</h1><p><b>{escape(services.state.bot.username)}</b> wants to know: {scope_names}.</p>"
        f'<form method="post" action="?{escape(request.query_string)}"><div class="people">{people}</div>'
        f'<button name="person" value="" class="cancel">Cancel</button></form>'
    )


async def authorize(request: web.Request) -> web.Response:
    """Redirect to the application with a code, or with access_denied; or add the bot to a server."""
    services = request.app[SERVICES]
    query = request.query
    try:
        scopes = check_authorization_request(query, services.settings.redirect_uris)
    except InvalidAuthorizationRequest as reason:
        return _html_page("<h1>Invalid request</h1><p>" + escape(str(reason)) + "</p>", 400)
    form = await request.post()
    if is_invitation(query):
        added = accept_invitation(services.state, query, str(form.get("guild", "")))
        return _html_page(added) if added else _html_page("<h1>Invalid request</h1><p>No such server.</p>", 400)
    chosen = str(form.get("person", ""))
    user = next((user for user in services.state.people() if chosen in (str(user.id), user.username)), None)
    state = {"state": query["state"]} if "state" in query else {}
    if user is None:
        denied = {
            "error": "access_denied",
            "error_description": "The resource owner denied the request",
        }
        raise web.HTTPFound(_add_query(query["redirect_uri"], denied | state))
    grant = Grant(
        user_id=user.id,
        scopes=scopes,
        redirect_uri=query["redirect_uri"],
        code_challenge=query.get("code_challenge", ""),
        code_challenge_method=query.get("code_challenge_method", "plain"),
        issued_at=services.state.clock(),
    )
    raise web.HTTPFound(_add_query(query["redirect_uri"], {"code": services.grants.issue_code(grant)} | state))


async def exchange_code(request: ApiRequest) -> web.Response:
    """Exchange a code for an access token. Errors are OAuth2's, not Discord's."""
    form = {key: str(value) for key, value in (await request.http_request.post()).items()}
    if not _is_authenticated_client(request.http_request, form):
        return json_response({"error": "invalid_client"}, 401)
    if form.get("grant_type") == "client_credentials":
        return _issue_to_owner(request.services, form)
    if form.get("grant_type") != "authorization_code":
        return json_response({"error": "unsupported_grant_type"}, 400)
    problem, grant = _redeem_code(request.services, form)
    if grant is None:
        return json_response({"error": "invalid_grant", "error_description": problem}, 400)
    payload: Json = {
        "token_type": "Bearer",
        "access_token": request.services.grants.issue_token(grant),
        "expires_in": TOKEN_LIFETIME,
        "refresh_token": secrets.token_urlsafe(22),
        "scope": " ".join(sorted(grant.scopes)),
    }
    return json_response(payload)


def _issue_to_owner(services: Services, form: Mapping[str, str]) -> web.Response:
    """Return a token of the application's owner, here the first person."""
    scopes = frozenset(form.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        return json_response({"error": "invalid_scope"}, 400)
    grant = Grant(user_id=services.state.people()[0].id, scopes=scopes, redirect_uri="")
    payload: Json = {
        "token_type": "Bearer",
        "access_token": services.grants.issue_token(grant),
        "expires_in": TOKEN_LIFETIME,
        "scope": " ".join(sorted(scopes)),
    }
    return json_response(payload)


def _roles_text(state: State, user: User) -> str:
    """Return a few words on what this person can try out."""
    words = []
    for guild in state.guilds_of(user.id):
        if state.bot.id not in guild.members:
            continue
        roles = [guild.roles[each].name for each in guild.members[user.id].roles if each in guild.roles]
        words += ["Owner", *roles] if guild.owner_id == user.id else roles or ["Member"]
    words = words or ["In no server with the bot"]
    return ", ".join(dict.fromkeys(words if user.dms_open else [*words, "takes no direct messages"]))


def _is_authenticated_client(request: web.Request, form: Mapping[str, str]) -> bool:
    credentials = (form.get("client_id", ""), form.get("client_secret", ""))
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        try:
            name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        except ValueError:
            return False
        credentials = (name, secret)
    return credentials == (str(APPLICATION_ID), CLIENT_SECRET)


def _redeem_code(services: Services, form: Mapping[str, str]) -> tuple[str, Grant | None]:
    grant = services.grants.redeem_code(form.get("code", ""))
    if grant is None:
        return 'Invalid "code" in request.', None
    if form.get("redirect_uri") != grant.redirect_uri:
        return 'Invalid "redirect_uri" in request.', None
    if grant.code_challenge and not _matches_code_challenge(form.get("code_verifier", ""), grant):
        return 'Invalid "code_verifier" in request.', None
    return "", grant


def _matches_code_challenge(verifier: str, grant: Grant) -> bool:
    if grant.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return secrets.compare_digest(verifier.encode(), grant.code_challenge.encode())


def _add_query(address: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode(parse_qsl(parts.query) + list(parameters.items()))))


def _html_page(body: str, status: int = 200) -> web.Response:
    text = read_asset("authorize.html").replace("<!-- body -->", body)
    return web.Response(text=text, status=status, content_type="text/html")


ROUTES = [Route("POST", "/oauth2/token", exchange_code, exempt_from_global=True)]
