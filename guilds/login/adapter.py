"""allauth's adapters: which user a log-in belongs to, and the page shown when it fails."""

import logging
from typing import Any

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext

from gamesched.lib.clock import db_now
from gamesched.lib.user_agent import USER_AGENT
from guilds.directory.lookup import refresh_in_background
from guilds.directory.payloads import UserPayload
from guilds.directory.upsert import note_discord_locale, upsert_memberships, upsert_user
from guilds.login.problems import FOR_THE_OPERATOR, OWN_CHOICE, TEXTS, find_problem

log = logging.getLogger(__name__)


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
        note_discord_locale(user, sociallogin.locale)  # of which the log-in's own record keeps nothing
        now = db_now()
        guild_ids = upsert_memberships(user, sociallogin.guild_ids, now)
        refresh_in_background((guild_id, user.pk) for guild_id in guild_ids)
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)

    def get_requests_session(self) -> requests.Session:
        session: requests.Session = super().get_requests_session()
        session.headers["User-Agent"] = USER_AGENT
        return session

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
        problem = find_problem(request.GET.get("error"), exception)
        if problem in FOR_THE_OPERATOR:
            log.error("Nobody can log in (%s): %s", problem.value, TEXTS[problem][2])
        elif problem not in OWN_CHOICE:
            log.warning("A log-in failed (%s): %s", problem.value, exception or "as Discord's redirect says")
        title, sentence, next_step = map(gettext, TEXTS[problem])
        context = {"problem": problem.value, "title": title, "sentence": sentence, "next_step": next_step}
        status = 400 if problem in OWN_CHOICE else 503
        raise ImmediateHttpResponse(render(request, "login_problem.html", context, status=status))
