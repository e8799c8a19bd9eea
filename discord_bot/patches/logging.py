"""What discord.py logs when it loses its connection, as one sentence."""

import logging


class OneLineReconnects(logging.Filter):
    """discord.py logs each attempt to reconnect with a traceback, of which an operator needs the last line."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None and record.msg.startswith("Attempting a reconnect"):
            reason = record.exc_info[1]
            why = f"{type(reason).__name__}: {reason}".removesuffix(": ")
            record.msg = f"Discord cannot be heard ({why.replace('%', '%%')}). {record.msg}"
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
