"""Backups on a real PostgreSQL: made, verified, kept, encrypted, restored with sending on hold."""

import os
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
from games.models import Game
from gamesched.backup import actions, databases, encryption, scheduled_tasks, stores
from gamesched.backup.stores import Store
from gamesched.demo.postgres import programs
from gamesched.lib.clock import db_now
from gamesched.testing.environment import TEMPLATE_VARIABLE
from gamesched.testing.object_store import ObjectStore
from notifications import heartbeat
from notifications.daemon import pause
from notifications.models import Heartbeat, Pause

KEY = "a key that someone made up, and wrote down elsewhere too"


def run_sql(statement: str, *names: str, database: str = "postgres") -> list[Any]:
    with psycopg.connect(make_conninfo(django_settings.DATABASE_URL, dbname=database), autocommit=True) as conn:
        cursor = conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        return cursor.fetchall() if cursor.description else []


def migrated(test: str) -> str:
    """Return a database to copy, which has the tables."""
    return os.environ.get(TEMPLATE_VARIABLE, test)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Give Django a database of its own, with committed rows, that may be renamed and replaced."""
    parts = connection.settings_dict
    test = str(parts["NAME"])
    name = f"{test}_site"
    with django_db_blocker.unblock():
        connections.close_all()
        run_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        run_sql("CREATE DATABASE {} TEMPLATE {}", name, migrated(test))
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
    for left in beside(site):
        run_sql("DROP DATABASE {} WITH (FORCE)", left)


@pytest.fixture
def place(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that backups go to."""
    monkeypatch.setenv("PATH", f"{programs() / 'pginstall/bin'}{os.pathsep}{os.environ['PATH']}")
    settings.BACKUP_TO, settings.BACKUP_KEY, settings.BACKUP_KEPT = str(tmp_path / "backups"), "", 2
    monkeypatch.setattr(encryption, "COST", 2)
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


def test_an_empty_database_is_replaced_and_a_newer_backup_is_refused(site: str, place: Path, settings: Any) -> None:
    connection.close()
    spare = f"{site}_spare"
    run_sql("ALTER DATABASE {} RENAME TO {}", site, spare)
    run_sql("CREATE DATABASE {} TEMPLATE {}", site, migrated(site.removesuffix("_site")))
    dump = place.with_name("by-hand.dump")
    dump_by_hand(spare, dump)
    run("restore", str(dump))
    assert Game.objects.exists()
    assert beside(site) == [spare]
    run_sql("INSERT INTO django_migrations (app, name, applied) VALUES ('guilds', '9999_later', now())", database=spare)
    dump_by_hand(spare, dump)
    assert "newer than this program: it has guilds.9999_later" in refusal("restore", str(dump), "--replace")
    settings.BACKUP_KEY = KEY
    assert "isn't encrypted" in refusal("restore", str(dump), "--replace")
    settings.BACKUP_KEY = ""
    dump.write_text("no dump")
    assert "pg_restore: error" in refusal("restore", str(dump), "--replace")
    assert Game.objects.exists()
    assert beside(site) == [spare]


@pytest.fixture
def dumped(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Have no program dump anything, but these bytes: more than one part of an upload."""
    content = os.urandom(1 << 20) * 17
    monkeypatch.setattr(databases, "dump", lambda name, snapshot: iter([content[:9], content[9:]]))
    return content


def test_one_that_differs_from_what_was_dumped_is_not_kept(
    site: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = databases.fill

    def lose_a_row(name: str, pieces: Iterator[bytes]) -> None:
        fill(name, pieces)
        run_sql("DELETE FROM guilds_role WHERE id = (SELECT min(id) FROM guilds_role)", database=name)

    monkeypatch.setattr(databases, "fill", lose_a_row)
    assert "public.guilds_role differ" in refusal("backup")
    assert [name[-11:] for name in names(place)] == [".unverified"]
    assert actions.last_backup() is None
    assert beside(site) == []
    assert run("backup", "--list") == ""
    assert "has no backups" in refusal("restore", "latest", "--replace")
    monkeypatch.setattr(databases, "dump", lambda name, snapshot: iter([b"PGDMP"]))
    made = actions.make_backup(db_now(), str(place), verify=False)
    assert names(place) == [made.backup.name], "the next one clears away what was not verified"


def test_the_newest_are_kept_and_other_files_let_be(place: Path, dumped: bytes) -> None:
    start = db_now()
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    made = [actions.make_backup(start + timedelta(days=days), str(place), verify=False) for days in range(3)]
    assert made[2].rotated == [made[0].backup.name]
    assert names(place) == sorted([made[1].backup.name, made[2].backup.name, "notes.txt"])
    assert [line.split()[0] for line in run("backup", "--list").splitlines()] == [
        made[2].backup.name, made[1].backup.name,
    ]  # fmt: skip


def test_it_is_made_once_a_day_and_again_an_hour_after_it_failed(place: Path, dumped: bytes, settings: Any) -> None:
    now = datetime(2026, 12, 1, 3, 5, tzinfo=UTC)
    assert actions.is_backup_due(now)
    heartbeat.record_heartbeat(heartbeat.BACKUP_NAME, now)
    assert not actions.is_backup_due(now + timedelta(hours=23, minutes=50))
    assert actions.is_backup_due(now + timedelta(hours=24))
    settings.BACKUP_HOUR = 4
    assert actions.is_backup_due(now + timedelta(hours=1))
    heartbeat.record_heartbeat(heartbeat.BACKUP_NAME, db_now())
    assert "is due at 4:00" in scheduled_tasks.back_up()
    Heartbeat.objects.filter(name=heartbeat.BACKUP_NAME).delete()
    settings.BACKUP_TO = ""
    assert "no backups" in scheduled_tasks.back_up()
    assert "Set BACKUP_TO" in refusal("backup")


def test_mistakes_of_an_operator_are_named(place: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BACKUP_TO = "/proc/backups"
    assert "/proc/backups can't be used" in refusal("backup")
    settings.BACKUP_TO = str(place)
    assert "has no backup" in refusal("restore", "nothing.dump", "--replace")
    with databases.connected(databases.site_database()) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", [actions.BACKUP_LOCK])
        assert "Another backup" in refusal("backup")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "pg_dump isn't installed" in refusal("backup")


def test_a_bucket_of_an_s3_compatible_store(
    place: Path, dumped: bytes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_TO, settings.BACKUP_KEPT = "s3://bucket/of/ours", 1
    with ObjectStore() as store:
        for name, value in store.variables.items():
            monkeypatch.setenv(name, value)
        actions.make_backup(db_now() - timedelta(days=1), settings.BACKUP_TO, verify=False)
        run("backup", "--no-verify")
        [name] = store.objects
        assert name.startswith("bucket/of/ours/games-")
        newest = actions.find_backup("latest", settings.BACKUP_TO)
        assert newest in run("backup", "--list")
        assert b"".join(Store(settings.BACKUP_TO).read(newest)) == dumped
        store.objects.clear()
        assert "has no backups" in refusal("restore", "latest", "--replace")
    monkeypatch.setattr(stores, "RETRIES", {"max_retries": 0, "retry_timeout": timedelta(seconds=1)})
    assert "can't be used" in refusal("backup", "--list")
