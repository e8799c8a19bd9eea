"""Runs the bot: handles clicks on announcements, and guild events."""

import asyncio
import gc
import logging
from argparse import ArgumentParser
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.sharding import RETRY, OtherShardCount, Shards, SurplusShard, choose_count, is_too_few
from gamesched.lib import metrics
from gamesched.lib.clock import db_now
from gamesched.lib.metrics import GATEWAY_LATENCY
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.outage import DATABASE, DISCORD
from gamesched.lib.pg_notify import connect, terminate_backend
from gamesched.lib.readiness import require_database
from gamesched.lib.service import stop_on_signals
from gamesched.lib.user_agent import USER_AGENT
from guilds.shards import Shard
from notifications import health
from notifications.daemon import lock

log = logging.getLogger(__name__)

# Seconds between tests of the lock's connection, and for the answer. One that ends is noticed at once; one that froze
# acknowledges every packet, and says nothing.
TEST_EVERY, REPLY_WITHIN = 60.0, 10.0
# Seconds. After an outage of the database, a standby lets the bot that is connected to Discord take the lock first.
HEAD_START = 3.0


class AnotherBotAnswers(Exception):
    """Another bot took the lock while this one's connection was away."""


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

    def _check(self) -> None:
        if lock.bot_stands_by():
            self.stdout.write("Standing by: another bot answers.")
            return
        if (problem := health.bot_problem(db_now())) is not None:
            raise CommandError(str(problem))
        self.stdout.write("Connected to Discord.")

    async def _run(self) -> None:
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        # What is loaded stays: collecting it again would stop the event loop for half a second.
        gc.collect()
        gc.freeze()
        too_few = 0
        while (gateway := await ask_gateway(stopping)) is not None:
            count = await choose_count(gateway.shards, too_few, stopping)
            try:
                await serve(Shards(count, gateway.at_once), stopping)
            except OtherShardCount:
                log.warning("Another bot divides the servers into other shards. Starting over.")
                await asyncio.sleep(RETRY)
            except discord.ConnectionClosed as reason:
                if not is_too_few(reason):
                    raise
                log.warning("Discord wants more shards than %d for so many servers. Starting over.", count)
                too_few = count


@dataclass(frozen=True)
class Gateway:
    """How many shards Discord recommends, and how many of them may identify themselves at a time."""

    shards: int
    at_once: int


async def serve(shards: Shards, stopping: asyncio.Event) -> None:
    """Answer for each shard that this process gets, until it is stopped; what ends one shard for good ends all."""
    GATEWAY_LATENCY.set_function(lambda: shards.latency)
    ending = asyncio.Event()
    stop = asyncio.create_task(stopping.wait())
    stop.add_done_callback(lambda _: ending.set())
    serving = [asyncio.create_task(serve_shard(shards, shard, ending)) for shard in shards.all]
    await asyncio.wait(serving, return_when=asyncio.FIRST_EXCEPTION)
    stop.cancel()
    ending.set()
    ends = await asyncio.gather(*serving, return_exceptions=True)
    if not stopping.is_set():
        for end in ends:
            if isinstance(end, Exception):
                raise end


async def serve_shard(shards: Shards, shard: Shard, ending: asyncio.Event) -> None:
    """Answer for a shard whenever this process has it."""
    while not ending.is_set():
        try:
            await answer_while_held(shards, shard, ending)
        except AnotherBotAnswers:
            log.warning("Another bot took over.")
        except SurplusShard:
            log.info("Leaving %s to another bot.", shard)
            await asyncio.sleep(RETRY)  # in which one that waits has it
        finally:
            shards.let_go(shard)


async def answer_while_held(shards: Shards, shard: Shard, stopping: asyncio.Event) -> None:
    """Wait for the lock, then run the bot until it is stopped or another has the lock.

    The lock comes first: Discord sends everything to each bot that is connected, and two would both answer.
    """
    held = asyncio.Event()
    stop, holding = asyncio.create_task(stopping.wait()), asyncio.create_task(hold_lock(held, stopping, shards, shard))
    waiting = asyncio.create_task(held.wait())
    await asyncio.wait([stop, holding, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    tasks: list[asyncio.Task[Any]] = [stop, holding]
    bot = None
    if held.is_set():
        bot = shards.make_bot(shard)
        tasks.append(asyncio.create_task(bot.start(settings.DISCORD_BOT_TOKEN)))
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    # From here on this bot reads no event, so the next may connect while it finishes its replies.
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    if bot is not None:
        await bot.close()
    if stopping.is_set():
        return  # whatever was under way was ended in the middle, which is no mistake
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def ask_gateway(stopping: asyncio.Event) -> Gateway | None:
    """Ask Discord about its gateway until it answers. Return None if stopped; raise LoginFailure for a wrong token.

    A bot that stands by would notice that only once no other answers.
    """
    headers = {"User-Agent": USER_AGENT, "Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}"}
    while not stopping.is_set():
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10), headers=headers) as session,
                session.get(f"{settings.DISCORD_API_URL}/gateway/bot") as response,
            ):
                if response.status == HTTPStatus.UNAUTHORIZED:
                    raise discord.LoginFailure
                if response.status == HTTPStatus.OK:
                    found = await response.json()
                    DISCORD.end()
                    return Gateway(found["shards"], found["session_start_limit"]["max_concurrency"])
                reason, wait = f"it answered {response.status}", float(response.headers.get("Retry-After", 2.0))
        except REQUEST_FAILED as error:
            reason, wait = str(error) or type(error).__name__, 2.0
        DISCORD.begin(reason)
        try:
            async with asyncio.timeout(wait):
                await stopping.wait()
        except TimeoutError:
            pass
    return None


async def hold_lock(held: asyncio.Event, stopping: asyncio.Event, shards: Shards, shard: Shard) -> None:
    """Wait for a shard's lock, and hold it as long as this task lives; raise AnotherBotAnswers once another has it.

    The lock ends with its connection, so it is acquired again after a database outage. A frozen connection is ended at
    the server, which would keep its lock.
    """
    role, pid, was_away = lock.answerer(shard), 0, False
    while True:
        is_connected = False
        try:
            conn = await connect()
            is_connected = True
            DATABASE.end()
            try:
                if held.is_set():
                    if not await lock.acquire_again(conn, pid, role):
                        raise AnotherBotAnswers
                else:
                    await asyncio.sleep(HEAD_START if was_away else 0.0)
                    if not await lock.acquire(conn, stopping, role):
                        return
                    await shards.take(shard)
                pid = conn.info.backend_pid
                held.set()
                while True:
                    async for _ in conn.notifies(timeout=TEST_EVERY):
                        pass  # none is listened for; this waits, and raises when the connection ends
                    async with asyncio.timeout(REPLY_WITHIN):
                        await conn.execute("SELECT 1")
                    await shards.check_share(shard)
            except (TimeoutError, lock.ConnectionFrozen):
                log.warning("The connection for the bot's lock went silent. Reconnecting.")
                await run_in_db_thread(terminate_backend, conn.info.backend_pid)
            finally:
                await conn.close()
        except DATABASE_AWAY as reason:
            DATABASE.begin(reason)
            was_away = True
            # A lock that was lost with its connection is taken back at once, or left to who has it.
            await asyncio.sleep(0.1 if is_connected and held.is_set() else 1.0)
