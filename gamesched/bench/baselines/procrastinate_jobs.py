"""procrastinate: `due DATABASE_URL COUNT SECONDS`, or `drain DATABASE_URL BODIES URL`. Writes one line of JSON.

`due`: jobs made before their time, as reminders are; the milliseconds from each job's time to its start.
`drain`: jobs that each post one body; jobs a second.
"""

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=sys.argv[2]))
late: list[float] = []
posted: list[float] = []
bodies: list[str] = []
session: aiohttp.ClientSession


@app.task(name="remind")
async def remind(due: float) -> None:
    late.append((time.time() - due) * 1000)


@app.task(name="post")
async def post(number: int) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{sys.argv[4]}/api/v10/channels/{number}/messages"
    async with session.post(url, data=bodies[number % len(bodies)], headers=headers) as response:
        await response.read()
    posted.append(time.time())


async def due(count: int, seconds: float) -> object:
    """Make jobs due at random moments, and run them."""
    worker = asyncio.create_task(app.run_worker_async(concurrency=10, install_signal_handlers=False))
    await asyncio.sleep(1)
    for _ in range(count):
        at = datetime.now(UTC) + timedelta(seconds=random.uniform(1, seconds - 8))
        await remind.configure(schedule_at=at).defer_async(due=at.timestamp())
    until = time.time() + seconds
    while len(late) < count and time.time() < until:
        await asyncio.sleep(0.1)
    worker.cancel()
    return late


async def drain() -> object:
    """Post every body once, a hundred at a time."""
    global session
    bodies.extend(json.loads(Path(sys.argv[3]).read_text()))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await post.batch_defer_async(*[dict[str, Any](number=number) for number in range(len(bodies))])
        worker = asyncio.create_task(app.run_worker_async(concurrency=100, wait=False, install_signal_handlers=False))
        began = time.time()
        while len(posted) < len(bodies) and time.time() < began + 30:
            await asyncio.sleep(0.02)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    return len(posted) / (posted[-1] - began)


async def main() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        found = await (due(int(sys.argv[3]), float(sys.argv[4])) if sys.argv[1] == "due" else drain())
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
