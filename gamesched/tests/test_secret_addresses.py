"""The address of a person's calendar stands in no log."""

import io
import logging
from logging.config import dictConfig
from typing import Any

import pytest
from daphne.access import AccessLogGenerator
from django.conf import settings
from django.test import Client
from django.urls import reverse

from gamesched import asgi  # noqa: F401 - as daphne imports it before it serves

TOKEN = "S3cretS3cretS3cretS3cretS3cret12"


@pytest.mark.parametrize(
    "path",
    [f"/calendars/{TOKEN}.ics", f"/%63alendars/{TOKEN}.ics", f"/calendars%2F{TOKEN}.ics", f"//calendars/{TOKEN}"],
)
def test_daphnes_access_log(path: str) -> None:
    out = io.StringIO()
    log = AccessLogGenerator(out)
    details = {"client": "127.0.0.1:5", "method": "GET", "path": path, "status": 200, "size": 12}
    log("http", "complete", details)
    log("http", "complete", details | {"path": "/games/42/"})
    secret, other = out.getvalue().splitlines()
    assert TOKEN not in secret
    assert '"GET /calendars/***.ics" 200 12' in secret
    assert '"GET /games/42/" 200 12' in other


def test_what_django_logs(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dictConfig(settings.LOGGING)
    out = io.StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.formatter is not None:
            monkeypatch.setattr(handler, "stream", out)

    def fail(token: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("games.feeds.views.find_feed", fail)
    response = Client(raise_request_exception=False).get(reverse("calendar-feed", args=[TOKEN]))
    assert response.status_code == 500
    assert "Internal Server Error: /calendars/***.ics" in out.getvalue()
    assert TOKEN not in out.getvalue()
