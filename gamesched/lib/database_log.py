"""Shortens django-q's log of a database that cannot be reached to one line."""

import logging

from django.db import InterfaceError, OperationalError


class OneLineDatabaseErrors(logging.Filter):
    """Replaces the traceback of a lost database by its reason: the worker tries again, and needs no help in code."""

    def filter(self, record: logging.LogRecord) -> bool:
        reason = record.exc_info[1] if record.exc_info else None
        if isinstance(reason, (OperationalError, InterfaceError)):
            why = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
            record.msg, record.args = f"{record.getMessage()}: {why}", ()
            record.exc_info = record.exc_text = None
        return True
