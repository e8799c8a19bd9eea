"""What Discord knows of the application that an operator made in its developer portal."""

import email.utils
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import requests
from django.conf import settings

from gamesched.lib.findings import Finding, clock_finding
from gamesched.lib.user_agent import USER_AGENT

TIMEOUT = 10.0  # seconds
UNREACHABLE = "Check that this machine reaches Discord."


def redirect_address(public_url: str) -> str:
    """Return where Discord sends people back to after they log in."""
    return f"{public_url}/accounts/discord/login/callback/"


def examine_application(token: str, public_url: str) -> Iterator[Finding]:
    """Yield what Discord says of the token, of the redirect address, and of its clock.

    https://discord.com/developers/docs/resources/application#get-current-application
    """
    try:
        response = requests.get(
            f"{settings.DISCORD_API_URL}/applications/@me",
            headers={"Authorization": f"Bot {token}", "User-Agent": USER_AGENT},
            timeout=TIMEOUT,
        )
        application: dict[str, Any] = response.json() if response.ok else {}
    except (requests.RequestException, ValueError) as reason:
        yield Finding("token", f"Can't reach Discord: {reason}", UNREACHABLE)
        return
    if not response.ok:
        refused = response.status_code == requests.codes.unauthorized
        yield Finding(
            "token",
            "Discord refused DISCORD_BOT_TOKEN." if refused else f"Discord answered {response.status_code}.",
            "Copy a new token from the developer portal: Bot, Reset Token." if refused else "Try again later.",
        )
        return
    yield Finding("token", f"The token belongs to the application {application.get('name', application['id'])}.")
    wanted = redirect_address(public_url)
    if wanted in application.get("redirect_uris", []):
        yield Finding("redirect", "Discord knows where to send people after they log in.")
    else:
        yield Finding(
            "redirect",
            "Discord would refuse every log-in.",
            f"In the developer portal, OAuth2, Redirects: add {wanted}",
        )
    if date := response.headers.get("Date"):
        yield clock_finding("clock of Discord", abs(datetime.now(UTC) - email.utils.parsedate_to_datetime(date)))


def examine_secret(client_id: str, secret: str) -> Finding:
    """Return whether Discord takes the client secret.

    https://discord.com/developers/docs/topics/oauth2#client-credentials-grant
    """
    try:
        response = requests.post(
            f"{settings.DISCORD_API_URL}/oauth2/token",
            data={"grant_type": "client_credentials", "scope": "identify"},
            auth=(client_id, secret),
            headers={"User-Agent": USER_AGENT},
            timeout=TIMEOUT,
        )
    except requests.RequestException as reason:
        return Finding("secret", f"Can't reach Discord: {reason}", UNREACHABLE)
    if response.ok:
        return Finding("secret", "Discord takes the client secret.")
    if response.status_code == requests.codes.unauthorized:
        return Finding(
            "secret",
            "Discord refused DISCORD_CLIENT_SECRET.",
            "Copy a new one from the developer portal: OAuth2, Client Secret, Reset Secret.",
        )
    return Finding("secret", f"Discord answered {response.status_code}.", "Try again later.")
