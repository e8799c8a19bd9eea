"""notifyd: the one that speaks. Small steps live in `steps`; here is the loop around them."""

import asyncio
import contextlib
import logging
import uuid

import psycopg
from django.conf import settings
from django.db import OperationalError
from psycopg import AsyncConnection

from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db
from gamesched.lib.pg_notify import cut_off, listening, ring
from guilds.directory.upsert import see_guild_gone
from notifications import heartbeat, policy
from notifications.daemon import pause, steps
from notifications.daemon.lock import LOCK_ANSWER, LOCK_TURN, SPEAKER_LOCK, Deaf, cut_off_silent, in_time
from notifications.daemon.steps import Job, Outcome
from notifications.messages import Backend, Broken, Passing, Permanent, TokenRefused
from notifications.queue import BELL

log = logging.getLogger(__name__)

# Refusals that may mean that the bot was removed from the guild; what was found holds for so many seconds.
SHUT_OUT = {Permanent.UNKNOWN_CHANNEL, Permanent.MISSING_PERMISSION, Permanent.LEFT}
LOOKED_FOR = 10.0
CAPACITY, POSTS = 100, 60  # letters in flight at once, and how many of them are posts
CANARY_EVERY, CANARY_WITHIN = 15.0, 10.0  # seconds: a connection that hears nothing is noticed within both together

HOW_TO_RELEASE = "nothing is said until an operator looks, and runs: manage.py notifyd --release"


class NoListen(Exception):
    """NOTIFY does not come through to LISTEN on this connection."""


