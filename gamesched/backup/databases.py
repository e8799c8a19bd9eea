"""PostgreSQL's side of a backup: its programs, the databases that they fill, and what is in those."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gamesched.backup.problems import BackupProblem
from gamesched.lib.outage import first_line
from gamesched.lib.readiness import CANNOT_REACH

Connection = psycopg.Connection[tuple[Any, ...]]

MAINTENANCE = ("postgres", "template1")  # databases that nearly every server has
NAME_MAX = 63  # bytes
MOMENTS, MOMENT = 10, 0.05  # times, seconds
PIECE = 1 << 20  # bytes read at a time
# What newer programs of PostgreSQL set at an older server, where it is unknown and means nothing.
HARMLESS = 'unrecognized configuration parameter "transaction_timeout"'

_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
_PARTS = """
SELECT 'indexes', count(*) FROM pg_indexes WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'triggers', count(*) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'constraints', count(*) FROM pg_constraint WHERE conrelid <> 0
"""
_LOCALE = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database
WHERE datname = %s AND datlocprovider = 'c'
"""


def site_database() -> str:
    """Return the name of the site's database."""
    return str(connection.settings_dict["NAME"])


@contextmanager
def connected(name: str) -> Iterator[Connection]:
    """Connect to a database of the site's server. What goes wrong is a BackupProblem."""
    try:
        with psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=name), autocommit=True) as conn:
            yield conn
    except psycopg.errors.InsufficientPrivilege as reason:
        what, role = first_line(reason), conninfo_to_dict(settings.DATABASE_URL).get("user", "")
        superuser = f'Let PostgreSQL\'s superuser run: ALTER ROLE "{role}" CREATEDB'
        hint = superuser if "create database" in what else "Connect as the owner of the database."
        raise BackupProblem(f"PostgreSQL refuses: {what}.\n{hint}") from None
    except psycopg.OperationalError as reason:
        raise BackupProblem(f"{CANNOT_REACH} {first_line(reason)}\nCheck that PostgreSQL runs.") from None
    except psycopg.Error as reason:
        raise BackupProblem(f"PostgreSQL refuses: {first_line(reason)}.\nCheck its log.") from None


@contextmanager
def maintenance() -> Iterator[Connection]:
    """Connect to a database beside the site's, from which that can be renamed."""
    for name in MAINTENANCE[:-1]:
        with suppress(psycopg.OperationalError):
            psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=name)).close()
            break
    else:
        name = MAINTENANCE[-1]
    with connected(name) as conn:
        yield conn


def beside(name: str, ending: str) -> str:
    """Return the name of a database beside another one."""
    return f"{name.encode()[: NAME_MAX - len(ending)].decode(errors='ignore')}{ending}"


def exists(conn: Connection, name: str) -> bool:
    """Return whether the server has a database of this name."""
    return conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create(conn: Connection, name: str, like: str) -> None:
    """Make an empty database in place of one that may be left, with the encoding and order of another."""
    drop(conn, name)
    words: list[sql.Composable] = [
        sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING").format(sql.Identifier(name))
    ]
    if (found := conn.execute(_LOCALE, [like]).fetchone()) is not None:
        locale = "{} LC_COLLATE {} LC_CTYPE {}"
        words.append(sql.SQL(locale).format(*map(sql.Literal, found)))
    else:
        words.append(sql.Literal("UTF8"))
    conn.execute(sql.SQL(" ").join(words))


def drop(conn: Connection, name: str) -> None:
    """Drop a database, if it is there."""
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def swap(conn: Connection, name: str, filled: str, former: str) -> None:
    """Put a filled database in another's place, which is kept under the name `former`, in one transaction."""
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with conn.transaction():
        if exists(conn, name):
            conn.execute(rename.format(sql.Identifier(name), sql.Identifier(former)))
        conn.execute(rename.format(sql.Identifier(filled), sql.Identifier(name)))


def others(conn: Connection, name: str) -> int:
    """Return how many other connections a database has; one that was just closed is given a moment to end."""
    for _ in range(MOMENTS):
        if not (count := _others(conn, name)):
            break
        time.sleep(MOMENT)
    return count


