"""Querysets compiled to SQL once: for a row of two hundred columns, Django compiles longer than PostgreSQL works."""

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import QuerySet

Row = TypeVar("Row")


class CompiledQuery(Generic[Row]):
    """A queryset that differs from run to run in ids only.

    `build` makes the queryset from ids. It is called once, with markers; later runs put their ids in the markers'
    places. A query that depends on anything else needs a CompiledQuery for each form.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Row]"]) -> None:
        self._build = build
        self._queryset: Any = None

    def all(self, *ids: int) -> list[Row]:
        """Run the query with these ids, and return its rows."""
        if self._queryset is None:
            self._compile(len(ids))
        given = dict(zip(self._markers, ids, strict=True))
        # A foreign key's parameter is an int of a class of its own, which tells psycopg the type of the column.
        params = tuple(type(p)(given[p]) if isinstance(p, int) and p in given else p for p in self._params)
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[compiler.using]  # of this thread
        compiler.as_sql = lambda *args, **kwargs: (self._sql, params)
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

    def first(self, *ids: int) -> Row | None:
        """Run the query with these ids, and return its first row, or None."""
        return next(iter(self.all(*ids)), None)

    def _compile(self, number_of_ids: int) -> None:
        # In the range of every integer column, and nobody's id.
        self._markers = [-2_000_000_000 - number for number in range(number_of_ids)]
        queryset: Any = self._build(*self._markers)
        self._compiler: Any = queryset.query.get_compiler(using=queryset.db)
        self._sql, self._params = self._compiler.as_sql()
        if not set(self._markers) <= set(self._params):
            raise ValueError(f"A query that is compiled once must have its ids as parameters, not {self._params}.")
        self._queryset = queryset
