"""Records requests and responses, for tests that check them against Discord's description of its API."""

import itertools
import json
import os
from pathlib import Path
from typing import TextIO

from aiohttp import web

# A folder. Each server writes its own file there, one JSON object per line; if unset, nothing is recorded.
FOLDER_VARIABLE = "LOCAL_DISCORD_RECORD"

_file_numbers = itertools.count(1)


class ExchangeLog:
    """One server's requests and responses, in the order of the responses."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        self._file: TextIO | None = None
        if folder:
            # Line by line, so that a killed process has written all but the last.
            path = Path(folder, f"{os.getpid()}-{next(_file_numbers)}.jsonl")
            self._file = path.open("w", buffering=1, encoding="utf-8")

    async def write(self, request: web.Request, path: str, response: web.StreamResponse, status: int) -> None:
        """Record one exchange; `status` is 0 if the connection was cut instead of a response.

        Of a response that is not Discord's own (Cloudflare's page for banned addresses) record only the status.
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