def _others(conn: Connection, name: str) -> int:
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
    row = conn.execute(f"{statement} AND pid <> pg_backend_pid()", [name]).fetchone()
    return int(row[0]) if row else 0


def contents(conn: Connection) -> dict[str, int]:
    """Return how many rows each table has, and how many indexes, triggers and constraints there are."""
    count = sql.SQL("SELECT {}, count(*) FROM {}")
    tables = [
        count.format(sql.Literal(f"{schema}.{table}"), sql.Identifier(schema, table))
        for schema, table in conn.execute(_TABLES)
    ]
    statement = sql.SQL(" UNION ALL ").join([*tables, sql.SQL(_PARTS)])
    return {str(what): int(number) for what, number in conn.execute(statement)}


def applied_migrations(conn: Connection) -> Set[tuple[str, str]]:
    """Return the migrations of a database; none, if it has none of our tables."""
    try:
        return {(str(app), str(name)) for app, name in conn.execute("SELECT app, name FROM django_migrations")}
    except psycopg.errors.UndefinedTable:
        return set()


def is_empty(conn: Connection) -> bool:
    """Return whether a database has no tables, or ours without any server or person, as a new site has."""
    found = contents(conn)
    tables = {name for name in found if "." in name}
    if not tables:
        return True
    ours = {"public.guilds_guild", "public.guilds_user"}
    return tables >= ours and not any(found[name] for name in ours)


# --- programs --------------------------------------------------------------------------------------------


def dump(name: str, snapshot: str) -> Iterator[bytes]:
    """Yield a dump of a database, in PostgreSQL's custom format, as a snapshot of it is."""
    with _running("pg_dump", name, "--format=custom", f"--snapshot={snapshot}", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while piece := process.stdout.read(PIECE):
            yield piece


def fill(name: str, pieces: Iterable[bytes]) -> None:
    """Restore a dump into an empty database; its objects belong to whoever is connected."""
    with _running("pg_restore", name, "--no-owner", "--no-privileges", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        # Where it ends early, its own words say why.
        with suppress(BrokenPipeError):
            for piece in pieces:
                process.stdin.write(piece)
        with suppress(BrokenPipeError):
            process.stdin.close()


@contextmanager
def _running(
    program: str, database: str, *words: str, stdin: int | None = None, stdout: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one of PostgreSQL's programs with a database; raise BackupProblem if it fails."""
    parts = conninfo_to_dict(settings.DATABASE_URL)
    variables = {**os.environ, "PGPASSWORD": str(parts.pop("password", "") or os.environ.get("PGPASSWORD", ""))}
    target = make_conninfo("", **{**parts, "dbname": database})  # without the password, which others could see
    command = [find_program(program), "--no-password", f"--dbname={target}", *words]
    # To a file: a pipe that nobody reads would be full at some time.
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=variables, stdin=stdin, stdout=stdout, stderr=errors)
        try:
            yield process
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        _check(program, code, errors)


def _check(program: str, code: int, errors: IO[bytes]) -> None:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()
    serious = [line for line in lines if re.match(r"pg_\w+: error:", line) and HARMLESS not in line]
    if code == 0 or (not serious and code == 1 and any(HARMLESS in line for line in lines)):
        return
    what = (serious or lines or [f"{program} ended with {code}"])[0]
    raise BackupProblem(f"{what.removesuffix('.')}.\n{_next_step(program, what)}")


def _next_step(program: str, what: str) -> str:
    if "server version mismatch" in what:
        return f"Install PostgreSQL's client of the server's version: {program} must be as new as the server."
    if "input file" in what or "unsupported version" in what or "not a valid archive" in what:
        return "It isn't a backup that this version of pg_restore can read."
    return "Check PostgreSQL's log, and whether its disk is full."


def find_program(program: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    if (path := shutil.which(program)) is None:
        raise BackupProblem(f"{program} isn't installed.\nInstall PostgreSQL's client, as new as the server.")
    return path


def differences(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Return the names of what is not in both the same number of times."""
    return sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
