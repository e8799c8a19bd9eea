"""Migrations of many fields at once change tables and models as one by one, there and back."""

from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState

from gamesched.lib.migrations import AtOnce, at_once

OPERATIONS = [
    migrations.AddField("boat", "sails", models.IntegerField(default=2)),
    migrations.RenameField("boat", "title", "name"),
    migrations.AlterField("boat", "crew", models.BigIntegerField(null=True)),
    migrations.AddField("boat", "twin", models.ForeignKey("gamesched.boat", models.CASCADE, null=True)),
    migrations.RenameField("boat", "sails", "masts"),  # of a field just added
    migrations.RunSQL("UPDATE gamesched_boat SET masts = 3", migrations.RunSQL.noop),
    migrations.AlterField("boat", "name", models.CharField(max_length=90)),
]
FIELDS: list[tuple[str, Any]] = [
    ("id", models.BigAutoField(primary_key=True)),
    ("title", models.CharField(max_length=40)),
    ("crew", models.IntegerField()),
]


def migrate(operations: list[Any]) -> list[object]:
    """Migrate a table there and back; return its rows and columns, and the fields of the model, after both."""
    migration: Any = migrations.Migration("more", "gamesched")
    migration.operations = operations
    before = ProjectState()
    before.add_model(ModelState("gamesched", "Boat", FIELDS))
    found: list[object] = []

    def look(state: ProjectState) -> None:
        fields = state.apps.get_model("gamesched", "boat")._meta.get_fields()
        found.append({(field.name, type(field), getattr(field, "null", None)) for field in fields})
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, "gamesched_boat")
            found.append({(column.name, column.type_code, column.null_ok, column.display_size) for column in columns})
            cursor.execute("SELECT * FROM gamesched_boat")
            found.append([dict(zip((column.name for column in columns), row, strict=True)) for row in cursor])

    with connection.schema_editor() as editor:
        editor.create_model(before.apps.get_model("gamesched", "boat"))
        editor.execute("INSERT INTO gamesched_boat (title, crew) VALUES ('Argo', 50)")
    with connection.schema_editor() as editor:
        look(migration.apply(before.clone(), editor))
    with connection.schema_editor() as editor:
        look(migration.unapply(before, editor))
        editor.execute("DROP TABLE gamesched_boat")
    return found


@pytest.mark.django_db
def test_at_once_is_as_one_by_one() -> None:
    grouped: list[Any] = at_once(OPERATIONS)
    assert [isinstance(operation, AtOnce) for operation in grouped] == [True, False, False, False]
    assert len(grouped[0].operations) == 4
    assert migrate(grouped) == migrate(OPERATIONS)
