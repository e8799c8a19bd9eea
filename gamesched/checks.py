"""System checks that name an operator's mistake at start, with the next step."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from gamesched.lib.addresses import is_site, split_address
from gamesched.lib.log_lines import FORMATS
from gamesched.lib.metrics import parse_address
from gamesched.lib.proxies import parse_networks
from gamesched.lib.vapid import private_number

DISCORD = "https://discord.com"
MIN_LENGTH, MIN_DIFFERENT = 50, 5  # characters
# In .env.example and the local Discord, and passwords with which PostgreSQL is often set up.
PUBLISHED = {
    "MTEwMDAwMDAwMDAwMDAwMDAwMQ.local.discord",
    "local-discord-secret",
    "demo",
    "postgres",
    "password",
    "gamesched",
}
# What stands where a secret is to be filled in; also the command that makes one, which .env does not run.
PLACEHOLDER = re.compile(
    r"^(django-insecure|change.?me|replace|example|your.|insert|for tests only)|token_urlsafe", re.I
)
NEW_KEY = 'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
FROM_PORTAL = "Copy yours from the Discord developer portal."
HOW_TO_REPLACE = {
    "SECRET_KEY": NEW_KEY,
    "DISCORD_BOT_TOKEN": FROM_PORTAL,
    "DISCORD_CLIENT_SECRET": FROM_PORTAL,
    "BACKUP_KEY": NEW_KEY,
    "DATABASE_URL's password": "Set another password: ALTER ROLE ... PASSWORD, then change DATABASE_URL.",
}
LOCAL_DISCORD = Error(
    "DISCORD_API_URL is set: people log in through the local Discord, where anyone can be anyone.",
    hint="Unset DISCORD_API_URL to talk to Discord itself.",
    id="gamesched.E010",
)


@register()
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the environment variables are present and well-formed."""
    errors: list[CheckMessage] = []

    def wrong(number: int, what: str, hint: str) -> None:
        errors.append(Error(what, hint=hint, id=f"gamesched.E{number:03}"))

    if not settings.DATABASE_URL:
        wrong(1, "DATABASE_URL isn't set.", "Set it to postgresql://USER:PASSWORD@HOST/NAME.")
    elif settings.DATABASES["default"]["ENGINE"].endswith("dummy"):
        wrong(
            2,
            "DATABASE_URL isn't an address PostgreSQL's client can read, or names no database.",
            "Write it as postgresql://USER:PASSWORD@HOST/NAME, with special characters percent-encoded.",
        )
    if not settings.SECRET_KEY_GIVEN:
        wrong(
            3,
            "SECRET_KEY isn't set, so each start would log everyone out.",
            "Set it to 50 or more random characters and keep it secret.",
        )
    if not is_site(settings.PUBLIC_URL):
        wrong(
            4,
            f"PUBLIC_URL is {settings.PUBLIC_URL!r}, which isn't a site's address.",
            "Set it to what people type, without a path: https://games.example.org.",
        )
    if not settings.DISCORD_CLIENT_ID:
        wrong(
            5,
            "DISCORD_BOT_TOKEN isn't set."
            if not settings.DISCORD_BOT_TOKEN
            else "DISCORD_BOT_TOKEN isn't a bot token.",
            "Copy it from the Discord developer portal: your application, Bot, Reset Token.",
        )
    if not settings.DISCORD_CLIENT_SECRET:
        wrong(
            6,
            "DISCORD_CLIENT_SECRET isn't set.",
            "Copy it from the Discord developer portal: your application, OAuth2, Client Secret.",
        )
    if settings.REDIS_URL and split_address(settings.REDIS_URL).scheme not in {"redis", "rediss", "unix"}:
        wrong(
            7,
            "REDIS_URL isn't the address of a Redis server.",
            "Write it as redis://HOST:6379/0, or unset it to run without Redis.",
        )
    try:
        parse_networks(settings.TRUSTED_PROXIES)
    except ValueError as reason:
        wrong(
            9,
            f"TRUSTED_PROXIES isn't a list of addresses and networks: {reason}.",
            "Name only your proxy, such as 127.0.0.1 or 172.18.0.0/16, or unset it without one.",
        )
    for name, what in settings.MALFORMED_NUMBERS.items():
        wrong(15, f"{name} isn't {what}.", "Write it in digits, or unset it.")
    if settings.DISCORD_API_URL_GIVEN and not split_address(settings.DISCORD_BROWSER_URL).netloc:
        wrong(16, "DISCORD_API_URL isn't the address of a local Discord.", "Unset it to talk to Discord itself.")
    if settings.LOG_FORMAT not in FORMATS:
        wrong(17, f"LOG_FORMAT is {settings.LOG_FORMAT!r}.", f"Set it to {' or '.join(FORMATS)}, or unset it.")
    if settings.METRICS_LISTEN and parse_address(settings.METRICS_LISTEN) is None:
        wrong(
            18,
            f"METRICS_LISTEN is {settings.METRICS_LISTEN!r}, which isn't an address and a port.",
            "Set it to 127.0.0.1:9100, or to 0.0.0.0:9100 in a container, or unset it.",
        )
    if not settings.NOTIFY_LEASE < settings.NOTIFY_NONCE_MEMORY:
        wrong(
            8,
            "NOTIFY_LEASE_SECONDS isn't below NOTIFY_NONCE_MEMORY_SECONDS, so messages could arrive twice.",
            "Unset both.",
        )
    return errors


