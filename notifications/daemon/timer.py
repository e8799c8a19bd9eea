"""When notifyd wakes by itself, stored for the trigger: what is due later than that notifies nobody.

A commit with a NOTIFY waits for every other with one. The stored time only ever becomes earlier until it has come, and
notifyd wakes at it whatever became of its row. Then it is cleared; but who decided by it may not have committed yet.
So notifyd looks again and again until all that were writing at that moment are through.
"""

from datetime import datetime, timedelta

from django.db import connection

from gamesched.lib.pg_notify import transactions_writing
from notifications.heartbeat import DAEMON_NAME
from notifications.policy import MAX_SLEEP

WRITTEN = "notifications_notification"
WORTHWHILE = timedelta(seconds=0.2)  # what is due sooner is not stored: until then few are spared
FIRST_WAIT, LONGEST_WAIT = 0.02, 1.0  # seconds from one look to the next while somebody is writing

# Not synced to disk: what is lost in a crash of the server is cleared when notifyd has connected anew.
_SET = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', TRUE))
UPDATE notifications_heartbeat SET timer_at = %(at)s::timestamptz FROM relaxed WHERE name = %(sender)s
"""


class Timer:
    """The stored time; only the sender has one."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        self._writing: set[str] = set()
        self._wait = FIRST_WAIT

    def clear(self) -> None:
        """Store no time, and note who is writing. Look afterwards: what they have written before is seen then."""
        self._store(None)
        self._writing, self._wait = transactions_writing(WRITTEN), FIRST_WAIT

    def before_looking(self) -> None:
        """Note who is through of those that were writing. The look that follows sees what they wrote."""
        if self._writing:
            self._writing &= transactions_writing(WRITTEN)

    def has_come(self, now: datetime) -> bool:
        """Return whether its time has come, so that it is to be cleared."""
        return self.at is not None and self.at <= now

    def set(self, due: datetime | None, now: datetime) -> None:
        """Store when the next row is due, if that is soon, and earlier than what is stored."""
        if due is None or not WORTHWHILE < due - now <= timedelta(seconds=MAX_SLEEP):
            return
        if self.at is None or due < self.at:
            self._store(due)

    def limit_sleep(self, seconds: float) -> float:
        """Return so many seconds, or fewer while somebody is writing who decided by an earlier time."""
        if not self._writing:
            return seconds
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST_WAIT)
        return min(seconds, wait)

    def _store(self, at: datetime | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SET, {"at": at, "sender": DAEMON_NAME})
        self.at = at
