"""Records requests and responses, for tests that check them against Discord's description of its API."""

import json
import os
from pathlib import Path

from aiohttp import web

# A folder. Each process writes a file there, one JSON object per line; if unset, nothing is recorded.
FOLDER_VARIABLE = "LOCAL_DISCORD_RECORD"


class ExchangeLog:
    """One server's requests and responses, in the order of the responses."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        self._file: int | None = None
        if folder:
            path = Path(folder, f"{os.getpid()}.jsonl")
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

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
        # Each line at once: other servers of this process write between them, and it may be killed.
        os.write(self._file, json.dumps(exchange).encode() + b"\n")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
