"""The worker's log of a database that is gone: one line each time, and other errors whole."""

import io
import logging
from logging.config import dictConfig

import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError

GONE = (
    'connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n\tIs the server up?'
)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what the logging of the settings writes."""
    dictConfig(settings.LOGGING)
    out = io.StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.formatter is not None:
            monkeypatch.setattr(handler, "stream", out)
    return out


def fail(error: Exception, text: str, *args: object) -> None:
    try:
        raise error from OSError("refused")
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
def test_a_database_that_is_gone_is_one_line(log: io.StringIO, error: Exception, why: str) -> None:
    fail(error, "Failed to pull task from %s", "broker")
    assert log.getvalue() == f"ERROR   django-q: Failed to pull task from broker: {why}\n"


@pytest.mark.parametrize("error", [DataError("too long"), ValueError("a fault of ours")])
def test_other_errors_keep_their_traceback(log: io.StringIO, error: Exception) -> None:
    fail(error, "Failed to push task to queue")
    assert "Traceback" in log.getvalue()
    assert str(error) in log.getvalue()
