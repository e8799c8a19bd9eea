"""Runs the bot: handles clicks on announcements, and guild events."""

import asyncio
import gc
import logging
from argparse import ArgumentParser
from typing import Any

import aiohttp
import discord
import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from discord_bot.bot import Bot
from discord_bot.http.errors import REQUEST_FAILED
from gamesched.lib import metrics
from gamesched.lib.clock import db_now
from gamesched.lib.metrics import GATEWAY_LATENCY
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.outage import DATABASE, DISCORD
from gamesched.lib.pg_notify import connect, terminate_backend
from gamesched.lib.readiness import require_database
from gamesched.lib.service import stop_on_signals
from gamesched.lib.user_agent import USER_AGENT
from notifications import health

log = logging.getLogger(__name__)

BOT_LOCK = 0x626F74  # "bot": the advisory lock of the one running bot
LOCK_WAIT = 5.0  # seconds to wait for the lock of a bot that is just stopping
# Seconds between tests of the lock's connection, and for the answer. One that ends is noticed at once; one that froze
# acknowledges every packet, and says nothing.
TEST_EVERY, REPLY_WITHIN = 60.0, 10.0


class AnotherBotRuns(Exception):
    """Another bot has the lock, so this one may not run."""


class Command(BaseCommand):
    help = "Run the bot: answer clicks, and keep up with servers, channels and roles in Discord."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="say whether the bot hears Discord; exit with 1 if not"
        )

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        require_database()
        if check:
            self._check()
            return
        metrics.serve("bot")
        try:
            asyncio.run(self._run())
        except discord.LoginFailure:
            raise CommandError(
                "Discord refused DISCORD_BOT_TOKEN.\nCopy a new token from the developer portal: Bot, Reset Token."
            ) from None
        except AnotherBotRuns:
            raise CommandError(
                "Another bot is running with this database.\nStop it first: two would answer every click twice."
            ) from None

    def _check(self) -> None:
        if (problem := health.bot_problem(db_now())) is not None:
            raise CommandError(str(problem))
        self.stdout.write("Connected to Discord.")

    async def _run(self) -> None:
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        # What is loaded stays: collecting it again would stop the event loop for half a second.
        gc.collect()
        gc.freeze()
        if not await wait_until_reachable(stopping):
            return
        held = asyncio.Event()
        stop = asyncio.create_task(stopping.wait())
        lock = asyncio.create_task(hold_lock(held))
        # The lock comes first: two bots connected at once would both answer.
        lock_held = asyncio.create_task(held.wait())
        await asyncio.wait([stop, lock, lock_held], return_when=asyncio.FIRST_COMPLETED)
        bot = Bot()
        GATEWAY_LATENCY.set_function(lambda: bot.latency)
        tasks = [stop, lock]
        if held.is_set():
            tasks.append(asyncio.create_task(bot.start(settings.DISCORD_BOT_TOKEN)))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await bot.close()
        for task in (lock_held, *tasks):
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        if stopping.is_set():
            return  # whatever was under way was ended in the middle, which is no mistake
        for end in ends:
            if isinstance(end, Exception):
                raise end


async def wait_until_reachable(stopping: asyncio.Event) -> bool:
    """Wait until Discord answers at all. Return False if stopped meanwhile."""
    while not stopping.is_set():
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10), headers={"User-Agent": USER_AGENT}) as session,
                session.get(f"{settings.DISCORD_API_URL}/gateway") as response,
            ):
                if response.status < 500:
                    DISCORD.end()
                    return True
                reason = f"it answered {response.status}"
        except REQUEST_FAILED as error:
            reason = str(error) or type(error).__name__
        DISCORD.begin(reason)
        try:
            async with asyncio.timeout(2.0):
                await stopping.wait()
        except TimeoutError:
            pass
    return False


async def hold_lock(held: asyncio.Event) -> None:
    """Hold the advisory lock as long as this task lives; raise AnotherBotRuns if another process has it.

    The lock ends with its connection, so it is acquired again after a database outage. A frozen connection is ended at
    the server, which would keep its lock.
    """
    while True:
        try:
            conn = await connect()
            try:
                await _acquire_lock(conn)
                DATABASE.end()
                held.set()
                while True:
                    async for _ in conn.notifies(timeout=TEST_EVERY):
                        pass  # none is listened for; this waits, and raises when the connection ends
                    async with asyncio.timeout(REPLY_WITHIN):
                        await conn.execute("SELECT 1")
            except TimeoutError:
                log.warning("The connection that holds the bot's lock went silent. Reconnecting.")
                await run_in_db_thread(terminate_backend, conn.info.backend_pid)
            finally:
                await conn.close()
        except DATABASE_AWAY as reason:
            DATABASE.begin(reason)
            await asyncio.sleep(1.0)


async def _acquire_lock(conn: "psycopg.AsyncConnection[tuple[object, ...]]") -> None:
    for _ in range(int(LOCK_WAIT / 0.25)):
        row = await (await conn.execute("SELECT pg_try_advisory_lock(%s)", [BOT_LOCK])).fetchone()
        if row and row[0]:
            return
        await asyncio.sleep(0.25)
    raise AnotherBotRuns
