"""OAuth2's authorization code grant: https://discord.com/developers/docs/topics/oauth2"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from gamesched.local_discord.api.request import SERVICES, Call, Route, Services, answer
from gamesched.local_discord.oauth.grants import TOKEN_LIVES, Grant
from gamesched.local_discord.page.assets import read_asset
from gamesched.local_discord.state.entities import APPLICATION_ID, CLIENT_SECRET, Json, User
from gamesched.local_discord.state.state import World

SCOPES = {"identify", "email", "guilds", "guilds.members.read", "bot", "applications.commands", "openid"}


class Refused(Exception):
    """The request to authorize is wrong in a way that must not be sent back to the redirect address."""


def check_request(query: Mapping[str, str], redirects: tuple[str, ...]) -> frozenset[str]:
    """The scopes asked for. Raises Refused with the reason to show."""
    if query.get("client_id") != str(APPLICATION_ID):
        raise Refused(f"Unknown application: client_id must be {APPLICATION_ID}.")
    if query.get("response_type") != "code":
        raise Refused("Unsupported response type: response_type must be code.")
    if query.get("redirect_uri") not in redirects:
        raise Refused(f"Invalid OAuth2 redirect_uri. Registered: {', '.join(redirects)}")
    scopes = frozenset(query.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        raise Refused(f"Invalid scope: {query.get('scope', '')!r}.")
    if query.get("code_challenge_method", "S256") not in ("S256", "plain"):
        raise Refused("Invalid code_challenge_method: S256 or plain.")
    return scopes


async def authorize_page(request: web.Request) -> web.Response:
    """Ask who the person is. Always, even with prompt=none: that is how one changes who one is."""
    services = request.app[SERVICES]
    try:
        scopes = check_request(request.query, services.settings.redirects)
    except Refused as reason:
        return _page("<h1>Invalid request</h1><p>" + escape(str(reason)) + "</p>", 400)
    people = "".join(
        f'<button name="person" value="{user.id}"><img src="/embed/avatars/{user.id % 6}.png" alt="">'
        f"<span>{escape(user.global_name or user.username)}</span>"
        f"<small>{escape(_standing(services.world, user))}</small></button>"
        for user in services.world.people()[:100]
    )
    wanted = escape(", ".join(sorted(scopes)))
    return _page(
        f"<h1>Who are you?</h1><p><b>{escape(services.world.bot.username)}</b> wants to know: {wanted}.</p>"
        f'<form method="post" action="?{escape(request.query_string)}"><div class="people">{people}</div>'
        f'<button name="person" value="" class="cancel">Cancel</button></form>'
    )


async def authorize(request: web.Request) -> web.Response:
    """The person decided: back to the application with a code, or with access_denied."""
    services = request.app[SERVICES]
    query = request.query
    try:
        scopes = check_request(query, services.settings.redirects)
    except Refused as reason:
        return _page("<h1>Invalid request</h1><p>" + escape(str(reason)) + "</p>", 400)
    chosen = str((await request.post()).get("person", ""))
    user = next((user for user in services.world.people() if chosen in (str(user.id), user.username)), None)
    state = {"state": query["state"]} if "state" in query else {}
    if user is None:
        denied = {
            "error": "access_denied",
            "error_description": "The resource owner denied the request",
        }
        raise web.HTTPFound(_with(query["redirect_uri"], denied | state))
    grant = Grant(
        user_id=user.id,
        scopes=scopes,
        redirect_uri=query["redirect_uri"],
        challenge=query.get("code_challenge", ""),
        challenge_method=query.get("code_challenge_method", "plain"),
        given_at=services.world.clock(),
    )
    raise web.HTTPFound(_with(query["redirect_uri"], {"code": services.grants.give_code(grant)} | state))


async def token(call: Call) -> web.Response:
    """Exchange a code for an access token. Errors are OAuth2's, not Discord's."""
    form = {key: str(value) for key, value in (await call.request.post()).items()}
    if not _is_client(call.request, form):
        return answer({"error": "invalid_client"}, 401)
    if form.get("grant_type") != "authorization_code":
        return answer({"error": "unsupported_grant_type"}, 400)
    problem, grant = _redeem(call.services, form)
    if grant is None:
        return answer({"error": "invalid_grant", "error_description": problem}, 400)
    told: Json = {
        "token_type": "Bearer",
        "access_token": call.services.grants.give_token(grant),
        "expires_in": TOKEN_LIVES,
        "refresh_token": secrets.token_urlsafe(22),
        "scope": " ".join(sorted(grant.scopes)),
    }
    return answer(told)


def _standing(world: World, user: User) -> str:
    """A few words on what this person can try out."""
    words = []
    for guild in world.guilds_of(user.id):
        if world.bot.id not in guild.members:
            continue
        roles = [guild.roles[each].name for each in guild.members[user.id].roles if each in guild.roles]
        words += ["Owner", *roles] if guild.owner_id == user.id else roles or ["Member"]
    words = words or ["In no server with the bot"]
    return ", ".join(dict.fromkeys(words if user.dms_open else [*words, "takes no direct messages"]))


def _is_client(request: web.Request, form: Mapping[str, str]) -> bool:
    given = (form.get("client_id", ""), form.get("client_secret", ""))
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        try:
            name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        except ValueError:
            return False
        given = (name, secret)
    return given == (str(APPLICATION_ID), CLIENT_SECRET)


def _redeem(services: Services, form: Mapping[str, str]) -> tuple[str, Grant | None]:
    grant = services.grants.use_code(form.get("code", ""))
    if grant is None:
        return 'Invalid "code" in request.', None
    if form.get("redirect_uri") != grant.redirect_uri:
        return 'Invalid "redirect_uri" in request.', None
    if grant.challenge and not _proves(form.get("code_verifier", ""), grant):
        return 'Invalid "code_verifier" in request.', None
    return "", grant


def _proves(verifier: str, grant: Grant) -> bool:
    if grant.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return secrets.compare_digest(verifier.encode(), grant.challenge.encode())


def _with(address: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode(parse_qsl(parts.query) + list(more.items()))))


def _page(body: str, status: int = 200) -> web.Response:
    text = read_asset("authorize.html").replace("<!-- body -->", body)
    return web.Response(text=text, status=status, content_type="text/html")


ROUTES = [Route("POST", "/oauth2/token", token, exempt=True)]
