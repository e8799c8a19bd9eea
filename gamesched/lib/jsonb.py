"""Searching JSON columns. https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON-PATH"""

from django.db.models import BooleanField, Func, Value


class PathExists(Func):
    """Whether a path finds anything in a JSON column: `PathExists("changes", "$.users[*] ? (@ == 1)")`."""

    function = "jsonb_path_exists"
    template = "%(function)s(%(expressions)s::jsonpath)"
    output_field = BooleanField()

    def __init__(self, column: str, path: str) -> None:
        super().__init__(column, Value(path))
