"""pytest plugin: an ordered read is compiled without a comparison of all columns that it selects.

Django looks whether what is ordered by is one of them, and hashes each for that: of a read with all settings of a game,
a third of its compilation. Where only names are ordered by, and no column has one, there is nothing to find.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models.sql import compiler

_compiler: Any = compiler.SQLCompiler
_pairs = _compiler._order_by_pairs


def pytest_configure() -> None:
    _compiler._order_by_pairs = order_by_pairs


def order_by_pairs(self: Any) -> Iterator[tuple[Any, bool]]:
    """Return what Django returns."""
    selected, query = self.select, self.query
    named = all(isinstance(one, str) for one in (*query.order_by, *query.get_meta().ordering))
    if not named or query.combinator or query.extra or any(alias for _, _, alias in selected or ()):
        yield from _pairs(self)
        return
    self.select = None
    try:
        pairs = list(_pairs(self))
    finally:
        self.select = selected
    yield from pairs
