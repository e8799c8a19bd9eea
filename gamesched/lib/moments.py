"""The dates and times that people may give, and how a stored one beyond them is still read and shown.

Python knows the years 1 to 9999, PostgreSQL more, and at either end a change of zone overflows: one such row
made a page answer 500 for everybody.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import DataError
from psycopg.types.datetime import TimestampLoader

FIRST_YEAR, LAST_YEAR = 2000, 2199  # what people may give, in whatever zone

# What is shown instead of a time that cannot be: far enough from either end for every zone.
_LOWEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
_HIGHEST = datetime.max.replace(microsecond=0, tzinfo=UTC) - timedelta(days=2)


def is_usable(at: date) -> bool:
    """Return whether people may give this date, or time."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def in_zone(at: datetime, zone: tzinfo) -> datetime:
    """Return an aware time in a zone; as it is if that would be before year 1 or after 9999."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def is_skipped(local: datetime) -> bool:
    """Return whether clocks in its zone never show this time: they go forward over it."""
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None)


def read_moment(text: str) -> datetime | None:
    """Return the time that the audit log stores as text; None for what Python cannot read."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _nearest(load: Callable[[Any], datetime], data: Any, lowest: datetime, highest: datetime) -> datetime:
    """Return the time that the database sent; for one that Python does not have the nearest that can be shown."""
    try:
        try:
            found = datetime.fromisoformat(str(data, "ascii"))  # by far the fastest, and every row has several times
        except ValueError:
            found = load(data)
        return min(max(found, lowest), highest)
    except DataError:
        return lowest if bytes(data).endswith(b"BC") or bytes(data) == b"-infinity" else highest


class LenientTimestamptzLoader(BaseTzLoader):  # type: ignore[misc]
    """Reads a column's time."""

    timezone = UTC

    def load(self, data: Any) -> datetime:
        return _nearest(super().load, data, _LOWEST, _HIGHEST)


class LenientTimestampLoader(TimestampLoader):
    """Reads a time without a zone, which SQL functions return: the months of the admin's date hierarchy."""

    def load(self, data: Any) -> datetime:
        return _nearest(super().load, data, _LOWEST.replace(tzinfo=None), _HIGHEST.replace(tzinfo=None))


def read_leniently(connection: Any, **kwargs: Any) -> None:
    """Have a new database connection read times so; for the signal `connection_created`."""
    if connection.vendor == "postgresql" and connection.timezone == UTC:
        connection.connection.adapters.register_loader("timestamptz", LenientTimestamptzLoader)
        connection.connection.adapters.register_loader("timestamp", LenientTimestampLoader)
