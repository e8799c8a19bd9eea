"""Django settings, read from the environment only.

Five variables are required in production: DATABASE_URL, SECRET_KEY, PUBLIC_URL, DISCORD_BOT_TOKEN and
DISCORD_CLIENT_SECRET. A missing or malformed one does not fail here: `gamesched.checks` names it at the start
of any program, in a sentence.
"""

import os
import re
import secrets
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
import psycopg
from csp.constants import NONE, SELF
from psycopg.conninfo import conninfo_to_dict

from gamesched.lib.addresses import split_address
from gamesched.lib.ids import application_id
from gamesched.lib.log_lines import FORMATS, JSON, PLAIN
from gamesched.lib.pseudo_language import CAN_PRETEND, PSEUDO_LANGUAGES

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent


# What is wrong with the numbers among the variables, by name; `gamesched.checks` says so, and the default holds.
MALFORMED_NUMBERS: dict[str, str] = {}


def number(name: str, default: float, least: float, most: float) -> float:
    """Return a variable that is a number in digits, within its bounds."""
    text = env.str(name, "").strip()
    if not text:
        return default
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", text) and least <= float(text) <= most:
        return float(text)
    MALFORMED_NUMBERS[name] = f"a number from {least:g} to {most:g}"
    return default


def kept(name: str) -> timedelta | None:
    """Return how long something past is kept; at least a month, in which people look back at it."""
    return timedelta(days=int(number(name, 0, 30, 36_500))) or None


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for a libpq URL, in any form psycopg reads. Use the dummy engine for an invalid one."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = {}
    if not parts.get("dbname"):
        return {"ENGINE": "django.db.backends.dummy"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        # Web, bot and notifyd keep theirs; all of them use few threads.
        "CONN_MAX_AGE": int(number("DB_CONN_MAX_AGE", 0, 0, 86_400)),
        "CONN_HEALTH_CHECKS": True,
        # For the compiled queries (`gamesched/lib/compiled_query.py`); of other statements Django prepares none.
        "OPTIONS": {**parts, "prepare_threshold": 5},
    }


# --- the operator's variables ---------------------------------------------------------------------------

DATABASE_URL: str = env.str("DATABASE_URL", "")
SECRET_KEY_GIVEN = bool(env.str("SECRET_KEY", ""))
SECRET_KEY: str = env.str("SECRET_KEY", "") or secrets.token_urlsafe(50)
PUBLIC_URL: str = env.str("PUBLIC_URL", "").rstrip("/")
DISCORD_BOT_TOKEN: str = env.str("DISCORD_BOT_TOKEN", "")
DISCORD_CLIENT_SECRET: str = env.str("DISCORD_CLIENT_SECRET", "")
DISCORD_CLIENT_ID = application_id(DISCORD_BOT_TOKEN)
REDIS_URL: str = env.str("REDIS_URL", "")
DEBUG: bool = env.bool("DEBUG", False)
LOG_FORMAT: str = env.str("LOG_FORMAT", "") or PLAIN
METRICS_LISTEN: str = env.str("METRICS_LISTEN", "")  # HOST:PORT at which each program shows its metrics
# Where traces go, by OpenTelemetry's own names; without it, there are none.
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")
OTEL_EXPORTER_OTLP_HEADERS: str = env.str("OTEL_EXPORTER_OTLP_HEADERS", "")  # NAME=VALUE, with commas
# By which push services know this site; without it, nobody is notified on their devices.
VAPID_PRIVATE_KEY: str = env.str("VAPID_PRIVATE_KEY", "")
# The proxies whose word on a client's address is taken: addresses and networks, with commas.
TRUSTED_PROXIES: str = env.str("TRUSTED_PROXIES", "")

# Unset in production. If set, every call goes to a local Discord at this URL. DISCORD_BROWSER_URL is for browsers
# that reach it at another.
DISCORD_API_URL_GIVEN: str = env.str("DISCORD_API_URL", "").rstrip("/")
DISCORD_IS_LOCAL = bool(DISCORD_API_URL_GIVEN)
DISCORD_API_URL = DISCORD_API_URL_GIVEN or "https://discord.com/api/v10"
_local_origin = "{0.scheme}://{0.netloc}".format(split_address(DISCORD_API_URL))
DISCORD_BROWSER_URL: str = env.str("DISCORD_BROWSER_URL", "").rstrip("/") or (
    _local_origin if DISCORD_IS_LOCAL else "https://discord.com"
)
DISCORD_CDN_URL = DISCORD_BROWSER_URL if DISCORD_IS_LOCAL else "https://cdn.discordapp.com"

