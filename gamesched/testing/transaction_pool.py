"""A pool in transaction mode, as PgBouncer is one: whoever has a transaction has the one connection to the server.

Enough of the protocol for tests on a server that asks for no password. An idle pool gives all clients the same
connection, which keeps what they set and what they listen to; what comes while nobody has it is dropped.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict

PLAIN_STARTUP = 196608  # protocol 3.0; the other codes ask for encryption or cancel
AUTHENTICATED = b"R" + struct.pack("!ii", 8, 0)
IDLE = b"Z" + struct.pack("!i", 5) + b"I"


class TransactionPool:
    """The connection to the server, and who has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._free = asyncio.Lock()
        self._client: asyncio.StreamWriter | None = None
        self._greeting = b""

    async def start(self, user: str, database: str) -> None:
        words = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
        self._writer.write(struct.pack("!ii", len(words) + 8, PLAIN_STARTUP) + words)
        while (message := await read_message(self._reader)) != IDLE:
            if message[:1] in b"SK":
                self._greeting += message

    async def forward_answers(self) -> None:
        """Give the server's messages to whoever has the connection, until it is theirs no more."""
        while True:
            message = await read_message(self._reader)
            client = self._client
            if client is not None:
                client.write(message)
            if message == IDLE and self._free.locked():
                self._client = None
                self._free.release()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client."""
        try:
            while True:
                length, code = struct.unpack("!ii", await reader.readexactly(8))
                await reader.readexactly(length - 8)
                if code == PLAIN_STARTUP:
                    break
                writer.write(b"N")
            writer.write(AUTHENTICATED + self._greeting + IDLE)
            while (message := await read_message(reader))[:1] != b"X":
                if self._client is not writer:
                    await self._free.acquire()
                    self._client = writer
                self._writer.write(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """Return a whole message with its head."""
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


@asynccontextmanager
async def transaction_pool(url: str) -> AsyncIterator[int]:
    """Run a pool before the server at this address, and return its port."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    port = parts.get("port", "5432")
    if parts["host"].startswith("/"):
        connected = await asyncio.open_unix_connection(f"{parts['host']}/.s.PGSQL.{port}")
    else:
        connected = await asyncio.open_connection(parts["host"], int(port))
    pool = TransactionPool(*connected)
    await pool.start(parts["user"], parts["dbname"])
    answers = asyncio.create_task(pool.forward_answers())
    server = await asyncio.start_server(pool.serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        answers.cancel()
        server.close()
        connected[1].close()
