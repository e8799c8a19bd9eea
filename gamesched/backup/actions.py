"""Making a backup that is known to be good, keeping the newest ones, and restoring one."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection

from gamesched.backup import databases
from gamesched.backup.encryption import decrypt, encrypt
from gamesched.backup.problems import BackupProblem
from gamesched.backup.stores import UNVERIFIED, Store, StoredBackup, backup_name, read_file
from gamesched.lib.clock import db_now
from gamesched.lib.readiness import newer_migrations
from notifications import heartbeat
from notifications.models import Heartbeat

LATEST = "latest"
BACKUP_LOCK = 0x6261636B  # "back": the advisory lock of the one backup that is being made
CHECKING, RESTORING = "_check", "_restoring"  # end the names of the databases that are filled
HOLD = "A backup was restored: what it has as due may have been sent already."
_HOLD = "INSERT INTO notifications_pause (reason, paused_at, resumed_by) VALUES (%s, now(), '') ON CONFLICT DO NOTHING"


@dataclass(frozen=True)
class Made:
    """A backup that was made, and what was deleted for it."""

    backup: StoredBackup
    rows: int
    is_verified: bool
    rotated: list[str]

    def __str__(self) -> str:
        known = "verified by restoring it" if self.is_verified else "not verified"
        return f"{self.backup.name}: {size_text(self.backup.size)}, {self.rows} rows, {known}"


@dataclass(frozen=True)
class Restored:
    """A backup that was restored, and what is to be known of it."""

    former: str  # the database that was there before, if it is kept
    is_held: bool


def size_text(size: int) -> str:
    """Return a number of bytes for people."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


# --- making ----------------------------------------------------------------------------------------------


def make_backup(now: datetime, place: str, verify: bool = True) -> Made:
    """Store a dump of the database, restore it into a scratch database to see that it is good, and keep the newest.

    One snapshot is both dumped and counted, so that not a row may differ. Nobody waits for it: it only reads.
    """
    store = Store(place)
    name = backup_name(now, bool(settings.BACKUP_KEY))
    unverified = f"{name}{UNVERIFIED}"
    database = databases.site_database()
    with databases.connected(database) as conn, _private_files(), _the_only_one(conn):
        for left in store.unverified():
            store.delete(left)
        with conn.transaction():
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            [(snapshot,)] = conn.execute("SELECT pg_export_snapshot()").fetchall()
            dump = databases.dump(database, str(snapshot))
            store.write(unverified, encrypt(dump, settings.BACKUP_KEY) if settings.BACKUP_KEY else dump)
            contents = databases.contents(conn)
        if verify:
            _verify(store, unverified, database, contents)
        store.rename(unverified, name)
    kept = store.backups()
    rotated = [one.name for one in kept[settings.BACKUP_KEPT :] if one.name != name]
    for old in rotated:
        store.delete(old)
    [backup] = [one for one in kept if one.name == name]
    made = Made(backup, sum(count for what, count in contents.items() if "." in what), verify, rotated)
    # The database's own clock, as for every program's.
    heartbeat.record_heartbeat(heartbeat.BACKUP_NAME, db_now(), str(made))
    return made


def _verify(store: Store, name: str, database: str, expected: dict[str, int]) -> None:
    """Restore what was stored, and compare it with what was dumped."""
    scratch = databases.beside(database, CHECKING)
    pieces = decrypt(store.read(name), settings.BACKUP_KEY)
    with _filled(scratch, database, pieces), databases.connected(scratch) as restored:
        differing = databases.differences(expected, databases.contents(restored))
    if differing:
        what = f"The backup isn't what was dumped: {', '.join(differing[:5])} differ."
        raise BackupProblem(f"{what}\nCheck the disk, and make another.")


@contextmanager
def _the_only_one(conn: databases.Connection) -> Iterator[None]:
    """Hold the lock of backups; raise BackupProblem if another process has it."""
    if conn.execute("SELECT pg_try_advisory_lock(%s)", [BACKUP_LOCK]).fetchone() != (True,):
        raise BackupProblem("Another backup is being made.\nWait until it's done.")
    try:
        yield
    finally:
        # A closed connection has its lock for some moments more, and the next backup would be refused.
        with suppress(psycopg.Error):
            conn.execute("SELECT pg_advisory_unlock(%s)", [BACKUP_LOCK])


