"""The OAuth2 flow with Discord. https://discord.com/developers/docs/topics/oauth2"""

import re
from typing import Any

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.discord.views import DiscordOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from gamesched.lib.ids import parse_id
from guilds.languages import known_locale
from guilds.login.problems import LoginFailed, LoginProblem, read_json

ACCESS_TOKEN = re.compile(r"[!-~]+")  # what may stand in a header
TEXT_FIELDS = ("username", "global_name", "avatar")
MAX_TEXT = 64  # characters, as our columns


class DiscordAdapter(DiscordOAuth2Adapter):  # type: ignore[misc]
    """allauth's adapter, with URLs from the settings, checked responses, and the person's guilds."""

    access_token_url = property(lambda self: f"{settings.DISCORD_API_URL}/oauth2/token")
    authorize_url = property(lambda self: f"{settings.DISCORD_BROWSER_URL}/oauth2/authorize")
    profile_url = property(lambda self: f"{settings.DISCORD_API_URL}/users/@me")

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return the URL registered in the developer portal, whatever host name the request came by."""
        return settings.PUBLIC_URL + reverse("discord_callback")

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: OAuth2Client, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """Exchange the code for a token. Raise LoginFailed: allauth's own tells no failure from another."""
        form = {
            "grant_type": "authorization_code",
            "code": request.GET["code"],
            "redirect_uri": client.callback_url,
            "client_id": client.consumer_key,
            "client_secret": client.consumer_secret,
            "code_verifier": pkce_code_verifier,
        }
        with get_adapter().get_requests_session() as session:
            data = read_json(session.post(self.access_token_url, data=form))
        token = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not ACCESS_TOKEN.fullmatch(token):
            raise LoginFailed(LoginProblem.UNREADABLE)
        self.did_fetch_access_token = True
        return {"access_token": token}

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Fetch the person and their guilds with two calls; the token is used for nothing else. Raise LoginFailed."""
        with get_adapter().get_requests_session() as session:
            session.headers["Authorization"] = f"Bearer {token.token}"
            person = _checked_person(self._read(session, self.profile_url))
            guild_ids = _checked_guild_ids(self._read(session, f"{self.profile_url}/guilds"))
        login = self.get_provider().sociallogin_from_response(request, person)
        login.guild_ids, login.locale = guild_ids, person["locale"]
        return login

    @staticmethod
    def _read(session: requests.Session, url: str) -> Any:
        return read_json(session.get(url))


def _checked_person(data: Any) -> dict[str, Any]:
    """Return what we keep of a person, or raise LoginFailed if it is not one."""
    if not isinstance(data, dict) or _snowflake(data) is None or not data.get("username"):
        raise LoginFailed(LoginProblem.UNREADABLE)
    person = {"id": data["id"]} | {name: data.get(name) or "" for name in TEXT_FIELDS}
    if not all(_is_storable(person[name]) for name in TEXT_FIELDS):
        raise LoginFailed(LoginProblem.UNREADABLE)
    locale = data.get("locale")
    return person | {"locale": known_locale(locale) if isinstance(locale, str) else ""}


def _checked_guild_ids(data: Any) -> list[int]:
    """Return the ids of a list of guilds, or raise LoginFailed if it is not one."""
    ids = [_snowflake(guild) for guild in data] if isinstance(data, list) else [None]
    found = [number for number in ids if number is not None]
    if len(found) != len(ids):
        raise LoginFailed(LoginProblem.UNREADABLE)
    return found


def _snowflake(data: Any) -> int | None:
    """Return the id of an object of Discord's, which is a number in a string."""
    number = data.get("id") if isinstance(data, dict) else None
    return parse_id(number) if isinstance(number, str) else None


def _is_storable(text: Any) -> bool:
    """Return whether PostgreSQL takes a text: no NUL, no half of a surrogate pair, and not too long."""
    return isinstance(text, str) and len(text) <= MAX_TEXT and not re.search(r"[\0\ud800-\udfff]", text)


oauth2_login = OAuth2LoginView.adapter_view(DiscordAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(DiscordAdapter)