# Discord's documented limit for a bot, which it raises for large ones. Nine tenths are for messages, one for look-ups.
DISCORD_REQUESTS_PER_SECOND: int = int(number("DISCORD_REQUESTS_PER_SECOND", 50, 1, 10_000))
# Direct-message channels opened for the first time. Discord names no number, and blocks bots that open too fast.
DISCORD_NEW_DMS_IN_TEN_SECONDS: int = int(number("DISCORD_NEW_DMS_IN_TEN_SECONDS", 10, 1, 1000))

# Where backups go: a folder, or s3://BUCKET/FOLDER. Without it, none are made. With a key they are encrypted.
BACKUP_TO: str = env.str("BACKUP_TO", "").rstrip("/")
BACKUP_KEY: str = env.str("BACKUP_KEY", "")
BACKUP_KEPT: int = int(number("BACKUP_KEPT", 14, 1, 10_000))
BACKUP_HOUR: int = int(number("BACKUP_HOUR", 3, 0, 23))  # of the day in UTC

# --- the three hooks through which a lower layer calls a higher one --------------------------------------

NOTIFICATION_BACKEND = "discord_bot.backend.backend.DiscordBackend"
DISCORD_DIRECTORY = "discord_bot.http.directory.RestDirectory"
# The third is notifications.types.register, called from games.apps.

# --- how notifyd keeps its promise; no one should need to change these -----------------------------------

# How long a process that claimed a message may send it: well above the time sending takes (a third of it), and
# below Discord's memory of nonces, after which only reading the channel shows whether it was sent.
NOTIFY_LEASE = timedelta(seconds=number("NOTIFY_LEASE_SECONDS", 30, 0, 3600))
NOTIFY_NONCE_MEMORY = timedelta(seconds=number("NOTIFY_NONCE_MEMORY_SECONDS", 120, 0, 3600))
# Webhooks and push services on the site's own network: in the demo and tests alone, where Discord is a local one too.
SEND_TO_PRIVATE_ADDRESSES: bool = DISCORD_IS_LOCAL and env.bool("SEND_TO_PRIVATE_ADDRESSES", False)
# How long the record of sent notifications is kept.
NOTIFY_KEPT = timedelta(days=int(number("NOTIFY_KEPT_DAYS", 30, 1, 36_500)))
# How long past games, their pictures and the audit log are kept; None: for ever.
GAMES_KEPT = kept("GAMES_KEPT_DAYS")
PICTURES_KEPT = kept("PICTURES_KEPT_DAYS")
AUDIT_KEPT = kept("AUDIT_KEPT_DAYS")

# --- Django -----------------------------------------------------------------------------------------------

_public = split_address(PUBLIC_URL or "http://localhost:8000")
_secure = _public.scheme == "https"

INSTALLED_APPS = [
    "gamesched",
    "discord_bot",
    "games",
    "notifications",
    "guilds",
    "guilds.login",
    "gamesched.admin_site.GuildAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "django_q",
    "template_partials",
]

MIDDLEWARE = [
    "gamesched.middleware.measure",
    "gamesched.middleware.real_client",
    # These set the headers of every answer: pages, files, redirects, errors, and those of the middleware below.
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gamesched.middleware.permissions_policy",
    "games.api.middleware.serve_api",
    "gamesched.middleware.methods",
    "gamesched.middleware.probes",
    "gamesched.middleware.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "gamesched.middleware.refuse_unreadable",
    "games.pictures.middleware.limit_body",
    "gamesched.middleware.redirect_to_public_url",
    "games.pages.etags.not_modified",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "guilds.middleware.AuthenticationMiddleware",
    "guilds.middleware.activate_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guilds.middleware.take_browser_zone",
    "guilds.sent_forms.middleware.SentFormsMiddleware",
    "gamesched.middleware.offer_prefetches",
    "gamesched.middleware.no_store",
]

