"""Whether the database is there, new enough and migrated. Each program asks when it starts, and /healthz always."""

import importlib
import pkgutil
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from django.apps import apps
from django.core.management.base import CommandError
from django.db import Error, NotSupportedError, connection
from django.db.backends.postgresql.features import DatabaseFeatures
from django.db.migrations.recorder import MigrationRecorder

from gamesched.lib.outage import first_line

T = TypeVar("T")

OLDEST_POSTGRES = (15,)  # unique constraints over nulls
UNREACHABLE, TOO_OLD, NOT_MIGRATED, TOO_NEW = "unreachable", "too_old", "not_migrated", "too_new"
CANNOT_REACH = "Can't reach the database."
MIGRATE = "python manage.py migrate (with compose: docker compose run --rm migrate)"


@dataclass(frozen=True)
class Problem:
    """What keeps something from working, and the operator's next step. `detail` is for them alone."""

    code: str
    what: str
    next_step: str
    detail: str = ""

    @property
    def text(self) -> str:
        """Return what is wrong, with the detail."""
        return f"{self.what} {self.detail}".strip()

    def __str__(self) -> str:
        return f"{self.text}\n{self.next_step}"


def require_new_postgres() -> None:
    """Have Django refuse connections to a PostgreSQL that is too old, before `migrate` makes half a schema in it."""
    DatabaseFeatures.minimum_database_version = OLDEST_POSTGRES


def database_problem() -> Problem | None:
    """Return what keeps the programs from using the database, or None."""
    try:
        connection.ensure_connection()
        applied = _applied_migrations()
    except NotSupportedError:
        return _too_old()  # raised for each new connection
    except Error as reason:
        return Problem(
            UNREACHABLE,
            CANNOT_REACH,
            "Check that PostgreSQL runs, and DATABASE_URL: percent-encode @ : / # and % in its password.",
            first_line(reason),
        )
    known = known_migrations()
    if missing := known - applied:
        return Problem(
            NOT_MIGRATED,
            "The database isn't migrated to this version.",
            f"Run {MIGRATE}.",
            f"It lacks {len(missing)} of {len(known)} migrations.",
        )
    if newer := newer_migrations(applied):
        return Problem(
            TOO_NEW,
            "The database is newer than this program.",
            "Start the newer version, or restore the backup from before the upgrade.",
            f"It has {', '.join('.'.join(one) for one in newer)}.",
        )
    return None


def ask_once(question: Callable[[], T]) -> T:
    """Return the answer, and close the connection that it took."""
    try:
        return question()
    finally:
        connection.close()


def require_database() -> None:
    """Raise CommandError, with the next step, if the database cannot be used."""
    if (problem := database_problem()) is not None:
        raise CommandError(str(problem))


def explain(error: BaseException) -> None:
    """Raise CommandError in place of a database's error, if an operator's mistake is the reason."""
    if isinstance(error, NotSupportedError):
        raise CommandError(str(_too_old())) from None
    # Whatever was under way is over, and its connection may be in a failed transaction.
    connection.close()
    require_database()


def _too_old() -> Problem:
    version = postgres_version()
    connection.close()  # or Django would use it after all
    return Problem(
        TOO_OLD,
        f"PostgreSQL {version} is too old: you need version {OLDEST_POSTGRES[0]} or newer.",
        "Upgrade the server, or point DATABASE_URL at a newer one.",
    )


def postgres_version() -> int:
    """Return the major version of the server, though Django may refuse it."""
    with suppress(NotSupportedError):
        connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10000


def _applied_migrations() -> Set[tuple[str, str]]:
    # The table is missing in an empty database.
    return set(MigrationRecorder(connection).applied_migrations())


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return all migrations, by the names of their files: importing them takes half a second."""
    found = set()
    for app in apps.get_app_configs():
        try:
            package = importlib.import_module(f"{app.name}.migrations")
        except ModuleNotFoundError:
            continue
        names = {module.name for module in pkgutil.iter_modules(package.__path__) if module.name[0] not in "_~"}
        found |= {(app.label, name) for name in names}
    return frozenset(found)


def newer_migrations(applied: Set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the migrations of known apps that follow the last one known."""
    last: dict[str, str] = {}
    for label, name in known_migrations():
        last[label] = max(name, last.get(label, ""))
    return sorted((label, name) for label, name in applied if label in last and name[:4] > last[label][:4])
