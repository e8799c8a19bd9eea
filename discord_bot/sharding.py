"""Which of the gateway's shards this process has, and when it may identify itself.

Each bot waits for every shard, under a lock of PostgreSQL's for each. So whoever dies, the others have its shards at
once. One that has more than its share gives shards to those that wait, before it connects, and once a minute.
"""

import asyncio
import logging
import math
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import discord

from discord_bot.bot import Bot
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.outage import DATABASE
from gamesched.lib.pg_notify import connect
from guilds.shards import Shard
from notifications.daemon import lock

log = logging.getLogger(__name__)

RETRY = 1.0  # seconds
SHARDING_REQUIRED = 4011  # https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway


class SurplusShard(Exception):
    """This process has more than its share, and another waits for the shard."""


class OtherShardCount(Exception):
    """Another bot that answers has divided the servers otherwise; two would both answer some of them."""


def is_too_few(reason: BaseException) -> bool:
    """Return whether Discord ended a connection because the servers need more shards."""
    return isinstance(reason, discord.ConnectionClosed) and reason.code == SHARDING_REQUIRED


async def choose_count(recommended: int, too_few: int, stopping: asyncio.Event) -> int:
    """Return how many shards there are: as many as other bots have, or what Discord recommends.

    `too_few`: what Discord took no more; bots that still have so many are waited for.
    """
    while not stopping.is_set():
        try:
            in_use = await run_in_db_thread(lock.shard_counts)
        except DATABASE_AWAY as reason:
            DATABASE.begin(reason)
            in_use = {too_few}
        if not in_use:
            return max(recommended, too_few + 1)
        if (count := max(in_use)) > too_few:
            if count < recommended:
                log.warning(
                    "Discord recommends %d shards. The bots that run have %d: stop them all, then start them.",
                    recommended,
                    count,
                )
            return count
        await asyncio.sleep(RETRY)
    return 1


@dataclass
class Shards:
    """The shards that this process has, of `count`. `at_once`: how many Discord lets identify themselves at a time."""

    count: int
    at_once: int = 1
    bots: dict[int, Bot] = field(default_factory=dict)
    _held: set[int] = field(default_factory=set)
    _holding: set["asyncio.Task[None]"] = field(default_factory=set)

    @cached_property
    def all(self) -> list[Shard]:
        return [Shard(number, self.count) for number in range(self.count)]

    @cached_property
    def _buckets(self) -> list[asyncio.Lock]:
        return [asyncio.Lock() for _ in range(self.at_once)]

    @property
    def latency(self) -> float:
        """Return the longest that a shard's heartbeat takes."""
        return max((bot.latency for bot in self.bots.values()), default=math.nan)

    def make_bot(self, shard: Shard) -> Bot:
        self.bots[shard.number] = bot = Bot(shard, partial(self.take_turn, shard) if self.count > 1 else None)
        return bot

    async def take(self, shard: Shard) -> None:
        """Take note of a shard whose lock this process has. Raise OtherShardCount."""
        if await run_in_db_thread(lock.shard_counts) - {self.count}:
            raise OtherShardCount
        self._held.add(shard.number)

    def let_go(self, shard: Shard) -> None:
        self._held.discard(shard.number)
        self.bots.pop(shard.number, None)

    async def check_share(self, shard: Shard) -> None:
        """Raise SurplusShard if others have or want this shard, and this process has more than its share of all."""
        if self.count == 1:
            return
        bots = await run_in_db_thread(lock.bots_at, shard)
        if shard.number in self._held and len(self._held) > math.ceil(self.count / max(1, bots)):
            self._held.discard(shard.number)
            raise SurplusShard

    async def take_turn(self, shard: Shard) -> None:
        """Wait until a shard may identify itself, then have others of all processes wait for some seconds.

        Discord numbers the shards that may do so at the same time. Raise SurplusShard.
        """
        bucket = shard.number % self.at_once
        async with self._buckets[bucket]:
            try:
                conn = await connect()
                try:
                    await conn.execute("SELECT pg_advisory_lock(%s)", [bucket << 32 | lock.IDENTIFY_LOCK])
                    await self.check_share(shard)
                except BaseException:
                    await conn.close()
                    raise
            except DATABASE_AWAY as reason:
                DATABASE.begin(reason)
                await asyncio.sleep(lock.IDENTIFY_EVERY)
                return
        self._start(_close_after(conn, lock.IDENTIFY_EVERY))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._holding.add(task)
        task.add_done_callback(self._holding.discard)


async def _close_after(conn: Any, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        await conn.close()
