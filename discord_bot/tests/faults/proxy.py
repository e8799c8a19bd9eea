"""A TCP proxy in front of a Unix socket that can freeze: it forwards nothing, but still acknowledges everything."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType


class Proxy:
    """Listens on `proxy.port` in `with Proxy(path) as proxy:`. `freeze(mark)` stops connections that began with it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.port = 0
        self.frozen: set[asyncio.Task[None]] = set()
        self._marks: dict[asyncio.Task[None], bytes] = {}
        self._going: dict[asyncio.Task[None], asyncio.Event] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> "Proxy":
        self._thread.start()

        async def listen() -> int:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            port: int = server.sockets[0].getsockname()[1]
            return port

        self.port = asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        async def end() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def freeze(self, mark: bytes = b"") -> int:
        """Freeze open connections with `mark` in their first bytes, not later ones. Return how many."""
        return self._each(mark, lambda going: going.clear())

    def thaw(self) -> int:
        return self._each(b"", lambda going: going.set())

    def _each(self, mark: bytes, change: Callable[[asyncio.Event], None]) -> int:
        async def call() -> int:
            meant = [going for task, going in self._going.items() if mark in self._marks[task]]
            for going in meant:
                change(going)
            return len(meant)

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            first = await reader.read(65536)
            there_reader, there_writer = await asyncio.open_unix_connection(self.path)
        except OSError:
            writer.close()
            return
        going = self._going[task] = asyncio.Event()
        going.set()
        self._marks[task] = first
        there_writer.write(first)
        try:
            await asyncio.gather(
                self._pass(reader, there_writer, going, task), self._pass(there_reader, writer, going, task)
            )
        finally:
            del self._going[task], self._marks[task]
            writer.close()
            there_writer.close()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        going: asyncio.Event,
        task: "asyncio.Task[None]",
    ) -> None:
        try:
            while data := await reader.read(65536):
                # The name of the connection comes in the packet after the TLS request.
                if len(self._marks[task]) < 1000:
                    self._marks[task] += data
                await going.wait()
                writer.write(data)
                await writer.drain()
            await going.wait()
        except OSError:
            pass
        writer.close()
