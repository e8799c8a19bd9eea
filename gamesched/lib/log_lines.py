"""How lines of the log look: as text, or as JSON for programs that collect logs."""

import json
import logging
from datetime import UTC, datetime

PLAIN, JSON = FORMATS = ("plain", "json")


class PlainLines(logging.Formatter):
    """A line of text that begins with the time, in UTC."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:7} {name}: {message}", style="{")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return f"{_time_of(record):%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03}Z"


class JsonLines(logging.Formatter):
    """An object in one line: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record in JSON."""
        line = {
            "time": _time_of(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _time_of(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
