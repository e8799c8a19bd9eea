"""Tables for spreadsheets, as files to download."""

import csv
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse


def table(name: str, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """A file of comma-separated values, one row a line."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.write("\ufeff")  # without it Excel takes the file for another encoding
    write(answer, head, rows)
    return answer


def write(to: Any, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write the lines into whatever takes text."""
    out = csv.writer(to)
    out.writerow(head)
    for row in rows:
        out.writerow([harmless(value) for value in row])


def harmless(value: Any) -> str:
    """Text that a spreadsheet shows and does not compute."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
