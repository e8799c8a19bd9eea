"""What is stored, to compare before and after."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Model

Rows = dict[str, list[dict[str, Any]]]


def stored_rows(models: Iterable[type[Model]]) -> Rows:
    """Return the rows of tables in the order of their keys, each as PostgreSQL turns it into JSON. Takes one statement.

    Querysets would be compiled longer than they run, and some tests compare all tables many times.
    """
    each = [
        f"SELECT '{model._meta.label}', coalesce(jsonb_agg(to_jsonb(t) ORDER BY {model._meta.pk.column}), '[]')::text "
        f"FROM {model._meta.db_table} t"
        for model in models
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return {label: json.loads(rows) for label, rows in cursor.fetchall()}
