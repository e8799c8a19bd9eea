"""The one clock by which things are due: the database's."""

from datetime import datetime

from django.db import connection


def db_now() -> datetime:
    """The database's time, aware, in UTC. Read once per step and passed on.

    Not this machine's: a worker whose clock is an hour off must still remind on time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