@register()
def check_traces(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that traces go to an address, if they go anywhere."""
    address = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    if not address or split_address(address).scheme in {"http", "https"}:
        return []
    what = f"OTEL_EXPORTER_OTLP_ENDPOINT is {address!r}, which isn't a collector's address."
    return [Error(what, hint="Set it to http://HOST:4318, or unset it.", id="gamesched.E022")]


@register()
def check_push_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the key for notifications on devices can be read, if there is one."""
    try:
        if settings.VAPID_PRIVATE_KEY:
            private_number(settings.VAPID_PRIVATE_KEY)
    except ValueError as reason:
        what = f"VAPID_PRIVATE_KEY isn't a key for notifications on devices: {reason}."
        return [Error(what, hint="Make one: manage.py vapid. Or unset it, to do without.", id="gamesched.E019")]
    return []


@register()
def check_place_of_backups(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that backups go to a folder, whatever a program's own is, or to a bucket."""
    if settings.BACKUP_TO and not re.match(r"/|s3://[^/]", settings.BACKUP_TO):
        what = f"BACKUP_TO is {settings.BACKUP_TO!r}, which is neither a folder nor a bucket."
        hint = "Set it to a folder from / on, or to s3://BUCKET/FOLDER, or unset it."
        return [Error(what, hint=hint, id="gamesched.E030")]
    return []


@register(Tags.security)
def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that nobody can guess the secrets, or read them in this repository.

    The demo may have published ones: in its local Discord anyone can be anyone already.
    """
    errors: list[CheckMessage] = []
    secrets = {name: value for name, value in _secrets().items() if value}
    given = ("SECRET_KEY", "BACKUP_KEY") if settings.SECRET_KEY_GIVEN else ("BACKUP_KEY",)
    for name in given:
        if (key := secrets.get(name)) and is_weak(key):
            what = f"{name} is easy to guess: it has fewer than {MIN_LENGTH} characters, or repeats a few."
            errors.append(Error(what, hint=NEW_KEY, id="gamesched.E011"))
    for name, value in secrets.items():
        if not _is_demo() and is_published(value):
            what = f"{name} is a published example that everyone can read."
            errors.append(Error(what, hint=HOW_TO_REPLACE[name], id="gamesched.E012"))
    for (name, value), (other, other_value) in itertools.combinations(secrets.items(), 2):
        if value == other_value:
            what = f"{name} and {other} are the same, so anyone who learns one has both."
            errors.append(Error(what, hint=HOW_TO_REPLACE[name], id="gamesched.E014"))
    return errors


@register(Tags.security)
def check_discord_address(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Forbid the local Discord for a site that others can reach, since it lets anyone log in as anyone."""
    if settings.DISCORD_IS_LOCAL and _is_https():
        return [LOCAL_DISCORD]
    if not settings.DISCORD_IS_LOCAL and settings.DISCORD_BROWSER_URL != DISCORD:
        what = "DISCORD_BROWSER_URL is set without DISCORD_API_URL: people would log in somewhere other than Discord."
        return [Error(what, hint="Unset DISCORD_BROWSER_URL.", id="gamesched.E013")]
    return []


@register(Tags.security, deploy=True)
def check_no_local_discord(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Forbid the local Discord in production, by whatever address; `check_discord_address` does so for https."""
    return [LOCAL_DISCORD] if settings.DISCORD_IS_LOCAL and not _is_https() else []


def is_weak(secret: str) -> bool:
    """Return whether a secret is short, has few different characters, or is one short text again and again.

    The first two as Django's own check says, which speaks in `check --deploy` alone.
    """
    return len(secret) < MIN_LENGTH or len(set(secret)) < MIN_DIFFERENT or secret in (secret + secret)[1:-1]


def is_published(secret: str) -> bool:
    """Return whether a secret is one of ours that everybody can read, or stands in place of one."""
    return secret in PUBLISHED or bool(PLACEHOLDER.search(secret))


def _secrets() -> dict[str, str]:
    """Return the secrets among the operator's variables."""
    return {
        "SECRET_KEY": settings.SECRET_KEY,
        "DISCORD_BOT_TOKEN": settings.DISCORD_BOT_TOKEN,
        "DISCORD_CLIENT_SECRET": settings.DISCORD_CLIENT_SECRET,
        "BACKUP_KEY": settings.BACKUP_KEY,
        "DATABASE_URL's password": settings.DATABASES["default"].get("PASSWORD", ""),
    }


def _is_https() -> bool:
    return split_address(settings.PUBLIC_URL).scheme == "https"


def _is_demo() -> bool:
    return settings.DISCORD_IS_LOCAL and not _is_https()
