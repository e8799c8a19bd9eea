"""The database's clock, which decides what is due."""

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func


class DbNow(Func):
    """`db_now`, read along with rows."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def db_now() -> datetime:
    """Return the database's time, aware, in UTC. Read it once per step and pass it on.

    Not this machine's clock: a worker with a clock an hour off must still remind on time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
