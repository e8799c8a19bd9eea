"""The OAuth2 flow with Discord. https://discord.com/developers/docs/topics/oauth2"""

from typing import Any

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.discord.views import DiscordOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


class DiscordAdapter(DiscordOAuth2Adapter):  # type: ignore[misc]
    """allauth's adapter, with URLs from the settings, checked responses, and the person's guilds."""

    access_token_url = property(lambda self: f"{settings.DISCORD_API_URL}/oauth2/token")
    authorize_url = property(lambda self: f"{settings.DISCORD_BROWSER_URL}/oauth2/authorize")
    profile_url = property(lambda self: f"{settings.DISCORD_API_URL}/users/@me")

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return the URL registered in the developer portal, whatever host name the request came by."""
        return settings.PUBLIC_URL + reverse("discord_callback")

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Fetch the person and their guilds with two calls; the token is used for nothing else."""
        with get_adapter().get_requests_session() as session:
            session.headers["Authorization"] = f"Bearer {token.token}"
            person = self._read(session, self.profile_url)
            guilds = self._read(session, f"{self.profile_url}/guilds")
        login = self.get_provider().sociallogin_from_response(request, person)
        login.guild_ids = [int(guild["id"]) for guild in guilds]
        return login

    @staticmethod
    def _read(session: requests.Session, url: str) -> Any:
        response = session.get(url)
        # Unchecked, a 429 here would surface as a KeyError, and so as a page that explains nothing.
        response.raise_for_status()
        return response.json()


oauth2_login = OAuth2LoginView.adapter_view(DiscordAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(DiscordAdapter)