@contextmanager
def _private_files() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def last_backup() -> Heartbeat | None:
    """Return when the last backup was made, and what it is."""
    return Heartbeat.objects.filter(name=heartbeat.BACKUP_NAME).first()


def is_backup_due(now: datetime) -> bool:
    """Return whether none was made since it was last the hour for it; one that failed is tried again an hour later."""
    due = now.replace(hour=settings.BACKUP_HOUR, minute=0, second=0, microsecond=0)
    due -= timedelta(days=due > now)
    last = last_backup()
    return last is None or last.at < due


# --- restoring -------------------------------------------------------------------------------------------


def restore_backup(name: str, place: str, replace: bool, now: datetime) -> Restored:
    """Put a backup in the database's place, with sending on hold. Raise BackupProblem, and change nothing.

    It is restored beside the database, and exchanged once it is known to be good.
    """
    database = databases.site_database()
    former = databases.beside(database, f"_before_{now:%Y%m%d_%H%M%S}")
    scratch = databases.beside(database, RESTORING)
    connection.close()  # nobody may be connected to a database that is renamed
    with databases.maintenance() as conn:
        is_empty = True
        if databases.exists(conn, database):
            with databases.connected(database) as current:
                is_empty = databases.is_empty(current)
            if not is_empty and not replace:
                what = f"The database {database} isn't empty."
                raise BackupProblem(f"{what}\nUse --replace to restore in its place: it's kept under another name.")
            if count := databases.others(conn, database):
                what = f"The database {database} is in use, by {count} connections."
                raise BackupProblem(f"{what}\nStop web, bot, notifyd and worker first.")
        pieces = decrypt(_pieces(name, place), settings.BACKUP_KEY)
        start = next(pieces, b"")  # so that a wrong key is named at once
        with _filled(scratch, database, itertools.chain([start], pieces)):
            with databases.connected(scratch) as restored:
                _require_usable(restored)
                is_held = _hold(restored)
            databases.swap(conn, database, scratch, former)
        if is_empty:
            databases.drop(conn, former)
    return Restored("" if is_empty else former, is_held)


def find_backup(name: str, place: str) -> str:
    """Return the name of a backup that is stored; `latest` is the newest one."""
    backups = [one.name for one in Store(place).backups()]
    if name == LATEST and backups:
        return backups[0]
    if name not in backups:
        what = f"{place} has no backup {name}." if backups else f"{place} has no backups."
        raise BackupProblem(f"{what}\nList them: manage.py backup --list")
    return name


def _pieces(name: str, place: str) -> Iterator[bytes]:
    path = Path(name)
    if path.is_file():
        return read_file(path)
    if not place:
        raise BackupProblem(f"There is no file {name}.\nName one, or set BACKUP_TO to where backups are.")
    return Store(place).read(find_backup(name, place))


@contextmanager
def _filled(name: str, like: str, pieces: Iterator[bytes]) -> Iterator[None]:
    """Fill a database with a dump, and drop it afterwards if it is still there under that name."""
    with databases.maintenance() as conn:
        databases.create(conn, name, like)
        try:
            databases.fill(name, pieces)
            yield
        finally:
            databases.drop(conn, name)


def _require_usable(restored: databases.Connection) -> None:
    applied = databases.applied_migrations(restored)
    if not {app for app, _ in applied} >= {"games", "guilds", "notifications"}:
        raise BackupProblem("It isn't a backup of Game Scheduler.\nName one that manage.py backup made.")
    if newer := newer_migrations(applied):
        what = f"The backup is newer than this program: it has {', '.join('.'.join(one) for one in newer[:3])}."
        raise BackupProblem(f"{what}\nRestore it with the version that made it, or a newer one.")


def _hold(restored: databases.Connection) -> bool:
    """Put sending on hold in what is restored, before any program sees it; return False where it is too old."""
    try:
        restored.execute(_HOLD, [HOLD])
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return False
    return True
