"""Querysets compiled to SQL once: for a row of two hundred columns, Django compiles longer than PostgreSQL works."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import QuerySet

Row = TypeVar("Row")


class CompiledQuery(Generic[Row]):
    """A queryset that differs from run to run in ids and times only.

    `build` makes the queryset from these. It is called once, with markers; later runs put their values in the
    markers' places. A query that depends on anything else needs a CompiledQuery for each form.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Row]"]) -> None:
        self._build = build
        self._queryset: Any = None

    def all(self, *values: int | datetime) -> list[Row]:
        """Run the query with these values, and return its rows."""
        if self._queryset is None:
            self._compile([_marker(number, value) for number, value in enumerate(values)])
        given = dict(zip(self._markers, values, strict=True))
        params = tuple(_replaced(param, given) for param in self._params)
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[compiler.using]  # of this thread
        compiler.as_sql = lambda *args, **kwargs: (self._sql, params)
        compiler.get_converters = lambda expressions: self._converters
        query = SimpleNamespace(
            get_compiler=lambda using: compiler,
            extra_select=compiler.query.extra_select,
            values_select=compiler.query.values_select,
            annotation_select=compiler.query.annotation_select,
        )
        queryset = SimpleNamespace(
            db=compiler.using, query=query, _known_related_objects={}, _fields=self._queryset._fields
        )
        return list(self._queryset._iterable_class(queryset))

    def first(self, *values: int | datetime) -> Row | None:
        """Run the query with these values, and return its first row, or None."""
        return next(iter(self.all(*values)), None)

    def _compile(self, markers: list[int | datetime]) -> None:
        self._markers = markers
        queryset: Any = self._build(*markers)
        self._compiler: Any = queryset.query.get_compiler(using=queryset.db)
        self._sql, self._params = self._compiler.as_sql()
        # Those of fields and of PostgreSQL know no connection; they are given it with each value.
        self._converters = self._compiler.get_converters(column[0] for column in self._compiler.select)
        if not set(self._markers) <= set(self._params):
            raise ValueError(f"A query that is compiled once must have its values as parameters, not {self._params}.")
        self._queryset = queryset


def _marker(number: int, value: int | datetime) -> int | datetime:
    if isinstance(value, datetime):
        return datetime(1, 1, 2, tzinfo=UTC) + timedelta(days=number)
    return -2_000_000_000 - number  # in the range of every integer column, and nobody's id


def _replaced(param: Any, given: dict[int | datetime, int | datetime]) -> Any:
    # By class too, as False is 0. A foreign key's parameter is an int of a class of its own, which tells psycopg the
    # type of the column.
    if isinstance(param, int | datetime) and not isinstance(param, bool) and param in given:
        value = given[param]
        kind: Any = type(param)
        return kind(value) if isinstance(value, int) else value
    return param
