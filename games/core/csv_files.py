"""CSV files to download for spreadsheets."""

import csv
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse


def csv_response(name: str, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """Return a response that downloads the rows as a CSV file."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # without it Excel takes the file for another encoding
    write_csv(response, head, rows)
    return response


def write_csv(to: Any, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write the header and the rows as CSV to a file-like object."""
    out = csv.writer(to)
    out.writerow(head)
    for row in rows:
        out.writerow([escape_csv_formula(value) for value in row])


def escape_csv_formula(value: Any) -> str:
    """Return the value as text that a spreadsheet does not evaluate as a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
