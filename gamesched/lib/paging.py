"""Lists in numbered pages."""

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

Row = TypeVar("Row")


def page_number(number: Any) -> int:
    """Return the number of a page as an address names it; the first for what is no number or before it."""
    try:
        return max(int(number), 1)
    except (TypeError, ValueError, OverflowError):
        return 1


def page_of(rows: QuerySet[Any, Row], per_page: int, number: Any) -> Page[Row]:
    """Return this page of rows; the nearest one where there is none, and the first for what is no number.

    Django's own `get_page` gives the last page to whoever asks for one before the first.
    """
    return Paginator(rows, per_page).get_page(page_number(number))
