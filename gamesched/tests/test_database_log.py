"""A database that is gone is one line in the log, and its end is one; other errors are whole."""

import io
import logging
from logging.config import dictConfig

import psycopg
import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError

from gamesched.lib.outage import on_connected

GONE = (
    'connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n\tIs the server up?'
)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what the logging of the settings writes."""
    dictConfig(settings.LOGGING)
    on_connected()  # what another test left
    out = io.StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.formatter is not None:
            monkeypatch.setattr(handler, "stream", out)
    return out


def fail(error: Exception, text: str, *args: object) -> None:
    try:
        raise error
    except Exception:
        logging.getLogger("django-q").exception(text, *args)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OperationalError(GONE), GONE.splitlines()[0]),
        (OperationalError("the connection is closed"), "the connection is closed"),
        (OperationalError("terminating connection: 100 % gone {now}"), "terminating connection: 100 % gone {now}"),
        (InterfaceError("connection already closed"), "connection already closed"),
        (OperationalError(), "OperationalError"),
    ],
)
def test_o11_an_outage_is_one_line_and_its_end_is_one(log: io.StringIO, error: Exception, why: str) -> None:
    for _ in range(5):
        fail(error, "Failed to pull task from %s", "broker")
    on_connected()
    on_connected()
    lines = [line.split(" ", 1)[1] for line in log.getvalue().splitlines()]
    assert lines == [
        f"WARNING gamesched.lib.outage: The database can't be reached ({why}). Trying again until it can.",
        "WARNING gamesched.lib.outage: The database can be reached again.",
    ]


def refused_by(sqlstate: str) -> OperationalError:
    error = OperationalError("canceling statement")
    error.__cause__ = psycopg.errors.lookup(sqlstate)("canceling statement")
    return error


@pytest.mark.parametrize("error", [DataError("too long"), ValueError("a fault of ours"), refused_by("57014")])
def test_other_errors_keep_their_traceback(log: io.StringIO, error: Exception) -> None:
    fail(error, "Failed to push task to queue")
    assert "Traceback" in log.getvalue()
    assert str(error) in log.getvalue()