class Notifyd:
    """Holds the speaker's lock, then turns: record, expand, lease, send, sleep until bell or due time."""

    def __init__(self, backend: Backend, stopping: asyncio.Event) -> None:
        self.backend = backend
        self.stopping = stopping
        self.bell = asyncio.Event()
        self.canary = uuid.uuid4().hex
        self.canary_heard = asyncio.Event()
        self.sending: dict[asyncio.Task[None], Job] = {}
        self.results: list[tuple[Job, Outcome]] = []
        self.refused: TokenRefused | None = None
        self.looking: dict[int, asyncio.Task[bool]] = {}  # whether the bot is still in a guild
        self.beat_at = 0.0

    async def run(self) -> None:
        """Speak until told to stop. Comes back by itself after the database was away.

        Raises TokenRefused, NoListen and Stuck, which no waiting mends.
        """
        while not self.stopping.is_set():
            try:
                async with listening(BELL) as conn:
                    try:
                        await self.speak(conn)
                    except Deaf:
                        log.warning("The connection to the database hears nothing any more. Connecting anew.")
                        # Its lock would be kept by a connection that nobody hears.
                        async with in_time():
                            await in_db(cut_off, conn.info.backend_pid)
            except (psycopg.OperationalError, OperationalError) as reason:
                log.warning("The database went away (%s). Trying again in a second.", str(reason).strip())
                await self._pause(1.0)

    async def speak(self, conn: "AsyncConnection[tuple[object, ...]]") -> None:
        """Wait for the lock on this connection, then turn until stopped or the connection dies."""
        await hear_oneself(conn)
        try:
            # Before the wait, so that who takes over does so at once.
            if not await self._ready() or not await self._take_lock(conn):
                return
            await in_db(steps.take_over)
            log.info("Speaking.")
            ears = [asyncio.create_task(self._listen(conn)), asyncio.create_task(self._hear_canary())]
            try:
                while not self.stopping.is_set() and not any(ear.done() for ear in ears):
                    async with in_time():
                        seconds = await self.turn()
                    await self._wait(seconds, ears)
                    if self.refused:
                        raise self.refused
                for ear in ears:
                    if ear.done():
                        ear.result()
            finally:
                for ear in ears:
                    ear.cancel()
        finally:
            await self._finish()

    async def turn(self) -> float:
        """Everything that is to be done now; returns the seconds until there may be more."""
        self.bell.clear()
        results, self.results = self.results, []
        try:
            posts = sum(1 for job in self.sending.values() if job.rendered is not None)
            jobs, seconds = await in_db(self._work, results, CAPACITY - len(self.sending), POSTS - posts)
        except Exception:
            self.results = results + self.results
            raise
        for job in jobs:
            task = asyncio.create_task(self._send(job))
            self.sending[task] = job
            task.add_done_callback(self._sent)
        return seconds

    def _work(self, results: list[tuple[Job, Outcome]], free: int, posts: int) -> tuple[list[Job], float]:
        now = db_now()
        steps.record(results, now)
        if now.timestamp() - self.beat_at > 10:
            self.beat_at = now.timestamp()
            heartbeat.beat(heartbeat.SPEAKER, now)
        if pause.open_hold() is not None:
            return [], policy.CAP
        looked = steps.expand_due(now)
        jobs = steps.take_jobs(now, free, posts) if free > 0 else []
        if looked or len(jobs) == free > 0:
            return jobs, 0.0
        if len(jobs) >= free:
            return jobs, policy.CAP  # full: the next letter that ends wakes us
        room = posts - sum(1 for job in jobs if job.rendered is not None)
        return jobs, policy.wait(now, steps.next_due(posts=room > 0))

    async def _send(self, job: Job) -> None:
        outcome: Outcome
        try:
            async with asyncio.timeout(settings.NOTIFY_LEASE.total_seconds() / 3):
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
                outcome = Broken(f"{type(reason).__name__}: {reason}")
        if isinstance(outcome, Permanent) and outcome.code in SHUT_OUT and job.guild_id is not None:
            outcome = await self._judged(outcome, job.guild_id)
        self.results.append((job, outcome))

    async def _judged(self, outcome: Permanent, guild_id: int) -> Outcome:
        """A refusal, unless it is because the bot was removed from the guild: then its rows pause, and wait for it.

        However many are refused at a time, Discord is asked once.
        """
        asked = self.looking.get(guild_id)
        if asked is None:
            asked = self.looking[guild_id] = asyncio.create_task(self._is_in(guild_id))
            asyncio.get_running_loop().call_later(LOOKED_FOR, self.looking.pop, guild_id, None)
        try:
            return outcome if await asked else Passing("the bot was removed from the server")
        except (Passing, TokenRefused) as reason:
            return Passing(str(reason))

    async def _is_in(self, guild_id: int) -> bool:
        found = await self.backend.is_in(guild_id)
        if not found:
            log.warning("The bot was removed from the server %s. What is due there waits for it.", guild_id)
            await in_db(_see_gone, guild_id)
        return found

    def _sent(self, task: "asyncio.Task[None]") -> None:
        del self.sending[task]
        self.bell.set()

    async def _listen(self, conn: "AsyncConnection[tuple[object, ...]]") -> None:
        async for note in conn.notifies():
            if note.payload == self.canary:
                self.canary_heard.set()
            elif not note.payload:  # else it is another's canary
                self.bell.set()

    async def _hear_canary(self) -> None:
        """Ring for oneself from time to time. A frozen connection acknowledges every packet, and hears nothing."""
        while True:
            await asyncio.sleep(CANARY_EVERY)
            self.canary_heard.clear()
            try:
                async with asyncio.timeout(CANARY_WITHIN):
                    await in_db(ring, BELL, self.canary)
                    await self.canary_heard.wait()
            except TimeoutError:
                raise Deaf from None

    async def _wait(self, seconds: float, ears: "list[asyncio.Task[None]]") -> None:
        waits = [asyncio.create_task(self.bell.wait()), asyncio.create_task(self.stopping.wait())]
        try:
            await asyncio.wait([*waits, *ears], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _take_lock(self, conn: "AsyncConnection[tuple[object, ...]]") -> bool:
        """Wait for the lock; the server hands it over the moment its holder's connection ends.

        In turns, so that a standby whose connection froze is noticed too: it could be handed the
        lock and never hear of it.
        """
        await conn.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_TURN * 1000:.0f}ms"])
        stop = asyncio.create_task(self.stopping.wait())
        said = False
        try:
            while True:
                lock = asyncio.create_task(conn.execute("SELECT pg_advisory_lock(%s)", [SPEAKER_LOCK]))
                done, _ = await asyncio.wait([stop, lock], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    if not said:
                        log.info("Another notifyd speaks. Standing by.")
                        said = True
                    done, _ = await asyncio.wait([stop, lock], timeout=LOCK_ANSWER, return_when=asyncio.FIRST_COMPLETED)
                if lock not in done:
                    lock.cancel()
                    if not done:
                        raise Deaf
                    return False
                try:
                    lock.result()
                    return True
                except psycopg.errors.LockNotAvailable:
                    if await in_db(cut_off_silent):
                        log.warning("The notifyd that speaks shows no life. Taking over from it.")
        finally:
            stop.cancel()

    async def _ready(self) -> bool:
        """Open the backend and compare the ledger with Discord, as soon as it can be reached; False to stop."""
        started = False
        while not self.stopping.is_set():
            try:
                if not started:
                    await self.backend.start()
                    started = True
                newest = await self.backend.newest_own(await in_db(pause.places_to_look))
                if await in_db(pause.is_older, newest, heartbeat.SPEAKER):
                    await in_db(_hold)
                return True
            except Passing as reason:
                log.warning("Discord cannot be reached (%s). Trying again in 5 seconds.", reason)
                await self._pause(5.0)
        return False

    async def _finish(self) -> None:
        """Let what is under way end, for less than the five seconds a stop may take, and write it down."""
        if self.sending:
            await asyncio.wait(self.sending, timeout=3.0)
        results, self.results = self.results, []
        if results:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3.0):
                    await in_db(_record, results)
        await self.backend.stop()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            pass


def _hold() -> None:
    log.error("The database is older than what was said in Discord: %s", HOW_TO_RELEASE)
    pause.hold("The ledger is older than the bot's newest message in Discord, as after a restored backup.", db_now())


def _see_gone(guild_id: int) -> None:
    see_guild_gone(guild_id, db_now())


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
