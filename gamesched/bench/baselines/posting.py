"""Bare loops that post the same bodies: `bare URL BODIES`, or `sql DATABASE_URL BODIES URL`. Writes jobs a second.

`bare`: a hundred at a time, and nothing kept. `sql`: naively, one row after another: lease, post, record, commit each.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psycopg

HEADERS = {"Content-Type": "application/json"}


async def post_all(url: str, bodies: list[str], at_a_time: int) -> float:
    left: Iterator[tuple[int, str]] = enumerate(bodies)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def client() -> None:
            for number, body in left:
                path = f"{url}/api/v10/channels/{number}/messages"
                async with session.post(path, data=body, headers=HEADERS) as response:
                    await response.json()

        began = time.time()
        await asyncio.gather(*(client() for _ in range(at_a_time)))
        return len(bodies) / (time.time() - began)


async def post_by_sql(database_url: str, bodies: list[str], url: str) -> float:
    async with (
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn,
        aiohttp.ClientSession() as session,
    ):
        await conn.execute(
            "CREATE TABLE jobs (id bigint PRIMARY KEY, body text, leased_until timestamptz, at timestamptz)"
        )
        async with conn.cursor() as cursor:
            await cursor.executemany("INSERT INTO jobs (id, body) VALUES (%s, %s)", list(enumerate(bodies)))
        began, count = time.time(), 0
        while time.time() < began + 10:
            found = await conn.execute(
                "UPDATE jobs SET leased_until = now() + interval '1 minute' WHERE id = (SELECT id FROM jobs"
                " WHERE at IS NULL AND (leased_until IS NULL OR leased_until < now()) ORDER BY id"
                " FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id, body"
            )
            row = await found.fetchone()
            if row is None:
                break
            async with session.post(
                f"{url}/api/v10/channels/{row[0]}/messages", data=row[1], headers=HEADERS
            ) as response:
                await response.json()
            await conn.execute("UPDATE jobs SET at = now() WHERE id = %s", [row[0]])
            count += 1
        return count / (time.time() - began)


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[3]).read_text())
    run = post_all(sys.argv[2], read, 100) if sys.argv[1] == "bare" else post_by_sql(sys.argv[2], read, sys.argv[4])
    sys.stdout.write(json.dumps(asyncio.run(run)) + "\n")
