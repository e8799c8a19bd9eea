"""pytest plugin: a real PostgreSQL for the tests, and settings that reach nothing outside.

Loaded by `-p` in pyproject.toml, so that the variables are set before pytest-django reads the settings. If
DATABASE_URL is set, that server is used instead.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from hypothesis import HealthCheck, settings

from gamesched.demo.postgres import Server, state_directory
from gamesched.local_discord.state.entities import CLIENT_SECRET, bot_token
from gamesched.testing import database, openapi

BROWSER_SKIPPED = "Browser tests were skipped: no Chromium. Get one with: python3 run.py test --install-browser"

# The shell has no window, tabs and menus to draw: a page takes half the CPU.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

TEMPLATE_VARIABLE = "TEST_DATABASE_TEMPLATE"

_server: Server | None = None
_worker = "PYTEST_XDIST_WORKER" in os.environ


def find_browser() -> str | None:
    """Return the Chromium to test with: CHROMIUM, or one on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def _set_variables() -> None:
    global _server
    if not os.environ.get("DATABASE_URL"):
        # One for each run, so that two runs at a time do not share data.
        _server = Server(f"test-{os.getpid()}", fast=True)
        os.environ["DATABASE_URL"] = _server.url
        os.environ[TEMPLATE_VARIABLE] = database.TEMPLATE  # for the workers too
    os.environ.update(
        SECRET_KEY="for tests only, and long enough to satisfy the checks of Django",
        PUBLIC_URL="http://testserver",
        DISCORD_BOT_TOKEN=bot_token(),
        DISCORD_CLIENT_SECRET=CLIENT_SECRET,
        DISCORD_API_URL="http://127.0.0.1:9/api/v10",  # the discard port: nothing answers
    )
    for name in (
        "REDIS_URL",
        "DISCORD_BROWSER_URL",
        "DISCORD_REQUESTS_PER_SECOND",
        "DISCORD_NEW_DMS_IN_TEN_SECONDS",
        "VAPID_PRIVATE_KEY",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "DEBUG",
        "DB_CONN_MAX_AGE",
        "SEND_TO_PRIVATE_ADDRESSES",
        "BACKUP_TO",
        "BACKUP_KEY",
        "GAMES_KEPT_DAYS",
        "PICTURES_KEPT_DAYS",
        "AUDIT_KEPT_DAYS",
    ):
        os.environ.pop(name, None)
    # Programs start a hundred times and more, and would compile everything each time; so would each run its tests.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_set_variables()


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    # Hypothesis fails an example that takes 0.2 s, as any does on a busy machine.
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")
    # Hashing a password as in production takes a third of a second.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Each worker's database is a copy of the one that was migrated for all runs.
    if template := os.environ.get(TEMPLATE_VARIABLE):
        connections.settings["default"]["TEST"]["TEMPLATE"] = template


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if _server is not None and not _worker and not session.config.option.collectonly:
        _remove_leftovers()
        database.prepare(_server)
        _server.start()


def _remove_leftovers() -> None:
    """Remove the folders of killed runs."""
    for folder in state_directory().glob("test-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None and not _worker:
        _server.stop()
        _server.remove()
    # Written here, so that it is the last line of all.
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = any(BROWSER_SKIPPED in str(report.longrepr) for report in reporter.stats.get("skipped", []))
    missing = [BROWSER_SKIPPED] if skipped else []
    missing += [] if openapi.is_available() else [openapi.SKIPPED]
    if missing:
        reporter.write_line(" ".join(missing), yellow=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_browser() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=BROWSER_SKIPPED))


if __name__ == "__main__" and _server is not None:
    database.build()
