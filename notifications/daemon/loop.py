"""The main loop of notifyd, which sends notifications. Its small steps are in `steps`."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext_noop
from psycopg import AsyncConnection

from gamesched.lib import tracing
from gamesched.lib.clock import db_now
from gamesched.lib.metrics import SENDING
from gamesched.lib.orm import run_in_db_thread
from gamesched.lib.outage import DATABASE, DISCORD
from gamesched.lib.pg_notify import listen, terminate_backend
from guilds.directory.upsert import guilds_shared_with, mark_bot_removed, mark_member_left
from notifications import heartbeat, policy
from notifications.daemon import leases, lock, pause, steps
from notifications.daemon.lock import ConnectionFrozen, fail_if_stuck, require_listen
from notifications.daemon.push import PushSender
from notifications.daemon.requests import RequestSender
from notifications.daemon.steps import Job, SendResult
from notifications.daemon.timer import Timer
from notifications.messages import Backend, InternalError, PermanentError, PushOutcome, TemporaryError, TokenRefused
from notifications.queue import DUE_CHANNEL

log = logging.getLogger(__name__)

# Errors that may mean that the bot was removed from the guild; the result of a check is kept for so many seconds.
MAYBE_REMOVED_CODES = {
    PermanentError.UNKNOWN_CHANNEL,
    PermanentError.MISSING_PERMISSION,
    PermanentError.NO_SHARED_GUILD,
}
MEMBERSHIP_CHECKED_FOR = 10.0
SLICE = 0.05  # seconds; with less, the work around each message costs more than the message
FIRST_FEW = 10  # messages that are read and built together first
MAX_IN_FLIGHT, MAX_POSTS_IN_FLIGHT = 100, 60  # messages in flight at once, and how many of them may be posts
MAX_REQUESTS_IN_FLIGHT = 20  # to other programs, each of which may take seconds; they are among the posts
# What was sent is recorded when so few are left in flight, or after so many seconds: each turn costs as much as several
# messages.
FEW_IN_FLIGHT, RECORD_WITHIN = 50, 0.1
# Seconds from one heartbeat, with a NOTIFY to itself, to the next, and in which that must arrive: a frozen connection
# is noticed within both together.
CANARY_EVERY, CANARY_WITHIN = 20.0, 10.0

HOW_TO_RESUME = "sending is on hold until an operator checks, and runs: manage.py notifyd --release"


class Notifyd:
    """Keeps the sender's lock and loops: record, expand, lease, send, sleep until a notification or due time."""

    def __init__(self, backend: Backend, stopping: asyncio.Event) -> None:
        self.backend = backend
        self.push = PushSender()
        self.requests = RequestSender()
        self.stopping = stopping
        self.wake = asyncio.Event()
        self.canary = uuid.uuid4().hex
        self.canary_sent, self.canary_received = asyncio.Event(), asyncio.Event()
        self.canary_due_at = 0.0  # by `time.monotonic`
        self.sending: dict[asyncio.Task[None], Job] = {}
        self.results: list[tuple[Job, SendResult]] = []
        self.timer = Timer()
        self.lead = leases.LEAD
        self.looks_since: datetime | str = leases.BEGINNING
        self.is_full = False  # whether more is due than there is place for in flight
        self.token_refused: TokenRefused | None = None
        self.membership_checks: dict[int, asyncio.Task[bool]] = {}  # whether the bot is still in a guild
        self.due = steps.DueRows()
        # Leased messages that are still to be built, and since when.
        self.building: Iterator[Job] = iter(())
        self.building_since = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Send until stopped, and reconnect after a database outage.

        Raise TokenRefused, ListenUnavailable and DatabaseStuck, which waiting does not fix.
        """
        while not self.stopping.is_set():
            try:
                async with listen(DUE_CHANNEL) as conn:
                    try:
                        await self.send_until_stopped(conn)
                    except ConnectionFrozen:
                        log.warning("The connection to the database went silent. Reconnecting.")
                        # Its lock would be kept by a dead connection.
                        async with fail_if_stuck():
                            await run_in_db_thread(terminate_backend, conn.info.backend_pid)
            except (psycopg.OperationalError, OperationalError) as reason:
                DATABASE.begin(reason)
                await self._wait_or_stop(1.0)

    async def send_until_stopped(self, conn: "AsyncConnection[tuple[object, ...]]") -> None:
        """Wait for the lock on this connection, then loop until stopped or the connection dies."""
        await require_listen(conn)
        DATABASE.end()
        try:
            # Before the wait, so that a takeover needs no time.
            if not await self._prepare() or not await lock.acquire(conn, self.stopping):
                return
            await run_in_db_thread(self._take_over)
            self.building = iter(())
            self.canary_due_at = 0.0
            log.info("Sending.")
            listeners = [asyncio.create_task(self._listen(conn)), asyncio.create_task(self._check_canary())]
            try:
                while not self.stopping.is_set() and not any(ear.done() for ear in listeners):
                    async with fail_if_stuck():
                        seconds = await self.run_once()
                    await self._sleep(seconds, listeners)
                    if self.token_refused:
                        raise self.token_refused
                for listener in listeners:
                    if listener.done():
                        listener.result()
            finally:
                for listener in listeners:
                    listener.cancel()
        finally:
            await self._finish()

    def _take_over(self) -> None:
        steps.release_leases()
        self.timer.clear()
        self.looks_since = leases.BEGINNING

    async def run_once(self) -> float:
        """Do everything that is due now. Return the seconds until there may be more."""
        self.wake.clear()
        results, self.results = self.results, []
        sends_canary = time.monotonic() >= self.canary_due_at
        if sends_canary:
            self.canary_due_at = time.monotonic() + CANARY_EVERY
            self.canary_received.clear()
        try:
            posts = sum(1 for job in self.sending.values() if job.post is not None)
            requests = sum(1 for job in self.sending.values() if job.message.request is not None)
            seconds = await run_in_db_thread(
                self._run_steps,
                results,
                MAX_IN_FLIGHT - len(self.sending),
                MAX_POSTS_IN_FLIGHT - posts,
                asyncio.get_running_loop(),
                self.canary if sends_canary else None,
                MAX_REQUESTS_IN_FLIGHT - requests,
            )
            return min(seconds, max(self.canary_due_at - time.monotonic(), 0.0))
        except Exception:
            self.results = results + self.results
            raise

    def _start_sending(self, job: Job) -> None:
        task = asyncio.create_task(self._send(job))
        self.sending[task] = job
        task.add_done_callback(self._on_sent)

    def _run_steps(
        self,
        results: list[tuple[Job, SendResult]],
        free: int,
        posts: int,
        event_loop: asyncio.AbstractEventLoop,
        canary: str | None = None,
        requests: int = MAX_REQUESTS_IN_FLIGHT,
    ) -> float:
        """Do a turn, in a database thread; each message is sent as soon as it is built.

        Finding recipients and building messages take about SLICE seconds each, so that a storm delays neither its own
        first message nor a new post.
        """
        if results:
            steps.record(results, db_now())
        is_idle = free == MAX_IN_FLIGHT
        self.timer.before_looking()
        # From the beginning with each canary: what is written with a time long past is found then.
        since = self.looks_since if canary is None else leases.BEGINNING
        outlook = leases.look(free > 0 and posts > 0, canary, since, self.lead, requests > 0)
        if canary is not None and free > 0 and posts > 0:
            self.looks_since = outlook.nothing_before
        looked_at, outlook = outlook.comes_at, outlook.ahead(self.lead)
        now = outlook.now
        if canary is not None:
            event_loop.call_soon_threadsafe(self.canary_sent.set)
        if outlook.is_paused:
            self.building = iter(())  # what was due is dropped when it ends
            return policy.MAX_SLEEP
        ready_at: list[float] = []
        done, jobs, more = 0, list[Job](), policy.is_due(outlook.delivery_due, now)
        if policy.is_due(outlook.notification_due, now):
            if not more and free > 0:
                done, jobs = steps.take_due_messages(now, free, lambda: ready_at.append(outlook.wait()), since)
                if jobs:
                    self.lead = leases.next_lead(self.lead, timedelta(seconds=ready_at[0] - looked_at))
            for job in jobs:
                event_loop.call_soon_threadsafe(self._start_sending, job)
            free -= len(jobs)
            outlook.wait()
            if not jobs:
                done += steps.create_due_deliveries(now, time.monotonic() + SLICE, self.due)
                more = more or done > 0
        outlook.wait()
        for job in self._build_jobs(outlook, free, posts, requests, more):
            event_loop.call_soon_threadsafe(self._start_sending, job)
            done, free = done + 1, free - 1
        self.is_full = free <= 0
        if self.timer.has_come(now):
            self.timer.clear()
            return 0.0
        if done:
            return 0.0
        # Full: the next message that ends wakes us.
        next_due = outlook.next_due if free > 0 else outlook.notification_due
        if is_idle:
            self.timer.set(next_due, now)
        seconds = min(policy.sleep_seconds(now + self.lead, next_due), policy.sleep_seconds(now, self.timer.at))
        return self.timer.limit_sleep(seconds)

    def _build_jobs(self, outlook: leases.Outlook, free: int, posts: int, requests: int, more: bool) -> Iterator[Job]:
        """Yield jobs for so many places: posts, then messages leased in an earlier turn; with `more`, lease more."""
        now, until = outlook.now, time.monotonic() + SLICE
        if now - self.building_since > settings.NOTIFY_LEASE / 3:
            self.building = iter(())  # their lease may run out before they are sent; then they are leased again
        posts = min(free, posts) if outlook.has_due_posts else 0
        few = FIRST_FEW if free == MAX_IN_FLIGHT else 0  # with nothing in flight, the first are soon sent
        for job in steps.due_posts(now, posts, until, requests):
            free -= 1
            yield job
        while free > 0:
            job_or_none = next(self.building, None)
            if job_or_none is not None:
                free -= 1
                yield job_or_none
            elif more:
                self.building, self.building_since = steps.due_messages(now, min(few or free, free)), now
                few, more = 0, few > 0
            else:
                break
            if time.monotonic() > until and job_or_none is not None:
                break

    async def _send(self, job: Job) -> None:
        outcome: SendResult
        began = time.perf_counter()
        span = tracing.begin(f"send {job.kind}", tracing.Kind.CONSUMER, job.parent)
        tracing.enter(span)
        try:
            async with asyncio.timeout(settings.NOTIFY_LEASE.total_seconds() / 3):
                push, request = job.message.push, job.message.request
                if request is not None:
                    outcome = await self.requests.send(request)
                elif push is not None:
                    outcome = await self.push.send(job.message, push)
                else:
                    outcome = await self.backend.send(job.message)
        except TimeoutError:
            outcome = TemporaryError(gettext_noop("Discord or a push service didn't answer in time"))
        except TokenRefused as refused:
            self.token_refused = refused
            return  # the row keeps its lease, and is leased again after the next start
        except Exception as reason:
            if isinstance(reason, SendResult):
                outcome = reason
            else:
                log.exception("Sending %s failed", job)
                outcome = InternalError(f"{type(reason).__name__}: {reason}")
        if isinstance(outcome, PermanentError) and outcome.code in MAYBE_REMOVED_CODES and job.guild_id is not None:
            outcome = await self._check_removal(outcome, job.guild_id)
        if isinstance(outcome, PermanentError) and outcome.code == PermanentError.NO_SHARED_GUILD:
            outcome = await self._check_membership(outcome, job)
        result = outcome.result if isinstance(outcome, PushOutcome) else outcome
        SENDING.labels(type(result).__name__).observe(time.perf_counter() - began)
        tracing.end(span, failed=isinstance(result, PermanentError | InternalError), outcome=type(result).__name__)
        self.results.append((job, outcome))

    async def _check_removal(self, outcome: PermanentError, guild_id: int) -> SendResult:
        """Return the error, or a temporary one if the bot was removed from the guild: then its rows pause and wait.

        However many errors come at a time, Discord gets one request.
        """
        check = self.membership_checks.get(guild_id)
        if check is None:
            check = self.membership_checks[guild_id] = asyncio.create_task(self._is_in_guild(guild_id))
            asyncio.get_running_loop().call_later(MEMBERSHIP_CHECKED_FOR, self.membership_checks.pop, guild_id, None)
        try:
            return outcome if await check else TemporaryError(gettext_noop("the bot was removed from the server"))
        except (TemporaryError, TokenRefused, PermanentError) as reason:
            return TemporaryError(str(reason))

    async def _check_membership(self, outcome: PermanentError, job: Job) -> SendResult:
        """Return whether the recipient left or closed their direct messages: Discord's error may mean either."""
        user_id = job.message.user_id
        if user_id is None:
            return outcome
        guild_ids = [job.guild_id] if job.guild_id is not None else await run_in_db_thread(guilds_shared_with, user_id)
        is_member = False
        try:
            for guild_id in guild_ids:
                if await self.backend.is_member(guild_id, user_id):
                    is_member = True
                else:
                    await run_in_db_thread(_mark_member_left, guild_id, user_id)
        except (TemporaryError, TokenRefused, PermanentError) as reason:
            return TemporaryError(str(reason))
        if is_member:
            return PermanentError(str(outcome), PermanentError.CLOSED_DMS)
        return PermanentError(gettext_noop("They left the server."), PermanentError.LEFT)

    async def _is_in_guild(self, guild_id: int) -> bool:
        is_member = await self.backend.is_in_guild(guild_id)
        if not is_member:
            log.warning("The bot was removed from the server %s. Messages due there wait for its return.", guild_id)
            await run_in_db_thread(_mark_bot_removed, guild_id)
        return is_member

    def _on_sent(self, task: "asyncio.Task[None]") -> None:
        del self.sending[task]
        if not self.sending or (self.is_full and len(self.sending) <= FEW_IN_FLIGHT):
            self.wake.set()
        elif len(self.results) == 1:
            asyncio.get_running_loop().call_later(RECORD_WITHIN, self.wake.set)

    async def _listen(self, conn: "AsyncConnection[tuple[object, ...]]") -> None:
        async for note in conn.notifies():
            if note.payload == self.canary:
                self.canary_received.set()
            elif not note.payload:  # else it is another process's canary
                self.wake.set()

    async def _check_canary(self) -> None:
        """Expect the turns' canaries. A frozen connection acknowledges every packet, and receives none of them."""
        while True:
            await self.canary_sent.wait()
            self.canary_sent.clear()
            try:
                async with asyncio.timeout(CANARY_WITHIN):
                    await self.canary_received.wait()
            except TimeoutError:
                raise ConnectionFrozen from None

    async def _sleep(self, seconds: float, listeners: "list[asyncio.Task[None]]") -> None:
        waits = [asyncio.create_task(self.wake.wait()), asyncio.create_task(self.stopping.wait())]
        try:
            await asyncio.wait([*waits, *listeners], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _prepare(self) -> bool:
        """Start the backend and compare the database with Discord, once it can be reached. Return False if stopped."""
        started = False
        while not self.stopping.is_set():
            try:
                if not started:
                    await self.backend.start()
                    started = True
                newest = await self.backend.newest_own_message_id(await run_in_db_thread(pause.channels_to_check))
                if await run_in_db_thread(pause.is_database_older, newest, heartbeat.DAEMON_NAME):
                    await run_in_db_thread(_pause_sending)
                await run_in_db_thread(_rehearse)
                DISCORD.end()
                return True
            except TemporaryError as reason:
                DISCORD.begin(reason)
                await self._wait_or_stop(5.0)
        return False

    async def _finish(self) -> None:
        """Wait for messages in flight, for less than the five seconds that a stop may take, and record the results."""
        if self.sending:
            await asyncio.wait(self.sending, timeout=3.0)
        results, self.results = self.results, []
        if results:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3.0):
                    await run_in_db_thread(_record, results)
        await self.push.close()
        await self.requests.close()
        await self.backend.stop()

    async def _wait_or_stop(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            pass


def _pause_sending() -> None:
    log.error("The database is older than our messages in Discord: %s", HOW_TO_RESUME)
    pause.pause("The ledger is older than the bot's newest message in Discord, as after a restored backup.", db_now())


def _rehearse() -> None:
    steps.rehearse(db_now())


def _mark_bot_removed(guild_id: int) -> None:
    mark_bot_removed(guild_id, db_now())


def _mark_member_left(guild_id: int, user_id: int) -> None:
    mark_member_left(guild_id, user_id, db_now())


def _record(results: list[tuple[Job, SendResult]]) -> None:
    steps.record(results, db_now())
