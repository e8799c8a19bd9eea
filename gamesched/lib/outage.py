"""An outage of the database or of Discord is one line in a program's log, and its end is one line."""

import logging
import threading

import psycopg
from django.db import InterfaceError, OperationalError

log = logging.getLogger(__name__)


def first_line(reason: object) -> str:
    """Return the first line of an error's text, or its type where it has none."""
    return (str(reason).strip().splitlines() or [type(reason).__name__])[0]


class Outage:
    """Whether something that a program needs is away; says so when that changes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_away = False
        self._lock = threading.Lock()

    def begin(self, reason: object) -> None:
        """Say that it is away, unless that was said."""
        if self._set(True):
            log.warning("%s can't be reached (%s). Trying again until it can.", self._name, first_line(reason))

    def end(self) -> None:
        """Say that it is back, if it was away."""
        if self._set(False):
            log.warning("%s can be reached again.", self._name)

    def _set(self, is_away: bool) -> bool:
        with self._lock:
            changed, self._is_away = self._is_away != is_away, is_away
            return changed


DATABASE, DISCORD = Outage("The database"), Outage("Discord")


def on_connected(**kwargs: object) -> None:
    """End the database's outage: a connection was made."""
    DATABASE.end()


def is_database_away(reason: BaseException | None) -> bool:
    """Return whether an error means that the database cannot be reached, and not that it refused a statement."""
    if isinstance(reason, InterfaceError):
        return True
    if not isinstance(reason, (OperationalError, psycopg.OperationalError)):
        return False
    cause = reason if isinstance(reason, psycopg.Error) else reason.__cause__
    state = getattr(cause, "sqlstate", None)
    return state is None or state[:2] == "08" or state[:3] == "57P"  # no connection; shut down
