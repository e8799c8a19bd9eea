"""Tables for spreadsheets, as files to download."""

import csv
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse


def csv_response(name: str, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """A file of comma-separated values, one row a line."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # without it Excel takes the file for another encoding
    write_csv(response, head, rows)
    return response


def write_csv(to: Any, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write the lines into whatever takes text."""
    out = csv.writer(to)
    out.writerow(head)
    for row in rows:
        out.writerow([escape_csv_formula(value) for value in row])


def escape_csv_formula(value: Any) -> str:
    """Text that a spreadsheet shows and does not compute."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
