"""Shards of the gateway: divided among bots by locks, taken over at once, identified within Discord's limits."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from conftest import World, make_world
from discord_bot import sharding
from discord_bot.bot import _recheck_all_posts
from discord_bot.management.commands import runbot
from discord_bot.sharding import Shards, choose_count
from games.models import Announcement, Signup
from gamesched.lib.clock import db_now
from gamesched.lib.orm import run_in_db_thread
from gamesched.local_discord import fixtures
from gamesched.local_discord.gateway import gateway
from gamesched.local_discord.state.entities import TEXT, Channel
from gamesched.local_discord.state.rate_limits import RULES
from gamesched.local_discord.state.state import State
from gamesched.testing.stack import PROGRAMS, Stack
from gamesched.testing.waiting import PATIENCE, eventually
from guilds.directory import upsert
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Channel as StoredChannel
from guilds.models import Guild
from guilds.shards import Shard
from notifications import health, heartbeat, probe
from notifications.daemon import lock

SHARDS = 2
# In the other shard than the first guild: the number is in the part of an id that counts milliseconds.
OTHER_GUILD = fixtures.GUILD_ID + (1 << 22)
OTHER_CHANNEL = OTHER_GUILD + 1
TAKEN_OVER_IN = 5.0  # seconds without an answer, promised to people, as of a bot that isn't sharded


# --- what is in a shard -------------------------------------------------------------------------------------


def test_a_shard_knows_its_guilds_as_discord_does(world: World) -> None:
    ids = [world.guild.pk + (number << 22) for number in range(1, 7)]
    Guild.objects.bulk_create([Guild(pk=pk, name=str(pk), owner_id=1) for pk in ids])
    everywhere = {world.guild.pk, *ids}
    for count in (1, 2, 3):
        found = [
            set(Guild.objects.filter(Shard(n, count).holds("pk")).values_list("pk", flat=True)) for n in range(count)
        ]
        assert found == [{pk for pk in everywhere if (pk >> 22) % count == n} for n in range(count)]


def test_a_shard_that_connects_says_nothing_of_the_others(world: World, now: datetime) -> None:
    other = Guild.objects.create(pk=world.guild.pk + (1 << 22), name="Elsewhere", owner_id=1)
    own, others = (Shard((pk >> 22) % SHARDS, SHARDS) for pk in (world.guild.pk, other.pk))
    upsert.mark_guilds_present([], now, others)
    assert list(Guild.objects.present()) == [world.guild]
    world.create_game()
    Announcement.objects.update(checked_at=now)
    _recheck_all_posts(others)
    assert Announcement.objects.get().checked_at == now
    _recheck_all_posts(own)
    assert Announcement.objects.get().checked_at is None


def test_a_silent_shard_is_the_bots_problem(db: None) -> None:
    now = db_now()
    heartbeat.expect_bots(3, now)
    for number in range(3):
        heartbeat.record_heartbeat(heartbeat.bot_name(number), now, last_event_at=now)
    assert health.bot_problem(now) is None
    heartbeat.record_heartbeat("bot 2", now, last_event_at=now - 2 * probe.SILENT_FOR)
    assert heartbeat.bot_silence(now) == 2 * probe.SILENT_FOR
    heartbeat.record_heartbeat("bot 2", now - 2 * probe.OVERDUE)
    problem = health.bot_problem(now)
    assert problem is not None
    assert (problem.code, "No bot 2 " in problem.what) == (probe.SILENT, True)
    heartbeat.expect_bots(2, now)
    assert health.bot_problem(now) is None


# --- who has which ------------------------------------------------------------------------------------------


class Process:
    """One bot process, of which only the connection to Discord isn't real."""

    def __init__(self, count: int, connected: list[tuple[str, int, float]], name: str) -> None:
        self.shards = Shards(count)
        self.stopping = asyncio.Event()
        self.connected = connected
        self.name = name

    def start(self) -> "Process":
        self.shards.make_bot = self.make_bot  # type: ignore[method-assign]
        self.task = asyncio.create_task(runbot.serve(self.shards, self.stopping))
        return self

    def make_bot(self, shard: Shard) -> Any:
        async def start(token: str) -> None:
            await self.shards.take_turn(shard)
            self.connected.append((self.name, shard.number, time.monotonic()))
            self.shards.bots[shard.number] = bot
            await asyncio.Event().wait()

        async def close() -> None:
            pass

        bot: Any = SimpleNamespace(start=start, close=close, latency=0.0)
        return bot

    @property
    def numbers(self) -> set[int]:
        return set(self.shards.bots)

    async def stop(self) -> None:
        self.stopping.set()
        await self.task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_bots_share_the_shards_and_take_over_from_each_other(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "IDENTIFY_EVERY", 0.05)
    monkeypatch.setattr(runbot, "TEST_EVERY", 0.2)
    monkeypatch.setattr(sharding, "RETRY", 0.05)
    monkeypatch.setattr(runbot, "RETRY", 0.05)
    connected: list[tuple[str, int, float]] = []
    first = Process(4, connected, "first").start()
    await until(lambda: first.numbers == {0, 1, 2, 3})
    # One after the other, whatever the process.
    second = Process(4, connected, "second").start()
    await until(lambda: len(first.numbers) == len(second.numbers) == 2)
    assert first.numbers | second.numbers == {0, 1, 2, 3}
    third = Process(4, connected, "third").start()
    await asyncio.sleep(0.5)  # nobody has more than two of four: nothing to give
    assert third.numbers == set()
    await first.stop()
    await until(lambda: len(second.numbers) + len(third.numbers) == 4)
    await until(lambda: len(second.numbers) == len(third.numbers) == 2)
    assert await run_in_db_thread(lock.shard_counts) == {4}
    times = sorted(at for _, _, at in connected)
    assert all(later - earlier >= 0.04 for earlier, later in itertools.pairwise(times))
    await second.stop()
    await third.stop()
    # PostgreSQL ends a session a moment after its client is gone.
    await run_in_db_thread(lambda: eventually(lambda: not lock.shard_counts()))


