"""System checks that name an operator's mistake at start, with the next step."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register()
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the environment variables are present and well-formed."""
    errors: list[CheckMessage] = []

    def wrong(number: int, what: str, hint: str) -> None:
        errors.append(Error(what, hint=hint, id=f"gamesched.E{number:03}"))

    if not settings.DATABASE_URL:
        wrong(1, "DATABASE_URL is not set.", "Set it to postgresql://USER:PASSWORD@HOST/NAME.")
    elif settings.DATABASES["default"]["ENGINE"].endswith("dummy"):
        wrong(
            2,
            "DATABASE_URL is not an address PostgreSQL's client can read, or names no database.",
            "Write it as postgresql://USER:PASSWORD@HOST/NAME, with special characters percent-encoded.",
        )
    if not settings.SECRET_KEY_GIVEN:
        wrong(
            3,
            "SECRET_KEY is not set, so everybody would be logged out at each start.",
            "Set it to 50 or more random characters and keep it secret.",
        )
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme not in {"http", "https"} or not address.netloc or address.path:
        wrong(
            4,
            f"PUBLIC_URL is {settings.PUBLIC_URL!r}, which is not the address of a site.",
            "Set it to what people type, without a path: https://games.example.org.",
        )
    if not settings.DISCORD_CLIENT_ID:
        wrong(
            5,
            "DISCORD_BOT_TOKEN is not set."
            if not settings.DISCORD_BOT_TOKEN
            else "DISCORD_BOT_TOKEN is not a bot token.",
            "Copy it from the Discord developer portal: your application, Bot, Reset Token.",
        )
    if not settings.DISCORD_CLIENT_SECRET:
        wrong(
            6,
            "DISCORD_CLIENT_SECRET is not set.",
            "Copy it from the Discord developer portal: your application, OAuth2, Client Secret.",
        )
    if settings.REDIS_URL and urlsplit(settings.REDIS_URL).scheme not in {"redis", "rediss", "unix"}:
        wrong(
            7,
            "REDIS_URL is not the address of a Redis server.",
            "Write it as redis://HOST:6379/0, or unset it to do without Redis.",
        )
    if not settings.NOTIFY_LEASE < settings.NOTIFY_NONCE_MEMORY:
        wrong(
            8,
            "NOTIFY_LEASE_SECONDS is not below NOTIFY_NONCE_MEMORY_SECONDS, so letters could be repeated.",
            "Unset both.",
        )
    return errors


@register(Tags.security, deploy=True)
def check_no_local_discord(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Forbid the local Discord in production, since it lets anyone log in as anyone."""
    if not settings.DISCORD_IS_LOCAL:
        return []
    return [
        Error(
            "DISCORD_API_URL is set: people log in through the local Discord, where anyone can be anyone.",
            hint="Unset DISCORD_API_URL to talk to Discord itself.",
            id="gamesched.E010",
        )
    ]
