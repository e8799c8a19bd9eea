"""The gateway, by a bare client: the handshake, heartbeats, close codes, resuming, the limits of identifying."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.rate_limits import RULES, Limit
from gamesched.local_discord.tests.conftest import Listener
from gamesched.local_discord.tests.gateway_client import BareGateway
from gamesched.local_discord.tests.rest_client import Bare


def rename(local: LocalDiscord, *names: str) -> None:
    for name in names:
        local.client.fault("rename", channel_id=fixtures.RAIDS_ID, name=name)


# --- the handshake ------------------------------------------------------------------------------------------


async def test_the_handshake(local: LocalDiscord) -> None:
    async with BareGateway(local) as gateway:
        assert await gateway.until(10) == {"heartbeat_interval": 41_250}
        await gateway.identify()
        ready = await gateway.receive()
        assert (ready["op"], ready["t"], ready["s"]) == (0, "READY", 1)
        assert ready["d"]["guilds"] == [{"id": str(fixtures.GUILD_ID), "unavailable": True}]
        assert ready["d"]["application"] == {"id": local.client_id, "flags": 0}
        assert ready["d"]["resume_gateway_url"].startswith("ws://")
        guild = await gateway.receive()
        assert (guild["t"], guild["s"], guild["d"]["name"]) == ("GUILD_CREATE", 2, "Friday Night Dice")


async def test_zlib_stream_is_one_stream_flushed_after_every_message(local: LocalDiscord) -> None:
    async with BareGateway(local, "v=10&encoding=json&compress=zlib-stream") as gateway:
        await gateway.ready()
        rename(local, "dungeons")
        assert (await gateway.event("CHANNEL_UPDATE"))["name"] == "dungeons"
        assert all(isinstance(each, bytes) and each.endswith(b"\x00\x00\xff\xff") for each in gateway.frames)
        assert len(gateway.frames) == 4


async def test_zstd_stream_is_answered_in_plain_text(local: LocalDiscord) -> None:
    async with BareGateway(local, "v=10&encoding=json&compress=zstd-stream") as gateway:
        await gateway.ready()
        assert all(isinstance(each, str) for each in gateway.frames)


async def test_shards_divide_the_guilds(local: LocalDiscord) -> None:
    mine = (fixtures.GUILD_ID >> 22) % 2
    async with BareGateway(local) as one, BareGateway(local) as other:
        ready = await one.ready(shard=[mine, 2])
        assert (ready["shard"], len(ready["guilds"])) == ([mine, 2], 1)
        assert (await other.ready(shard=[1 - mine, 2], intents=0))["guilds"] == []
        rename(local, "dungeons")
        assert await one.names() == ["CHANNEL_UPDATE"]
        assert await other.names() == []


# --- close codes --------------------------------------------------------------------------------------------


async def twice(gateway: BareGateway) -> None:
    await gateway.ready()
    await gateway.identify()


async def ahead(gateway: BareGateway) -> None:
    async with BareGateway(gateway.local) as first:
        await first.ready()
        await gateway.resume(first, seq=3)


CLOSES: list[tuple[int, Callable[[BareGateway], Awaitable[None]]]] = [
    (4001, lambda gateway: gateway.send(99)),
    (4001, lambda gateway: gateway.send(0)),
    (4002, lambda gateway: gateway.socket.send_str("{")),
    (4002, lambda gateway: gateway.socket.send_str("[]")),
    (4002, lambda gateway: gateway.send("2")),
    (4002, lambda gateway: gateway.send(2, "token")),
    (4002, lambda gateway: gateway.identify(properties=None)),
    (4002, lambda gateway: gateway.identify(padding="x" * 4096)),
    (4003, lambda gateway: gateway.send(3, {"status": "online"})),
    (4003, lambda gateway: gateway.send(8, {"guild_id": str(fixtures.GUILD_ID), "query": "b", "limit": 1})),
    (4004, lambda gateway: gateway.identify(token="wrong")),
    (4004, lambda gateway: gateway.identify(token="local-alice")),
    (4005, twice),
    (4007, ahead),
    (4010, lambda gateway: gateway.identify(shard=[1, 1])),
    (4010, lambda gateway: gateway.identify(shard="0")),
    (4013, lambda gateway: gateway.identify(intents=1 << 30)),
    (4013, lambda gateway: gateway.identify(intents=-1)),
    (4013, lambda gateway: gateway.identify(intents=None)),
    (4014, lambda gateway: gateway.identify(intents=1 << 1)),
    (4014, lambda gateway: gateway.identify(intents=1 << 8)),
    (4014, lambda gateway: gateway.identify(intents=1 << 15)),
]


@pytest.mark.parametrize(("code", "do"), CLOSES, ids=lambda each: str(each) if isinstance(each, int) else "")
async def test_wrong_doings_close_the_connection(
    local: LocalDiscord, code: int, do: Callable[[BareGateway], Awaitable[None]]
) -> None:
    async with BareGateway(local) as gateway:
        await do(gateway)
        assert await gateway.closed() == code


@pytest.mark.parametrize(("query", "code"), [("v=8&encoding=json", 4012), ("v=10&encoding=etf", 4002)])
async def test_other_versions_and_encodings_are_closed_at_once(local: LocalDiscord, query: str, code: int) -> None:
    async with BareGateway(local, query) as gateway:
        assert await gateway.closed() == code


async def test_the_121st_frame_in_a_minute_closes_the_connection(local: LocalDiscord) -> None:
    local.do(lambda world: world.limits.rules.update(gateway=RULES["gateway"]))
    async with BareGateway(local) as gateway, BareGateway(local) as other:
        await gateway.ready()
        for _ in range(119):
            await gateway.send(1, None)
        for _ in range(119):
            await gateway.until(11)
        await gateway.send(1, None)
        assert await gateway.closed() == 4008
        await other.ready()


async def test_a_minute_later_one_may_send_again(local: LocalDiscord) -> None:
    local.do(lambda world: world.limits.rules.update(gateway=RULES["gateway"]))
    async with BareGateway(local) as gateway:
        for _ in range(120):
            await gateway.send(1, None)
        for _ in range(120):
            await gateway.until(11)
        local.client.clock(advance=60)
        await gateway.ready()


async def test_privileged_intents_can_be_enabled(local: LocalDiscord) -> None:
    local.do(lambda world: setattr(local.gateway, "privileged", 1 << 1 | 1 << 15))
    flags = 1 << 15 | 1 << 19
    assert Bare(local).ok("GET", "/applications/@me")["flags"] == flags
    async with BareGateway(local) as gateway:
        assert (await gateway.ready(intents=1 | 1 << 1 | 1 << 15))["application"]["flags"] == flags
    async with BareGateway(local) as gateway:
        await gateway.identify(intents=1 << 8)
        assert await gateway.closed() == 4014


# --- heartbeats ---------------------------------------------------------------------------------------------


async def test_heartbeats_are_acknowledged_and_asked_for(local: LocalDiscord) -> None:
    async with BareGateway(local) as gateway:
        await gateway.until(10)
        for sequence in (None, 0, 12_345):
            await gateway.send(1, sequence)
            assert (await gateway.receive())["op"] == 11
        local.do(lambda world: local.gateway.ask_heartbeat())
        assert (await gateway.receive())["op"] == 1


async def test_who_sends_no_heartbeat_times_out_and_may_resume(local: LocalDiscord) -> None:
    async with BareGateway(local) as patient:
        local.do(lambda world: setattr(local.gateway, "heartbeat_interval", 400))
        async with BareGateway(local) as silent, BareGateway(local) as beating, BareGateway(local) as again:
            assert await beating.until(10) == {"heartbeat_interval": 400}
            await silent.ready()
            timing_out = asyncio.create_task(silent.closed())
            while not timing_out.done():
                await beating.send(1, None)
                await again.send(1, None)
                await asyncio.sleep(0.02)
            assert timing_out.result() == 4009
            await again.resume(silent)
            await again.event("RESUMED")
            assert not beating.socket.closed
        await patient.ready()


# --- resuming -----------------------------------------------------------------------------------------------


async def test_a_resume_replays_in_order_what_was_missed(local: LocalDiscord) -> None:
    async with BareGateway(local) as first:
        await first.ready()
    rename(local, "a", "b", "c")
    async with BareGateway(local) as second:
        await second.resume(first)
        told = [await second.receive() for _ in range(5)][1:]
        assert [each["t"] for each in told] == ["CHANNEL_UPDATE"] * 3 + ["RESUMED"]
        assert [each["d"]["name"] for each in told[:3]] == ["a", "b", "c"]
        assert [each["s"] for each in told] == [3, 4, 5, 6]
        rename(local, "d")
        assert (await second.receive())["d"]["name"] == "d"
    async with BareGateway(local) as third:
        await third.resume(first, seq=5)
        assert [(await third.receive())["t"] for _ in range(3)][1:] == ["CHANNEL_UPDATE", "RESUMED"]


@pytest.mark.parametrize("how", ["close 1000", "close 1001", "later", "unknown", "forgotten", "another token"])
async def test_what_cannot_be_resumed_is_invalid(local: LocalDiscord, how: str) -> None:
    async with BareGateway(local) as first:
        await first.ready()
        if how.startswith("close"):
            await first.socket.close(code=int(how.split()[1]))
    changes: dict[str, Any] = {}
    if how == "later":
        local.client.clock(advance=301)
    elif how == "unknown":
        changes["session_id"] = "0"
    elif how == "forgotten":
        changes["seq"] = -1
    elif how == "another token":
        changes["token"] = "local-alice"
    async with BareGateway(local) as second:
        await second.resume(first, **changes)
        assert await second.until(9) is False
        second.sequence = None
        await second.ready()


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_can_become_invalid(local: LocalDiscord, resumable: bool) -> None:
    async with BareGateway(local) as first, BareGateway(local) as second:
        await first.ready()
        local.do(lambda world: local.gateway.invalidate(resumable))
        assert await first.until(9) is resumable
        rename(local, "missed")
        await second.resume(first)
        if resumable:
            assert (await second.event("CHANNEL_UPDATE"))["name"] == "missed"
        else:
            assert await second.until(9) is False
        await first.send(3, {"status": "online"})
        assert await first.closed() == 4003


async def test_a_reconnect_is_asked_for(local: LocalDiscord) -> None:
    async with BareGateway(local) as first, BareGateway(local) as second:
        await first.ready()
        local.client.fault("gateway_drop", reconnect=True)
        await first.until(7)
        assert await first.closed() == 4000
        assert await second.closed() == 4000
    async with BareGateway(local) as third:
        await third.resume(first)
        await third.event("RESUMED")


# --- identifying --------------------------------------------------------------------------------------------


async def test_identifying_again_within_five_seconds_is_refused(local: LocalDiscord) -> None:
    local.do(lambda world: world.limits.rules.update(identify=RULES["identify"], sessions=RULES["sessions"]))
    async with BareGateway(local) as first, BareGateway(local) as second:
        await first.ready()
        await second.identify()
        assert await second.until(9) is False
        local.client.clock(advance=5)
        await second.ready()
    limit = Bare(local).ok("GET", "/gateway/bot")["session_start_limit"]
    assert (limit["total"], limit["remaining"], limit["max_concurrency"]) == (1000, 997, 1)
    assert 86_390_000 < limit["reset_after"] <= 86_395_000


async def test_identifying_too_often_in_a_day_resets_the_token(local: LocalDiscord) -> None:
    local.do(lambda world: world.limits.rules.update(sessions=Limit(2, 86_400.0)))
    async with BareGateway(local) as first, BareGateway(local) as second, BareGateway(local) as third:
        await first.ready()
        await second.ready()
        await third.identify()
        assert [await each.closed() for each in (first, second, third)] == [4004] * 3
    assert Bare(local).refused("GET", "/users/@me") == (401, 0)
    async with BareGateway(local) as fourth:
        await fourth.identify()
        assert await fourth.closed() == 4004


# --- discord.py ---------------------------------------------------------------------------------------------


async def test_discord_py_identifies_again_when_it_was_too_early(
    local: LocalDiscord, bot: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(shard_id: int | None, *, initial: bool = False) -> None:
        if waited:  # else too early
            local.client.clock(advance=5)
        waited.append(initial)

    waited: list[bool] = []
    monkeypatch.setattr(bot, "before_identify_hook", wait)  # by default it sleeps for five seconds
    local.do(lambda world: world.limits.rules.update(identify=RULES["identify"]))
    async with BareGateway(local) as other:
        await other.ready()
        local.client.fault("gateway_drop", resumable=False)
        assert await other.closed() == 4000
    for _ in range(1000):
        if local.client.bot_connected():
            break
        await asyncio.sleep(0.01)
    assert local.client.bot_connected()
    assert waited == [False, False]


async def test_discord_py_resumes_an_invalid_session(local: LocalDiscord, bot: Listener) -> None:
    local.do(lambda world: local.gateway.invalidate(True))
    await asyncio.wait_for(bot.resumed.wait(), 5)
