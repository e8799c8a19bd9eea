"""`python3 run.py bench --shards`: how long two bots take to start in 3,000 servers, in three shards, and to take over.

Within Discord's limits: one shard identifies itself every five seconds, and none is refused.
"""

import re
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial

import pytest

from conftest import make_world
from gamesched.bench.processes import memory_mib
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import TEXT, Channel
from gamesched.local_discord.state.rate_limits import RULES
from gamesched.local_discord.state.state import State
from gamesched.testing.stack import PROGRAMS, Stack
from gamesched.testing.waiting import eventually
from guilds.models import Guild

GUILDS, CHANNELS, SHARDS = 3_000, 50, 3
WITHIN = 120.0  # seconds


def add_guilds(numbers: Iterable[int], state: State) -> None:
    for number in numbers:
        guild = state.add_guild(f"Server {number}", fixtures.ALICE_ID, fixtures.GUILD_ID + (number << 22))
        for position in range(CHANNELS):
            channel = Channel(state.new_id(), TEXT, f"channel-{position}", guild_id=guild.id, position=position)
            state.channels[channel.id] = channel
        state.add_bot(guild)


def connected(stack: Stack) -> set[int]:
    found = re.findall(rf"Connected to Discord as shard (\d) of {SHARDS}, in 1000 servers", stack.log_text)
    return {int(number) for number in found}


def identified(stack: Stack) -> int:
    limit = stack.discord.state.rate_limits.peek("sessions", stack.discord.state.bot.id)
    assert limit is not None
    return limit.limit.requests - limit.remaining


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_three_thousand_servers_in_three_shards(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROGRAMS, "bot2", PROGRAMS["bot"])
    make_world(now)
    with Stack(limited=False) as stack:
        for first in range(1, GUILDS, 100):
            stack.discord.run_in_loop(partial(add_guilds, range(first, min(first + 100, GUILDS))))
        stack.discord.state.rate_limits.rules |= {name: RULES[name] for name in ("identify", "sessions")}
        assert stack.discord.gateway.recommended_shards(stack.discord.state.bot.id) == SHARDS
        began = time.monotonic()
        for name in ("bot", "bot2"):
            stack.start(name, wait=False)
        eventually(lambda: len(connected(stack)) == SHARDS, WITHIN)
        took = time.monotonic() - began
        assert Guild.objects.count() == GUILDS
        assert identified(stack) == SHARDS
        memory = [round(memory_mib(program.pid)) for program in stack.running.values()]
        said = len(re.findall("Connected to Discord as", stack.log_text))
        killed = time.monotonic()
        taken = stack.log_text.count("to another bot")
        stack.kill("bot")
        lost = eventually(lambda: len(re.findall("Connected to Discord as", stack.log_text)) - said)
        again = time.monotonic() - killed
        print(f"\n{GUILDS} servers of {CHANNELS} channels in {SHARDS} shards: {took:.1f} s, {memory} MiB, ", end="")
        print(f"{taken} given away; {lost} taken over in {again:.1f} s; {identified(stack)} sessions in all")