@pytest.mark.slow
async def test_bots_that_run_say_how_many_shards_there_are(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sharding, "RETRY", 0.01)
    stopping = asyncio.Event()
    assert await choose_count(3, 0, stopping) == 3
    assert await choose_count(1, 1, stopping) == 2  # Discord took one no more
    running = Process(1, [], "old").start()
    await until(lambda: running.numbers == {0})
    assert await choose_count(2, 0, stopping) == 1
    assert "Discord recommends 2 shards" in caplog.text
    with pytest.raises(sharding.OtherShardCount):  # as if both had started in the same instant
        await asyncio.wait_for(Process(2, [], "new").start().task, PATIENCE)
    waiting = asyncio.create_task(choose_count(2, 1, stopping))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await running.stop()
    assert await waiting == 2


async def test_too_few_shards_are_told_from_other_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(code: int) -> discord.ConnectionClosed:
        return discord.ConnectionClosed(SimpleNamespace(close_code=code), shard_id=0, code=code)  # type: ignore[arg-type]

    assert [sharding.is_too_few(closed(code)) for code in (4011, 4004)] == [True, False]
    assert not sharding.is_too_few(OSError())


# --- two programs ---------------------------------------------------------------------------------------------


def add_other_guild(state: State) -> None:
    owner, *others = (user.id for user in state.people())
    guild = state.add_guild("Elsewhere", owner, OTHER_GUILD)
    state.channels[OTHER_CHANNEL] = Channel(OTHER_CHANNEL, TEXT, "elsewhere", guild_id=OTHER_GUILD)
    state.add_members(guild, [state.users[user_id] for user_id in others])
    state.add_bot(guild)
    state.rate_limits.rules["identify"] = RULES["identify"]


def world_elsewhere(world: World) -> World:
    guild = Guild.objects.get(pk=OTHER_GUILD)
    for user in (world.alice, world.bob, world.charlie):
        payload = MemberPayload(UserPayload(user.pk, user.handle), "")
        upsert.upsert_member(OTHER_GUILD, payload, world.now)
    # Alice owns it, so she may host.
    return replace(world, guild=guild, bob=world.alice, channel=StoredChannel.objects.get(pk=OTHER_CHANNEL))


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_bots_have_a_shard_each_until_one_is_killed(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts, clicks and events of both shards' guilds, before and after; Discord's limit of identifying holds."""
    monkeypatch.setitem(PROGRAMS, "bot2", PROGRAMS["bot"])
    world = make_world(now)
    with Stack("notifyd") as stack:
        stack.discord.gateway.guilds_per_shard = 1
        stack.discord.run_in_loop(add_other_guild)
        client = stack.discord.client
        for name in ("bot", "bot2"):
            stack.start(name, wait=False)
        eventually(
            lambda: all(f"Connected to Discord as shard {n} of 2, in 1 server." in stack.log_text for n in (0, 1))
        )
        eventually(lambda: not health.problems(db_now()).get("bot"))
        soon = datetime.now(UTC) + timedelta(days=1)
        worlds = [(world, fixtures.GENERAL_ID), (world_elsewhere(world), OTHER_CHANNEL)]
        games = [one.create_game(channel_id=channel, starts_at=soon) for one, channel in worlds]
        posts = [eventually(lambda: stack.posts(channel_id=channel))[0] for _, channel in worlds]  # noqa: B023
        eventually(lambda: Announcement.objects.filter(message_id__isnull=False).count() == 2)

        def press(button: str) -> list[str]:
            return [
                client.click("charlie", post, f"game:{game.pk}:{button}", wait=1.0)["state"]
                for post, game in zip(posts, games, strict=True)
            ]

        assert press("join") == ["answered"] * 2
        sessions = [each for each in stack.discord.gateway._sessions.values() if each.connection is not None]
        assert sorted(each.shard for each in sessions) == [(0, 2), (1, 2)]
        killed = time.monotonic()
        stack.kill("bot")
        eventually(lambda: press("leave") == ["answered"] * 2)
        assert time.monotonic() - killed < TAKEN_OVER_IN + lock.IDENTIFY_EVERY  # or both shards were the killed one's
        assert not Signup.objects.current().exists()
        for channel in (fixtures.RAIDS_ID, OTHER_CHANNEL):
            client.add_fault("rename", channel_id=str(channel), name="renamed")
            eventually(StoredChannel.objects.filter(pk=channel, name="renamed").exists)
        assert "Traceback" not in stack.log_text
        limit = stack.discord.state.rate_limits.peek("sessions", stack.discord.state.bot.id)
        assert limit is not None
        assert limit.limit.requests - limit.remaining <= 4  # none was refused
        assert Guild.objects.present().count() == 2


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_bot_that_discord_wants_in_more_shards_starts_over(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "MAX_GUILDS_PER_SHARD", 1)
    make_world(now)
    with Stack(limited=False) as stack:
        stack.discord.run_in_loop(add_other_guild)
        stack.discord.state.rate_limits.rules.clear()
        stack.discord.state.rate_limits.max_concurrency = 2
        stack.start("bot", wait=False)  # in one shard, as recommended
        eventually(
            lambda: all(f"Connected to Discord as shard {n} of 2, in 1 server." in stack.log_text for n in (0, 1))
        )
        eventually(lambda: Guild.objects.present().count() == 2)
        assert stack.log_text.count("Discord wants more shards than 1") == 1
        assert "Traceback" not in stack.log_text
