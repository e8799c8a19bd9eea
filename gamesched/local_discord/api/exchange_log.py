"""Keeping every request and answer, for tests that hold them against Discord's own description of its API."""

import itertools
import json
import os
from pathlib import Path
from typing import TextIO

from aiohttp import web

# A folder. Each server writes a file of its own there, a JSON object a line; unset, nothing is kept.
FOLDER_VARIABLE = "LOCAL_DISCORD_RECORD"

_file_numbers = itertools.count(1)


class ExchangeLog:
    """What one server was asked and answered, in the order of the answers."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        self._file: TextIO | None = None
        if folder:
            # Line by line, so that a killed process has written all but the last.
            path = Path(folder, f"{os.getpid()}-{next(_file_numbers)}.jsonl")
            self._file = path.open("w", buffering=1, encoding="utf-8")

    async def write(self, request: web.Request, path: str, response: web.StreamResponse, status: int) -> None:
        """Write down one exchange; `status` is 0 where the connection was cut instead of an answer.

        Of an answer that is not Discord's own (Cloudflare's page for those banned) only the status.
        """
        if self._file is None:
            return
        body = (
            response.body
            if isinstance(response, web.Response) and response.content_type == "application/json"
            else None
        )
        exchange = {
            "method": request.method,
            "path": path,
            "query": sorted(request.query),
            "type": request.content_type,
            "request": (await request.read()).decode(errors="replace"),
            "status": status,
            "response": body.decode() if isinstance(body, bytes) else "",
        }
        self._file.write(json.dumps(exchange) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