ROOT_URLCONF = "gamesched.urls"
ASGI_APPLICATION = "gamesched.asgi.application"
MESSAGE_STORAGE = "guilds.flash.TranslatedStorage"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gamesched.context_processors.site",
            ],
            "builtins": ["guilds.templatetags.forms"],
        },
    },
]

DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    CACHES: dict[str, Any] = {"default": {"BACKEND": "gamesched.lib.cache.ForgivingRedisCache", "LOCATION": REDIS_URL}}
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    SESSION_ENGINE = "guilds.session_engine"

Q_CLUSTER = {
    "name": "chores",
    "orm": "default",
    "broker_class": "notifications.worker_queue.WorkerQueue",
    "poll": 0,  # the queue waits by itself, for a notification, and never so long that stopping waits for it
    "guard_cycle": 67,  # seconds between two looks at the schedules; a signal to stop ends the wait
    "workers": 1,
    "timeout": 600,
    "retry": 900,
    "max_attempts": 2,
    "catch_up": False,
    "save_limit": 0,  # all are saved; the daily purge deletes them, in place of a look at 200 rows after each task
    "label": "Chores",
}

ALLOWED_HOSTS = [_public.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
CSRF_FAILURE_VIEW = "guilds.sent_forms.views.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30 if _secure else 0
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains and preload are the domain owner's to decide, not ours.
    "security.W008",  # The proxy in front ends TLS and redirects.
    "security.W021",
]
_websocket = f"{'wss' if _secure else 'ws'}://{_public.netloc}"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", DISCORD_CDN_URL],
        "connect-src": [SELF, _websocket],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # Chromium applies this list to the redirect after a form too, and logging in redirects to Discord.
        "form-action": [SELF, DISCORD_BROWSER_URL],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "guilds.User"
AUTHENTICATION_BACKENDS = [
    "guilds.login.password_limit.PasswordGate",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "guilds.login.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "guilds.login.adapter.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS = {
    "discord": {
        "APPS": [{"client_id": DISCORD_CLIENT_ID, "secret": DISCORD_CLIENT_SECRET, "key": ""}],
        "SCOPE": ["identify", "guilds"],
        "AUTH_PARAMS": {"prompt": "none"},
        "OAUTH_PKCE_ENABLED": True,
    }
}

# The settings of a server with the 250 roles that Discord allows, all of them chosen in each of five lists.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# --- languages --------------------------------------------------------------------------------------------

# Each by its own name. Which of them holds is decided in `guilds/languages.py`.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("he", "עברית")]
LOCALE_PATHS = [BASE_DIR / "gamesched" / "locale"]
FORMAT_MODULE_PATH = "gamesched.formats"
USE_I18N = True
if CAN_PRETEND and (DEBUG or "PYTEST_VERSION" in os.environ):  # to see at a glance what is not translated
    LANGUAGES += PSEUDO_LANGUAGES
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Of Django Ninja only the files of its docs: as an app it would be loaded by every program, which only the web needs.
_ninja = find_spec("ninja")
assert _ninja is not None
assert _ninja.submodule_search_locations is not None
STATICFILES_DIRS = [BASE_DIR / "static", Path(_ninja.submodule_search_locations[0]) / "static"]
# After collectstatic (in the image), files have hashed names; a checkout serves them as they are.
_collected = (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not _collected
WHITENOISE_MIMETYPES = {".speculationrules": "application/speculationrules+json"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected or env.bool("COLLECTING", False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "one_sentence": {"()": "discord_bot.patches.logging.OneLineReconnects"},
        "one_line": {"()": "gamesched.lib.database_log.OneLineOutages"},
        "no_secrets": {"()": "gamesched.lib.secret_addresses.HideSecretAddresses"},
    },
    "formatters": {
        PLAIN: {"()": "gamesched.lib.log_lines.PlainLines"},
        JSON: {"()": "gamesched.lib.log_lines.JsonLines"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT if LOG_FORMAT in FORMATS else PLAIN,
            "filters": ["one_line", "no_secrets"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "discord": {"level": "WARNING"},
        # Warns at each start of voice libraries and intents that we deliberately do without.
        "discord.client": {"level": "ERROR", "filters": ["one_sentence"]},
        "discord.state": {"level": "ERROR"},
        "django-q": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
