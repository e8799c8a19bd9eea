"""Leaves of all that fails while the database is away one line in the log."""

import logging

from gamesched.lib.outage import DATABASE, is_database_away


class OneLineOutages(logging.Filter):
    """Drops the tracebacks of a lost database, and has its outage said once: it is mended by itself, not in code."""

    def filter(self, record: logging.LogRecord) -> bool:
        reason = record.exc_info[1] if record.exc_info else None
        if not is_database_away(reason):
            return True
        DATABASE.begin(reason)
        return False
