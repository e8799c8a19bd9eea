"""Finds what a migration must not do while the version before it still serves, and what stops others for long.

The programs are replaced once the database is migrated. So what the version before reads and writes has to stay for one
release more: what goes leaves the models first, and the database one release later.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.state import ProjectState
from django.db.models import UniqueConstraint

from gamesched.lib.migrations import AtOnce

# Tables with a row for each thing that people do: making an index there keeps everyone from writing.
BIG = {
    "games_auditentry",
    "games_signup",
    "guilds_member",
    "guilds_user",
    "notifications_notification",
    "notifications_delivery",
    "discord_bot_interaction",
}
LATER = "Take it from the models with SeparateDatabaseAndState, and from the database one release later, with RunSQL."
KEEP = "Add a column, copy, and drop the old one a release later."
CONCURRENTLY = "Make it with AddIndexConcurrently, in a migration with atomic = False."
SQL = {
    r"\bRENAME\b": KEEP,
    r"\bDROP TABLE\b": LATER,
    r"\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b": KEEP,
    r"\bSET NOT NULL\b": "Give the column a db_default and keep null for one release.",
    rf"\bCREATE (UNIQUE )?INDEX (?!CONCURRENTLY).* ON \"?({'|'.join(BIG)})\b": CONCURRENTLY,
}
DROPPED = re.compile(r"ALTER TABLE \"?(\w+)\"?.*?\bDROP COLUMN (?:IF EXISTS )?\"?(\w+)", re.I | re.S)


def find_faults(migration: Migration, state: ProjectState, released: ProjectState) -> list[str]:
    """Return what is unsafe in a migration, each with the next step, and apply it to the state.

    `released` is the state of the newest release: what it has in its models, its programs read.
    """
    new: set[str] = set()
    faults: list[str] = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        for part in _parts(operation):
            if type(part).__name__ == "CreateModel":
                new.add(f"{migration.app_label}_{part.name_lower}")
            elif (fault := _fault(part, migration.app_label, new, before, released)) is not None:
                faults.append(f"{migration.app_label}.{migration.name}: {part.describe()}. {fault}")
    return faults


def _parts(operation: Any) -> Iterator[Any]:
    """Return what an operation does to the database, one by one."""
    if isinstance(operation, AtOnce):
        yield from operation.operations
    elif isinstance(operation, SeparateDatabaseAndState):
        for part in operation.database_operations:
            yield from _parts(part)
    else:
        yield operation


def _fault(part: Any, label: str, new: set[str], before: ProjectState, released: ProjectState) -> str | None:
    if isinstance(part, RunSQL):
        return _fault_of_sql(str(part.sql if isinstance(part.sql, str) else list(part.sql)), released)
    if isinstance(part, DeleteModel | RemoveField):
        return LATER
    if isinstance(part, RenameField | RenameModel | AlterModelTable):
        return KEEP
    table = f"{label}_{getattr(part, 'model_name', '').lower()}"
    if table in new:
        return None
    if isinstance(part, AddField):
        field: Any = part.field
        if not (field.null or field.has_db_default() or field.many_to_many):
            return "Give it a db_default: the version before writes rows without it."
        is_indexed = field.unique or field.db_index
        return CONCURRENTLY if is_indexed and table in BIG else None
    if isinstance(part, AlterField):
        old = before.models[label, part.model_name_lower].fields[part.name]
        return _fault_of_alteration(old, part.field, table)
    is_index = isinstance(part, AddIndex) and not isinstance(part, AddIndexConcurrently)
    if is_index or (isinstance(part, AddConstraint) and isinstance(part.constraint, UniqueConstraint)):
        return CONCURRENTLY if table in BIG else None
    return None


def _fault_of_alteration(old: Any, new: Any, table: str) -> str | None:
    if old.null and not new.null:
        return "The version before may write null: change it one release later."
    if old.is_relation != new.is_relation:
        return KEEP
    kinds = [field.db_type(connection) for field in (old, new) if not field.is_relation]
    if kinds and kinds[0] != kinds[1] and not _is_wider(*kinds):
        return KEEP
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        return CONCURRENTLY if table in BIG else None
    return None


def _is_wider(old: str, new: str) -> bool:
    """Return whether every value of a kind is one of the other too, so that PostgreSQL rewrites no row."""
    lengths = [re.fullmatch(r"varchar\((\d+)\)", kind) for kind in (old, new)]
    if lengths[0] is None:
        return False
    return new in {"varchar", "text"} or (lengths[1] is not None and int(lengths[0][1]) <= int(lengths[1][1]))


def _fault_of_sql(statements: str, released: ProjectState) -> str | None:
    columns = {
        (f"{label}_{name}", f"{field_name}_id" if field.is_relation else field_name)
        for (label, name), model in released.models.items()
        for field_name, field in model.fields.items()
    }
    if any(found in columns for found in DROPPED.findall(statements)):
        return LATER
    return next((step for pattern, step in SQL.items() if re.search(pattern, statements, re.I)), None)
