"""Querysets compiled to SQL once, and prepared: Django compiles and PostgreSQL plans them for longer than they run."""

import copy
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import NotSupportedError, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet
from psycopg._preparing import Key, Prepare, PrepareManager
from psycopg._queries import PostgresClientQuery, PostgresQuery
from psycopg.pq.abc import PGresult
from psycopg.types.numeric import Int2, Int4, Int8

# What prepared statements may not survive.
CHANGES = re.compile(rb"(DROP|ALTER|DISCARD ALL|DEALLOCATE ALL)\b")

Row = TypeVar("Row")
Value = int | datetime | str


class CompiledQuery(Generic[Row]):
    """A queryset that differs from run to run in ids, times and texts only.

    `build` makes the queryset from these. It is called once, with markers; later runs put their values in the
    markers' places. A query that depends on anything else needs a CompiledQuery for each form.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Row]"]) -> None:
        self._build = build
        self._compiled: _Compiled | None = None

    def all(self, *values: Value) -> list[Row]:
        """Run the query with these values, and return its rows; none for an id of more than 64 bits."""
        if any(isinstance(value, int) and value.bit_length() > 63 for value in values):
            return []
        compiled = self._compiled
        if compiled is None:
            compiled = _compile(self._build, [_marker(number, value) for number, value in enumerate(values)])
            self._compiled = compiled  # whole: other threads run it at this moment
        given = dict(zip(compiled.markers, values, strict=True))
        params = tuple(_replaced(param, given) for param in compiled.params)
        connection = connections[compiled.compiler.using]  # of this thread
        try:
            return compiled.rows(connection, params)
        except NotSupportedError:
            # PostgreSQL's "cached plan must not change result type": a migration changed a column under a program that
            # runs. A transaction that ends with this begins anew with plans; other connections would fail for ever.
            if connection.in_atomic_block:
                raise
            with connection.cursor() as cursor:
                cursor.execute("DEALLOCATE ALL")
            return compiled.rows(connection, params)

    def first(self, *values: Value) -> Row | None:
        """Run the query with these values, and return its first row, or None."""
        return next(iter(self.all(*values)), None)


@dataclass(frozen=True)
class _Compiled:
    """What is kept of a queryset: its SQL, and what Django makes rows with."""

    markers: list[Value]
    queryset: Any
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    converters: Any

    def rows(self, connection: Any, params: tuple[Any, ...]) -> list[Any]:
        """Run the SQL with these parameters by a connection, and return its rows."""
        compiler = copy.copy(self.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: (self.sql, params)
        compiler.get_converters = lambda expressions: self.converters
        query = SimpleNamespace(
            get_compiler=lambda using: compiler,
            extra_select=compiler.query.extra_select,
            values_select=compiler.query.values_select,
            annotation_select=compiler.query.annotation_select,
        )
        queryset = SimpleNamespace(
            db=compiler.using, query=query, _known_related_objects={}, _fields=self.queryset._fields
        )
        with prepared(connection):
            return list(self.queryset._iterable_class(queryset))


def _compile(build: Callable[..., "QuerySet[Any, Row]"], markers: list[Value]) -> _Compiled:
    queryset: Any = build(*markers)
    compiler: Any = queryset.query.get_compiler(using=queryset.db)
    sql, params = compiler.as_sql()
    if not set(markers) <= set(params):
        raise ValueError(f"A query that is compiled once must have its values as parameters, not {params}.")
    # Those of fields and of PostgreSQL know no connection; they are given it with each value.
    converters = compiler.get_converters(column[0] for column in compiler.select)
    return _Compiled(markers, queryset, compiler, sql, params, converters)


@contextmanager
def prepared(connection: Any) -> Iterator[None]:
    """Send values apart from the SQL meanwhile, so that the fifth run of a statement by a connection is prepared.

    Not for all statements, as `server_side_binding` would: Django calls any int a 32-bit one where it knows no column
    (`Greatest`, `overlap`), and psycopg sends the lower half of Discord's ids without a word.
    """
    connection.ensure_connection()
    raw, features = connection.connection, connection.features
    before, raw.cursor_factory = raw.cursor_factory, ServerBindingCursor
    features.uses_server_side_binding = True  # for Django's log of queries
    try:
        yield
    finally:
        raw.cursor_factory, features.uses_server_side_binding = before, False


class KeptPlans(PrepareManager):
    """Counts what `prepared` sends alone, and keeps a connection's prepared statements when a transaction rolls back.

    psycopg counts each statement with its values in it, of which none comes again, and remembers a hundred: others that
    run five times among them were never prepared. And it drops all that are prepared at each rollback, since tables
    made in it would be gone. Programs that run make none, and each refusal rolls back.
    """

    def maybe_add_to_cache(self, query: PostgresQuery, prep: Prepare, name: bytes) -> Key | None:
        if isinstance(query, PostgresClientQuery):
            return self.key(query)  # not counted, and validated for what it did
        return super().maybe_add_to_cache(query, prep, name)

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult], *args: Any) -> bool:
        if any(CHANGES.match(result.command_status or b"") for result in results):
            return super().clear()
        return False

    def clear(self) -> bool:
        """Keep all: psycopg calls this after a rollback."""
        return False


def keep_plans(connection: Any, **signal: object) -> None:
    """Have a new database connection keep its plans; for the signal `connection_created`."""
    kept = KeptPlans()
    kept.prepare_threshold = connection.connection.prepare_threshold
    connection.connection._prepared = kept


def _marker(number: int, value: Value) -> Value:
    if isinstance(value, str):
        return f"marker {number}"
    if isinstance(value, datetime):
        return datetime(1, 1, 2, tzinfo=UTC) + timedelta(days=number)
    return -2_000_000_000 - number  # in the range of every integer column, and nobody's id


def _replaced(param: Any, given: dict[Value, Value]) -> Any:
    # By class too, as False is 0. A foreign key's parameter is an int of a class of its own, which tells psycopg the
    # type of the column.
    if isinstance(param, Value) and not isinstance(param, bool) and param in given:
        value = given[param]
        kind: Any = type(param)
        return _whole(kind(value)) if isinstance(value, int) else value
    return _whole(param)


def _whole(value: Any) -> Any:
    """Return an int as one of 64 bits if it has more than its class says; psycopg would cut it off."""
    bits = 15 if isinstance(value, Int2) else 31 if isinstance(value, Int4) else 64
    return Int8(value) if isinstance(value, int) and not -(1 << bits) <= value < 1 << bits else value


class CompiledSets(Generic[Row]):
    """Querysets that differ in sets of ids, and then in values: compiled once for sets of one, ten and a hundred.

    `build` takes a sequence for each set. Larger sets are compiled anew each time.
    """

    SIZES = (1, 10, 100)

    def __init__(self, build: Callable[..., "QuerySet[Any, Row]"]) -> None:
        self._build = build
        self._compiled: dict[tuple[int, ...], CompiledQuery[Row]] = {}

    def all(self, *sets: Collection[int], values: Sequence[int | datetime] = ()) -> list[Row]:
        """Run the query with these sets of ids, and return its rows; none if a set is empty."""
        if not all(sets):
            return []
        if max(map(len, sets)) > max(self.SIZES):
            return list(self._build(*sets, *values))
        places = tuple(min(size for size in self.SIZES if size >= len(ids)) for ids in sets)
        if places not in self._compiled:
            self._compiled[places] = CompiledQuery(lambda *ids: self._build(*_cut(ids, places)))
        # The places that are left take an id again, which finds nothing more.
        padded = [pk for ids, size in zip(map(list, sets), places, strict=True) for pk in _fill(ids, size)]
        return self._compiled[places].all(*padded, *values)


def _fill(ids: list[int], size: int) -> list[int]:
    return ids + ids[-1:] * (size - len(ids))


def _cut(values: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
    """Return the values in sequences of these sizes, and what is left one by one."""
    cut: list[Any] = []
    at = 0
    for size in sizes:
        cut.append(values[at : at + size])
        at += size
    return [*cut, *values[at:]]
