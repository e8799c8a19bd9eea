"""People's browsers, as a process of its own: `load URL COOKIE`. Each line in is a command, each line out its answer.

Commands are JSON with `do`: `clients`, `rate`, `open`, `arm`, `notified` or `fetched`; see there. Times are seconds
since 1970, lengths milliseconds.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any

import aiohttp

PAGE_WAITS_AT_MOST = 0.3  # seconds that static/app.js takes to fetch after it was told
RECONNECTS_AFTER = 0.5  # seconds, the same


class Browsers:
    """Pages and their sockets."""

    def __init__(self, url: str, cookie: str) -> None:
        self.url = url
        self.notified_at: list[list[float]] = []  # for each socket, since the last `arm`
        self.session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Cookie": cookie, "Origin": url},
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=120),
        )
        self.background: set[asyncio.Task[None]] = set()

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        async with self.session.get(self.url + path, headers=headers, allow_redirects=False) as response:
            await response.read()
            return response

    async def clients(self, path: str, clients: int, seconds: float, unchanged: bool = False) -> Any:
        """Fetch a page by so many clients at a time; if `unchanged`, each asks for the fragment, by the ETag it has."""
        headers = {"HX-Request": "true"} if unchanged else {}
        await self.get(path, **headers)
        statuses: Counter[str] = Counter()
        until = time.perf_counter() + seconds

        async def client() -> None:
            etag = None
            while time.perf_counter() < until:
                response = await self.get(path, **headers, **({"If-None-Match": etag} if etag else {}))
                etag = response.headers.get("ETag", etag) if unchanged else None
                statuses[str(response.status)] += 1

        began = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        return {"per_second": sum(statuses.values()) / (time.perf_counter() - began), "statuses": statuses}

    async def rate(self, path: str, rate: float, seconds: float) -> Any:
        """Fetch a page so often a second, whatever becomes of it, and answer at once."""

        async def run() -> None:
            began = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for number in range(int(rate * seconds)):
                    await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                    group.create_task(self.get(path))

        task = asyncio.create_task(run())
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def open(self, query: str, count: int) -> Any:
        """Open so many pages' sockets."""
        for _ in range(0, count, 20):
            await asyncio.gather(*(self._open(query) for _ in range(min(20, count - len(self.notified_at)))))
        await asyncio.sleep(1.0)
        return len(self.notified_at)

    async def _open(self, query: str) -> None:
        """Open one page's socket, and again whenever it is closed, as static/app.js does."""
        notified: list[float] = []
        self.notified_at.append(notified)
        opened = asyncio.Event()

        async def stay() -> None:
            while True:
                try:
                    socket = await self.session.ws_connect(f"{self.url}/live/?{query}", max_msg_size=0, compress=0)
                    await socket.receive()
                    if opened.is_set():  # it looks for whatever it did not hear
                        notified.append(time.time())
                    opened.set()
                    async for message in socket:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            notified.append(time.time())
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(RECONNECTS_AFTER * (0.5 + random.random()))

        self.background.add(asyncio.create_task(stay()))
        await opened.wait()

    async def arm(self) -> Any:
        """Forget what was told so far."""
        for notified in self.notified_at:
            notified.clear()

    async def notified(self, seconds: float) -> Any:
        """Wait until every page was told, and say when each was."""
        until = time.time() + seconds
        while not all(self.notified_at) and time.time() < until:
            await asyncio.sleep(0.002)
        return [notified[0] for notified in self.notified_at if notified]

    async def fetched(self, path: str, seconds: float) -> Any:
        """Let every page fetch its fragment when it is told, as static/app.js does; say when each had it."""
        until = time.time() + seconds
        done: list[float] = []
        statuses: Counter[str] = Counter()

        async def page(notified: list[float]) -> None:
            while not notified:
                await asyncio.sleep(0.005)
            await asyncio.sleep(random.random() * PAGE_WAITS_AT_MOST)
            try:
                status = (await self.get(path, **{"HX-Request": "true"})).status
            except aiohttp.ClientError as reason:
                statuses[type(reason).__name__] += 1
                return
            statuses[str(status)] += 1
            if status == 200:
                done.append(time.time())

        tasks = [asyncio.create_task(page(notified)) for notified in self.notified_at]
        await asyncio.wait(tasks, timeout=until - time.time())
        for task in tasks:
            task.cancel()
        return {"at": done, "statuses": statuses}


async def main() -> None:
    browsers = Browsers(sys.argv[1], sys.argv[2])
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        response = await getattr(browsers, command.pop("do"))(**command)
        sys.stdout.write(json.dumps(response) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
