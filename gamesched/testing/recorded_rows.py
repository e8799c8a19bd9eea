"""Rows that many tests begin with: made by Python once, and then by the same statements in one message."""

import io
import pickle
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection

Made = TypeVar("Made")


class RecordedRows(Generic[Made]):
    """What a function returns that writes rows at a moment to an empty database, and the same for other moments.

    Nothing that it writes or returns may depend on anything but the moment, as a generated key does.
    """

    def __init__(self, make: Callable[[datetime], Made]) -> None:
        self._make = make
        self._recorded: bytes | None = None

    def make(self, now: datetime) -> Made:
        """Write the rows for a moment, and return what the function returned."""
        if self._recorded is None:
            made = self._record(now)
        else:
            with connection.cursor() as cursor:
                cursor.execute(self._sql, [_moved(param, self._at, now) for param in self._params])
            made = _Loader(self._recorded, now).load()
        return made

    def _record(self, now: datetime) -> Made:
        written: list[tuple[str, Any]] = []

        def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith(("INSERT", "UPDATE")):
                written.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(record):
            made = self._make(now)
        self._sql = "; ".join(sql for sql, _ in written)
        self._params = [param for _, params in written for param in params]
        self._at, self._recorded = now, _dump(made, now)
        return made


def _moved(param: Any, before: datetime, now: datetime) -> Any:
    if isinstance(param, list):
        return [_moved(each, before, now) for each in param]
    return now if param == before else param


def _dump(made: Any, now: datetime) -> bytes:
    buffer = io.BytesIO()
    _Dumper(buffer, now).dump(made)
    return buffer.getvalue()


class _Dumper(pickle.Pickler):
    """Leaves the place of a moment open."""

    def __init__(self, buffer: io.BytesIO, now: datetime) -> None:
        super().__init__(buffer)
        self._now = now

    def persistent_id(self, value: Any) -> str | None:
        return "now" if value == self._now else None


class _Loader(pickle.Unpickler):
    """Puts another moment in the place of the one that was recorded."""

    def __init__(self, recorded: bytes, now: datetime) -> None:
        super().__init__(io.BytesIO(recorded))
        self._now = now

    def persistent_load(self, pid: Any) -> datetime:
        return self._now
