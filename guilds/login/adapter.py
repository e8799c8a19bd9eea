"""allauth's adapters: which user a log-in belongs to, and the page shown when it fails."""

from typing import Any

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.http import HttpRequest
from django.shortcuts import render

from gamesched.lib.clock import db_now
from guilds.directory.lookup import refresh_in_background
from guilds.directory.payloads import UserPayload
from guilds.directory.upsert import upsert_memberships, upsert_user


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts without sign-up: people log in with Discord, never with a new password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Add no message: the page that follows shows who is logged in."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Maps a Discord person to the user whose primary key is their snowflake, wherever the user came from."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Save the person and their memberships before allauth logs them in.

        The user often exists already, from a click or a roster. Letting allauth make the user was tried: a key set
        in populate_user fails for existing users, one set in save_user wipes zone and rights.
        """
        user = upsert_user(UserPayload.from_api(sociallogin.account.extra_data))
        now = db_now()
        guild_ids = upsert_memberships(user, sociallogin.guild_ids, now)
        refresh_in_background((guild_id, user.pk) for guild_id in guild_ids)
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: we never ask for an e-mail address."""

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Show a page with one next step for each way in which a log-in can fail."""
        status = getattr(getattr(exception, "response", None), "status_code", None)
        if error == AuthError.CANCELLED:
            title, sentence = "You were not logged in", "You chose Cancel at Discord, so nothing was shared."
            next_step = "Log in when you are ready. We ask only for your name and which servers you are in."
        elif exception is None:
            title, sentence = (
                "That log-in has expired",
                "It was begun in another tab, used already, or cookies are off.",
            )
            next_step = "Log in again from here. If this page comes back, allow cookies for this site."
        elif status == 429:
            title, sentence = "Discord asks us to slow down", "Too many people are logging in at once."
            next_step = "Wait a minute, then log in again."
        elif isinstance(exception, requests.RequestException) or (status or 0) >= 500:
            title, sentence = "Discord does not answer", "We could not reach Discord to check who you are."
            next_step = "Try again in a minute. discordstatus.com tells whether Discord has an outage."
        else:
            title, sentence = "Discord refused the log-in", "The code it gave us was not accepted."
            next_step = (
                "Log in again. If it keeps failing, tell the operator of this site to check DISCORD_CLIENT_SECRET."
            )
        raise ImmediateHttpResponse(
            render(
                request,
                "login_problem.html",
                {"title": title, "sentence": sentence, "next_step": next_step},
                status=503 if exception is not None else 400,
            )
        )
