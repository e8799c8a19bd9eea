"""PostgreSQL for tests: servers whose migrations were applied once and for all runs, and tables emptied quickly."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from django.db import connection, transaction
from django.test import TransactionTestCase

from gamesched.demo.postgres import REPOSITORY, Server, state_directory

# The database that test databases are copied from. Migrating from nothing takes six seconds, and each worker needs it.
TEMPLATE = "migrated"


def prepare(server: Server) -> None:
    """Give a server that was never started its data, with the database TEMPLATE."""
    base = build()
    server.data.parent.mkdir()
    shutil.copytree(base, server.data)
    for path in (server.data, *server.data.rglob("*")):
        owner = (base / path.relative_to(server.data)).stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def build() -> Path:
    """Migrate a database from nothing, unless that was done; return the directory of its server's data."""
    base = _base_directory()
    if not base.exists():
        _build(base)
    return base


def _base_directory() -> Path:
    """Return the place of the data to begin with. Its name changes with what migrating writes, and the libraries."""
    content = hashlib.sha256((REPOSITORY / "requirements.txt").read_bytes())
    # Migrating also writes when the periodic tasks run.
    for path in sorted([*REPOSITORY.glob("*/migrations/*.py"), *REPOSITORY.glob("*/scheduled_tasks.py")]):
        content.update(path.read_bytes())
    return state_directory() / f"migrated-{content.hexdigest()[:16]}"


def _build(base: Path) -> None:
    """Create a cluster with the migrated database, and rename its data to `base` when it is whole."""
    building = Server(f"test-{os.getpid()}-migrated", fast=True)
    building.start()
    try:
        create = "import django; django.setup(); from django.db import connection; "
        create += f"connection.cursor().execute('CREATE DATABASE {TEMPLATE}')"
        _run(building, "postgres", "-c", create)
        _run(building, TEMPLATE, "manage.py", "migrate", "--verbosity", "0")
        building.stop()
        for old in base.parent.glob("migrated-*"):
            if old != base:
                shutil.rmtree(old, ignore_errors=True)
        if not base.exists():  # another run may have been quicker
            building.data.rename(base)
    finally:
        building.stop()
        building.remove()


def _run(server: Server, database: str, *words: str) -> None:
    url = server.url.replace("/postgres?", f"/{database}?")
    variables = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "gamesched.settings"}
    subprocess.run([sys.executable, *words], cwd=REPOSITORY, env=variables, check=True)


def delete_instead_of_truncating() -> None:
    """Make Django empty this database by DELETE after a test that commits, and give it back its first rows.

    TRUNCATE makes new files for each table, and the signal after it asks for each permission: a third of a second.
    """
    name, test_cases = connection.settings_dict["NAME"], cast(Any, TransactionTestCase)
    truncate = test_cases._fixture_teardown
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() != ("on",):  # who may not turn triggers off
            return
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        # As TRUNCATE does, wait for a transaction that is still open.
        statements = [f"LOCK TABLE {', '.join(tables)}", "SET LOCAL session_replication_role = replica"]
        statements += [f"DELETE FROM {table}" for table in tables]
        cursor.execute("CREATE SCHEMA first_rows")
        for table in tables:
            cursor.execute(f"CREATE TABLE first_rows.{table} AS TABLE {table}")
            statements += [f"INSERT INTO {table} SELECT * FROM first_rows.{table}"] if cursor.rowcount else []

    def empty_tables(test_case: Any) -> None:
        if connection.settings_dict["NAME"] != name:
            truncate(test_case)
            return
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("; ".join(statements))

    test_cases._fixture_teardown = empty_tables
