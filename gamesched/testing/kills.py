"""Kills a program in the middle of a transaction."""

from collections.abc import Callable

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually

# Waits for the holder, and has written something before, or locked a row: it is in the middle.
_WAITING = """
SELECT pid FROM pg_stat_activity
WHERE %s = ANY(pg_blocking_pids(pid)) AND backend_xid IS NOT NULL AND query LIKE %s
"""


def kill_at(stack: Stack, program: str, statement: str, held: str, cause: Callable[[], object]) -> None:
    """Kill a program at a statement, "INSERT" say, that waits for the table `held`, as `kill -9` does.

    `cause` has it begin; it must need no lock of the table. Returns when the transaction has ended: undone, unless the
    statement is COMMIT, which the database does though nobody hears of it.
    """
    database = make_conninfo(settings.DATABASE_URL, dbname=str(connection.settings_dict["NAME"]))
    with psycopg.connect(database) as holder, psycopg.connect(database, autocommit=True) as looking:
        holder.execute(f"LOCK TABLE {held} IN EXCLUSIVE MODE")
        cause()
        waiting = [holder.info.backend_pid, f"%{statement}%"]
        [(pid,)] = eventually(lambda: looking.execute(_WAITING, waiting).fetchall())
        stack.kill(program)
        holder.rollback()
        eventually(lambda: not looking.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall())
