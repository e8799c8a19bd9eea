"""The queue of the worker's tasks: django-q2's table, looked at when something was added, and not all the time."""

import time

import psycopg
from django.db import close_old_connections, connection
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from gamesched.lib.orm import DATABASE_AWAY
from gamesched.lib.outage import DATABASE
from gamesched.lib.pg_notify import connect_in_thread

CHANNEL = "task_added"
LOOK_EVERY = 300.0  # seconds: for a notification that was lost, and for tasks of a worker that was killed
WAIT = 0.5  # seconds at a time, between which django-q2 checks whether the worker stops
RECONNECT_AFTER = 1.0  # seconds

_ADD = """
WITH added AS (INSERT INTO django_q_ormq (key, payload, lock) VALUES (%s, %s, clock_timestamp()) RETURNING id)
SELECT id, pg_notify(%s, %s) FROM added
"""
_TAKE = """
UPDATE django_q_ormq SET lock = clock_timestamp() + %s * interval '1 second' WHERE id IN (
    SELECT id FROM django_q_ormq WHERE key = %s AND lock < clock_timestamp()
    ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, payload
"""


class TaskQueue(ORM):  # type: ignore[misc]  # django-q2 has no types
    """The queue in the database, with a LISTEN in place of django-q2's own polling."""

    _listener: psycopg.Connection[tuple[object, ...]] | None = None
    _look_at = 0.0  # by `time.monotonic`

    def enqueue(self, task: str) -> int:
        """Add a task, and notify the worker once the transaction commits; return its key."""
        key = self.list_key or Conf.CLUSTER_NAME
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [key, task, CHANNEL, key])
            return int(cursor.fetchone()[0])

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the oldest tasks; None if there are none so far. Waits a moment for one."""
        try:
            return self._take() if self._wait() else None
        except DATABASE_AWAY as reason:
            DATABASE.begin(reason)
            if self._listener is not None:
                self._listener.close()
                self._listener = None
            time.sleep(RECONNECT_AFTER)
            return None

    def _wait(self) -> bool:
        """Return whether to look now: something was added, or it is time."""
        if self._listener is None:
            self._listener = connect_in_thread()
            self._listener.execute(f"LISTEN {CHANNEL}")
            self._look_at = 0.0  # what was added before
            DATABASE.end()
        if time.monotonic() >= self._look_at:
            return True
        notes = list(self._listener.notifies(timeout=WAIT, stop_after=1))
        return any(note.payload == self.list_key for note in notes)

    def _take(self) -> list[tuple[int, str]]:
        close_old_connections()
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [Conf.RETRY, self.list_key, Conf.BULK])
            tasks: list[tuple[int, str]] = cursor.fetchall()
        # Where there was one there may be another.
        self._look_at = time.monotonic() + (0.0 if tasks else LOOK_EVERY)
        return tasks
