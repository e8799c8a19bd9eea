"""notifyd: the one that speaks. Small steps live in `steps`; here is the loop around them."""

import asyncio
import logging
import uuid

import psycopg
from django.db import OperationalError
from psycopg import AsyncConnection

from gamesched.lib.bell import listening
from gamesched.lib.clock import db_now
from gamesched.lib.crossing import in_db
from notifications import rules, steps
from notifications.actions import BELL
from notifications.letter import Backend, Passing, TokenRefused
from notifications.steps import Job, Outcome

log = logging.getLogger(__name__)

SPEAKER_LOCK = 0x6E6F7469  # "noti": the advisory lock of the one speaker
SEND_TIMEOUT = 10.0  # seconds; well inside the lease
CAPACITY = 100  # letters in flight at once


class NoListen(Exception):
    """NOTIFY does not come through to LISTEN on this connection."""


class Notifyd:
    """Holds the speaker's lock, then turns: record, expand, lease, send, sleep until bell or due time."""

    def __init__(self, backend: Backend, stopping: asyncio.Event) -> None:
        self.backend = backend
        self.stopping = stopping
        self.bell = asyncio.Event()
        self.sending: set[asyncio.Task[None]] = set()
        self.results: list[tuple[Job, Outcome]] = []
        self.refused: TokenRefused | None = None
        self.beat_at = 0.0

    async def run(self) -> None:
        """Speak until told to stop. Comes back by itself after the database was away.

        Raises TokenRefused and NoListen, which no waiting mends.
        """
        while not self.stopping.is_set():
            try:
                async with listening(BELL) as conn:
                    await self.speak(conn)
            except (psycopg.OperationalError, OperationalError) as reason:
                log.warning("The database went away (%s). Trying again in a second.", str(reason).strip())
                await self._pause(1.0)

    async def speak(self, conn: "AsyncConnection[tuple[object, ...]]") -> None:
        """Wait for the lock on this connection, then turn until stopped or the connection dies."""
        await hear_oneself(conn)
        if not await self._take_lock(conn):
            return
        await self._start_backend()
        await in_db(steps.take_over)
        log.info("Speaking.")
        listener = asyncio.create_task(self._listen(conn))
        try:
            while not self.stopping.is_set() and not listener.done():
                seconds = await self.turn()
                await self._wait(seconds, listener)
                if self.refused:
                    raise self.refused
            if listener.done():
                listener.result()
        finally:
            listener.cancel()
            await self._finish()

    async def turn(self) -> float:
        """Everything that is to be done now; returns the seconds until there may be more."""
        self.bell.clear()
        results, self.results = self.results, []
        try:
            jobs, seconds = await in_db(self._work, results, CAPACITY - len(self.sending))
        except Exception:
            self.results = results + self.results
            raise
        for job in jobs:
            task = asyncio.create_task(self._send(job))
            self.sending.add(task)
            task.add_done_callback(self._sent)
        return seconds

    def _work(self, results: list[tuple[Job, Outcome]], free: int) -> tuple[list[Job], float]:
        now = db_now()
        steps.record(results, now)
        looked = steps.expand_due(now)
        jobs = steps.take_jobs(now, free) if free > 0 else []
        if now.timestamp() - self.beat_at > 10:
            self.beat_at = now.timestamp()
            steps.beat("notifyd", now)
        if looked or len(jobs) == free > 0:
            return jobs, 0.0
        if len(jobs) >= free:
            return jobs, rules.CAP  # full: the next letter that ends wakes us
        return jobs, rules.wait(now, steps.next_due())

    async def _send(self, job: Job) -> None:
        outcome: Outcome
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                outcome = await self.backend.send(job.letter)
        except TimeoutError:
            outcome = Passing("Discord did not answer in time")
        except TokenRefused as refused:
            self.refused = refused
            return  # the row keeps its lease, and is taken again after the next start
        except Exception as reason:
            if isinstance(reason, Outcome):
                outcome = reason
            else:
                log.exception("Sending %s failed", job)
                outcome = Passing(f"{type(reason).__name__}: {reason}")
        self.results.append((job, outcome))

    def _sent(self, task: "asyncio.Task[None]") -> None:
        self.sending.discard(task)
        self.bell.set()

    async def _listen(self, conn: "AsyncConnection[tuple[object, ...]]") -> None:
        async for _ in conn.notifies():
            self.bell.set()

    async def _wait(self, seconds: float, listener: "asyncio.Task[None]") -> None:
        waits = [asyncio.create_task(self.bell.wait()), asyncio.create_task(self.stopping.wait())]
        try:
            await asyncio.wait([*waits, listener], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _take_lock(self, conn: "AsyncConnection[tuple[object, ...]]") -> bool:
        """Wait for the lock; the server hands it over the moment its holder's connection ends."""
        stop = asyncio.create_task(self.stopping.wait())
        lock = asyncio.create_task(conn.execute("SELECT pg_advisory_lock(%s)", [SPEAKER_LOCK]))
        done, _ = await asyncio.wait([stop, lock], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            log.info("Another notifyd speaks. Standing by.")
            done, _ = await asyncio.wait([stop, lock], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if lock not in done:
            lock.cancel()
            return False
        lock.result()
        return True

    async def _start_backend(self) -> None:
        while not self.stopping.is_set():
            try:
                await self.backend.start()
                return
            except Passing as reason:
                log.warning("Discord cannot be reached (%s). Trying again in 5 seconds.", reason)
                await self._pause(5.0)

    async def _finish(self) -> None:
        """Let what is under way end, for less than the five seconds a stop may take, and write it down."""
        if self.sending:
            await asyncio.wait(self.sending, timeout=3.0)
        results, self.results = self.results, []
        if results:
            await in_db(_record, results)
        await self.backend.stop()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            pass


def _record(results: list[tuple[Job, Outcome]]) -> None:
    steps.record(results, db_now())


async def hear_oneself(conn: "AsyncConnection[tuple[object, ...]]") -> None:
    """Ring and hear it, or raise NoListen: transaction poolers swallow LISTEN without a word."""
    token = uuid.uuid4().hex
    await conn.execute("SELECT pg_notify(%s, %s)", [BELL, token])
    async for note in conn.notifies(timeout=5):
        if note.payload == token:
            return
    raise NoListen(
        "This connection to PostgreSQL does not pass notifications on, as pgbouncer in transaction mode does not."
    )
