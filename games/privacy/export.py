"""The file with everything that is kept of a person."""

import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from guilds.models import User
from guilds.personal_data import described_tables, export_person

SAFE_INTEGER = 2**53  # above, programs that read JSON round Discord's ids


def export_text(user: User, now: datetime) -> str:
    """Return everything that is kept of a person as JSON, with what each table is and what is left out."""
    tables = {table.model._meta.label_lower: table for table in described_tables()}
    content = {
        "person": str(user.pk),
        "made_at": now,
        "tables": {
            label: {
                "what": tables[label].what,
                "why": tables[label].why,
                "kept": tables[label].kept,
                "left_out": dict(tables[label].withheld),
                "rows": rows,
            }
            for label, rows in export_person(user).items()
        },
    }
    return json.dumps(_with_text_ids(content), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def _with_text_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_text_ids(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_text_ids(part) for part in value]
    if isinstance(value, int) and abs(value) > SAFE_INTEGER:
        return str(value)
    return value
