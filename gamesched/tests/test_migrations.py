"""Migrations: many fields at once change as one by one; none stops the version before, which still serves."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from gamesched.lib.migrations import AtOnce, at_once
from gamesched.testing.unsafe_migrations import find_faults

# The newest release's last migrations: what follows is checked against what that release reads and writes. Each release
# sets them anew (`run.py release`).
RELEASED = [
    ("games", "0064_people_and_history"),
    ("guilds", "0022_languages"),
    ("notifications", "0016_push"),
    ("discord_bot", "0004_field_names"),
]

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


def test_no_migration_since_the_release_stops_the_version_before() -> None:
    graph = MigrationLoader(None).graph
    released = graph.make_state(RELEASED)
    known = {key for node in RELEASED for key in graph.forwards_plan(node)}
    state, faults = released.clone(), []
    for node in graph.leaf_nodes():
        for key in graph.forwards_plan(node):
            if key in known or key[0] not in dict(RELEASED):
                continue
            known.add(key)
            faults += find_faults(graph.nodes[key], state, released)
    assert faults == []


SAFE: list[Any] = [
    migrations.AddField("signup", "x", models.IntegerField(default=0, db_default=0)),
    migrations.AddField("signup", "x", models.IntegerField(null=True)),
    migrations.AddIndex("calendarfeed", models.Index(fields=["fetches"], name="x")),
    AddIndexConcurrently("signup", models.Index(fields=["rank"], name="x")),
    migrations.AlterField("signup", "note", models.CharField(max_length=200)),
    migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("signup", "note")]),
    migrations.RunSQL("ALTER TABLE games_signup DROP COLUMN gone_a_release_ago"),
    migrations.RunSQL("CREATE INDEX CONCURRENTLY x ON games_signup (rank)"),
]
UNSAFE: list[Any] = [
    migrations.AddField("signup", "x", models.IntegerField(default=0)),
    migrations.AddField("signup", "x", models.IntegerField(null=True, db_index=True)),
    AtOnce([migrations.AddField("signup", "x", models.IntegerField(default=0))]),
    migrations.AddIndex("signup", models.Index(fields=["rank"], name="x")),
    migrations.AddConstraint("signup", models.UniqueConstraint(fields=["game", "rank"], name="x")),
    migrations.RemoveField("signup", "note"),
    migrations.RenameField("signup", "note", "x"),
    migrations.RenameModel("signup", "x"),
    migrations.DeleteModel("calendarfeed"),
    migrations.AlterField("signup", "note", models.CharField(max_length=50)),
    migrations.AlterField("signup", "rank", models.BigIntegerField()),
    migrations.AlterField("signup", "seated_at", models.DateTimeField()),
    migrations.RunSQL("ALTER TABLE games_signup DROP COLUMN note"),
    migrations.RunSQL("ALTER TABLE games_signup ALTER rank TYPE bigint"),
    migrations.RunSQL("ALTER TABLE games_signup ALTER seated_at SET NOT NULL"),
    migrations.RunSQL("CREATE INDEX x ON games_signup (rank)"),
]


def test_what_is_safe_while_the_version_before_serves() -> None:
    released = MigrationLoader(None).graph.make_state(RELEASED)
    for operations, is_safe in ((SAFE, True), (UNSAFE, False)):
        for operation in operations:
            migration: Any = migrations.Migration("more", "games")
            migration.operations = [operation]
            faults = find_faults(migration, released.clone(), released)
            assert (faults == []) is is_safe, (operation, faults)


@pytest.mark.django_db
def test_a_column_that_came_after_its_table_has_a_default_for_the_version_before() -> None:
    added: set[tuple[str, str]] = set()
    for (label, _), migration in MigrationLoader(None).disk_migrations.items():
        if label not in dict(RELEASED):
            continue
        parts = [part for one in migration.operations for part in getattr(one, "operations", [one])]
        made = {part.name_lower for part in parts if isinstance(part, migrations.CreateModel)}
        for part in parts:
            if isinstance(part, migrations.AddField) and part.model_name_lower not in made:
                added.add((f"{label}_{part.model_name_lower}", part.name))
            elif isinstance(part, migrations.RenameField):
                names = [(f"{label}_{part.model_name_lower}", name) for name in (part.old_name, part.new_name)]
                if names[0] in added:
                    added.add(names[1])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND is_nullable = 'NO' AND column_default IS NULL AND is_generated = 'NEVER'"
        )
        without = {(str(table), str(column)) for table, column in cursor.fetchall()}
    assert added & without == set()
