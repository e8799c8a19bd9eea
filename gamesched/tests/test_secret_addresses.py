"""The address of a person's calendar stands in no log."""

import io
import json
import logging
import re
import sys
from datetime import datetime
from logging.config import dictConfig
from typing import Any

import pytest
from daphne.access import AccessLogGenerator
from django.conf import settings
from django.test import Client
from django.urls import reverse

from gamesched import access_log
from gamesched.lib.log_lines import JsonLines

access_log.install()  # as gamesched.asgi does before it serves
TOKEN = "S3cretS3cretS3cretS3cretS3cret12"


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what the logging of the settings writes."""
    dictConfig(settings.LOGGING)
    out = io.StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.formatter is not None:
            monkeypatch.setattr(handler, "stream", out)
    return out


def access(path: str, status: int = 200) -> None:
    log = AccessLogGenerator(io.StringIO())
    log("http", "complete", {"client": "127.0.0.1:5", "method": "GET", "path": path, "status": status, "size": 12})


@pytest.mark.parametrize(
    "path",
    [f"/calendars/{TOKEN}.ics", f"/%63alendars/{TOKEN}.ics", f"/calendars%2F{TOKEN}.ics", f"//calendars/{TOKEN}"],
)
def test_daphnes_access_log(out: io.StringIO, path: str) -> None:
    access(path)
    access("/games/42/")
    secret, other = out.getvalue().splitlines()
    assert TOKEN not in secret
    assert '"GET /calendars/***.ics" 200 12' in secret
    assert '"GET /games/42/" 200 12' in other


@pytest.mark.parametrize(
    "path", ["/accounts/discord/login/callback/", "/%61ccounts/discord/login/callback/", "/api/v1/me"]
)
def test_o11_what_logs_somebody_in_stands_in_no_log(out: io.StringIO, path: str) -> None:
    access(f"{path}?code={TOKEN}&state={TOKEN}", 302)
    assert TOKEN not in out.getvalue()
    assert f'"GET {path}?***" 302' in out.getvalue()


def test_o11_probes_that_are_answered_are_not_logged(out: io.StringIO) -> None:
    for path in ("/healthz", "/readyz"):
        access(path)
        access(path, 503)
    assert [line.split('"')[1] for line in out.getvalue().splitlines()] == ["GET /healthz", "GET /readyz"]


def test_o11_lines_have_the_time_and_may_be_json(out: io.StringIO) -> None:
    logging.getLogger("games").warning("moved %s", "it")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING games: moved it\n", out.getvalue())
    try:
        raise ValueError("mine")
    except ValueError:
        record = logging.LogRecord("games", logging.ERROR, "", 1, "stumbled over %r", ("a\nb",), sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["logger"], line["message"]) == ("error", "games", "stumbled over 'a\\nb'")
    assert "ValueError: mine" in line["traceback"]
    assert datetime.fromisoformat(line["time"]).tzinfo is not None


def test_what_django_logs(db: Any, out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:

    def fail(token: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("games.feeds.views.find_feed", fail)
    response = Client(raise_request_exception=False).get(reverse("calendar-feed", args=[TOKEN]))
    assert response.status_code == 500
    assert "Internal Server Error: /calendars/***.ics" in out.getvalue()
    assert TOKEN not in out.getvalue()
