"""Shortens discord.py's log of a lost connection to one sentence."""

import logging


class OneLineReconnects(logging.Filter):
    """Replaces the traceback that discord.py logs at each reconnect by its last line, all that an operator needs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None and record.msg.startswith("Attempting a reconnect"):
            reason = record.exc_info[1]
            why = f"{type(reason).__name__}: {reason}".removesuffix(": ")
            record.msg = f"Can't hear Discord ({why.replace('%', '%%')}). {record.msg}"
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
