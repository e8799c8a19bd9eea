"""Lists in numbered pages."""

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

Row = TypeVar("Row")


def page_of(rows: QuerySet[Any, Row], per_page: int, number: Any) -> Page[Row]:
    """Return this page of rows; the nearest one where there is none, and the first for what is no number.

    Django's own `get_page` gives the last page to whoever asks for one before the first.
    """
    paginator = Paginator(rows, per_page)
    try:
        wanted = int(number)
    except (TypeError, ValueError, OverflowError):
        wanted = 1
    return paginator.get_page(max(wanted, 1))
