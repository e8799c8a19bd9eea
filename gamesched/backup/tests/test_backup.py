"""Backups on a real PostgreSQL: made, verified, kept, encrypted, restored with sending on hold."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from conftest import make_world
from gamesched.backup import actions, databases, scheduled_tasks
from gamesched.demo.postgres import programs
from gamesched.lib.clock import db_now
from games.models import Game
from notifications import heartbeat
from notifications.daemon import pause
from notifications.models import Heartbeat, Pause

KEY = "a key that someone made up, and wrote down elsewhere too"


def run_sql(statement: str, *names: str, database: str = "postgres") -> list[Any]:
    with psycopg.connect(make_conninfo(django_settings.DATABASE_URL, dbname=database), autocommit=True) as conn:
        cursor = conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Give Django a database of its own, with committed rows, that may be renamed and replaced."""
    parts = connection.settings_dict
    test = str(parts["NAME"])
    name = f"{test}_site"
    with django_db_blocker.unblock():
        connections.close_all()
        run_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        run_sql("CREATE DATABASE {} TEMPLATE {}", name, test)
        parts["NAME"] = name
        try:
            make_world(datetime.now(UTC)).create_game()
            yield name
        finally:
            connections.close_all()
            parts["NAME"] = test
            for (left,) in run_sql("SELECT datname FROM pg_database"):
                if left.startswith(name):
                    run_sql("DROP DATABASE {} WITH (FORCE)", left)


@pytest.fixture
def db(site: str, django_db_blocker: Any) -> Iterator[None]:
    """Let a test use that database, and keep what it commits."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def place(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that backups go to."""
    monkeypatch.setenv("PATH", f"{programs() / 'pginstall/bin'}{os.pathsep}{os.environ['PATH']}")
    settings.BACKUP_TO, settings.BACKUP_KEY, settings.BACKUP_KEPT = str(tmp_path / "backups"), "", 2
    Heartbeat.objects.filter(name=heartbeat.BACKUP_NAME).delete()
    return tmp_path / "backups"


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def refusal(*words: str) -> str:
    with pytest.raises(CommandError) as refused:
        run(*words)
    return str(refused.value)


def beside(site: str) -> list[str]:
    """Return the other databases that were made for the site's."""
    return sorted(name for (name,) in run_sql("SELECT datname FROM pg_database") if name.startswith(f"{site}_"))


def dump_by_hand(database: str, dump: Path) -> None:
    url = make_conninfo(django_settings.DATABASE_URL, dbname=database)
    subprocess.run(["pg_dump", "-Fc", f"--file={dump}", url], check=True)


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_backup_is_encrypted_verified_restored_and_held_once(site: str, place: Path, settings: Any) -> None:
    settings.BACKUP_KEY = KEY
    assert "verified by restoring it" in run("backup")
    [stored] = place.iterdir()
    assert stored.name.endswith(".dump.enc")
    assert stored.stat().st_mode & 0o077 == 0
    assert place.stat().st_mode & 0o077 == 0
    assert b"PGDMP" not in stored.read_bytes()
    assert beside(site) == []
    assert stored.name in Heartbeat.objects.get(name=heartbeat.BACKUP_NAME).note
    Game.objects.update(title="Changed since")

    assert "isn't empty" in refusal("restore", "latest")
    settings.BACKUP_KEY = ""
    assert "Set BACKUP_KEY" in refusal("restore", "latest", "--replace")
    settings.BACKUP_KEY = f"not {KEY}"
    assert "isn't this backup's key" in refusal("restore", "latest", "--replace")
    assert Game.objects.get().title == "Changed since"

    settings.BACKUP_KEY = KEY
    with psycopg.connect(make_conninfo(django_settings.DATABASE_URL, dbname=site)):
        assert "Stop web, bot, notifyd and worker" in refusal("restore", "latest", "--replace")
    assert beside(site) == []
    out = run("restore", "latest", "--replace")
    assert "on hold" in out
    [former] = beside(site)
    assert former in out
    assert run_sql("SELECT title FROM games_game", database=former) == [("Changed since",)]
    assert Game.objects.get().title != "Changed since"

    # The hold is released once: no later start comes back to it.
    assert Pause.objects.get(resumed_at=None).reason == actions.HOLD
    in_discord = pause.first_snowflake(db_now() - timedelta(seconds=30))
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, db_now())
    Heartbeat.objects.filter(name=heartbeat.DAEMON_NAME).update(newest_message_id=in_discord - (60_000 << 22))
    assert pause.is_database_older(in_discord, heartbeat.DAEMON_NAME)
    assert "Released" in run("notifyd", "--release")
    assert not pause.is_database_older(in_discord, heartbeat.DAEMON_NAME)
    assert pause.current_pause() is None


def test_an_empty_database_is_replaced_and_a_newer_backup_is_refused(site: str, place: Path) -> None:
    connection.close()
    spare = f"{site}_spare"
    run_sql("ALTER DATABASE {} RENAME TO {}", site, spare)  # the site's is missing now
    run_sql("CREATE DATABASE {} TEMPLATE {}", site, site.removesuffix("_site"))
    dump = place.with_name("by-hand.dump")
    dump_by_hand(spare, dump)
    run("restore", str(dump))
    assert Game.objects.exists()
    assert beside(site) == [spare]
    run_sql("INSERT INTO django_migrations (app, name, applied) VALUES ('guilds', '9999_later', now())", database=spare)
    dump_by_hand(spare, dump)
    assert "newer than this program: it has guilds.9999_later" in refusal("restore", str(dump), "--replace")
    dump.write_bytes(dump.read_bytes()[:-9000])
    assert "pg_restore: error" in refusal("restore", str(dump), "--replace")
    dump.write_text("no dump")
    assert "pg_restore: error" in refusal("restore", str(dump), "--replace")
    assert Game.objects.exists()
    assert beside(site) == [spare]
