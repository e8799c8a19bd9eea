"""`python -m notifications.probe bot`: says why a program is not well, and exits with 1 then.

For containers, which ask every ten seconds: without Django, whose start costs a second of CPU. So what is late is left
to `manage.py … --check` and /readyz. The rules stand here; `notifications.health` has the sentences for operators.
"""

import os
import sys
from datetime import datetime, timedelta

import psycopg

# A program that is stopped or hangs is noticed within a minute: after OVERDUE, and as late as a container asks again.
HEARTBEAT_EVERY = 30.0  # seconds; notifyd records its own more often, with its canary
OVERDUE = timedelta(seconds=45)
SILENT_FOR = timedelta(minutes=3)  # the bot has something to hear every minute, and begins a new session after two
SILENT, HELD, LATE, DEAF = "silent", "held", "late", "deaf"

_PROGRAM = """
SELECT clock_timestamp(), at, last_event_at, name = 'notifyd' AND EXISTS (
    SELECT FROM notifications_pause WHERE resumed_at IS NULL
) FROM notifications_heartbeat WHERE name = %(name)s OR name LIKE %(name)s || ' %%'
"""


def is_overdue(at: datetime, now: datetime) -> bool:
    """Return whether a program's heartbeat is so old that it does not run."""
    return now - at > OVERDUE


def silence(last_event_at: datetime | None, now: datetime) -> timedelta | None:
    """Return for how long a running program has not heard Discord; None while it does."""
    found = now - last_event_at if last_event_at is not None else timedelta()
    return found if found > SILENT_FOR else None


def problem(name: str, database_url: str) -> str:
    """Return the code of what is wrong with a program, or an empty text. Raise psycopg.Error without a database."""
    with psycopg.connect(database_url, connect_timeout=5) as conn:
        rows = conn.execute(_PROGRAM, {"name": name}).fetchall()  # of a bot one for each shard
    if not rows or any(is_overdue(at, now) for now, at, _, _ in rows):
        return SILENT
    if any(is_held for _, _, _, is_held in rows):
        return HELD
    return DEAF if any(silence(heard_at, now) is not None for now, _, heard_at, _ in rows) else ""


def main(name: str) -> int:
    try:
        found = problem(name, os.environ["DATABASE_URL"])
    except psycopg.Error as reason:
        found = str(reason).strip()
    sys.stdout.write(f"{found or 'ok'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
