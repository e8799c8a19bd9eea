"""CSV files to download for spreadsheets."""

import csv
import re
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
    out = csv.writer(to, quoting=csv.QUOTE_ALL)
    out.writerow(head)
    for row in rows:
        out.writerow([escape_csv_formula(value) for value in row])


# A cell begins at the start, and behind whatever some spreadsheet separates cells by: in many countries a semicolon.
# Spaces, quotes and what is invisible before the sign do not stop all of them, nor does a sign in full width.
_SEPARATORS = ";,|\t\r\n\v\f\x85\u2028\u2029"
_FORMULA = rf"(?:(?![{_SEPARATORS}])[\s\"\u200b-\u200f\u2060\ufeff\x00])*+[=+\-@＝＋－＠]"
_FIRST_CELL = re.compile(_FORMULA)
_NEXT_CELL = re.compile(rf"(?<=[{_SEPARATORS}])(?={_FORMULA})")


def escape_csv_formula(value: Any) -> str:
    """Return the value as text of which a spreadsheet evaluates no part as a formula."""
    text = str(value)
    shown = text.lstrip()
    before = text[: len(text) - len(shown)]
    is_formula = before.startswith(("\t", "\r")) or _FIRST_CELL.match(shown)
    return ("'" if is_formula else "") + before + _NEXT_CELL.sub("'", shown)
