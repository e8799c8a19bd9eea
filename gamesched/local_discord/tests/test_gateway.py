"""The gateway, by a bare client: the handshake, heartbeats, close codes, resuming, limits of IDENTIFY."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.gateway.sessions import Connection, Session
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.rate_limits import RULES, RateLimit
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.gateway_client import GatewayClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE


def rename(local: LocalDiscord, *names: str) -> None:
    for name in names:
        local.client.add_fault("rename", channel_id=fixtures.RAIDS_ID, name=name)


# --- the handshake ------------------------------------------------------------------------------------------


async def test_the_handshake(local: LocalDiscord) -> None:
    async with GatewayClient(local) as gateway:
        assert await gateway.receive_op(10) == {"heartbeat_interval": 41_250}
        await gateway.identify()
        ready = await gateway.receive()
        assert (ready["op"], ready["t"], ready["s"]) == (0, "READY", 1)
        assert ready["d"]["guilds"] == [{"id": str(fixtures.GUILD_ID), "unavailable": True}]
        assert ready["d"]["application"] == {"id": local.client_id, "flags": 0}
        assert ready["d"]["resume_gateway_url"].startswith("ws://")
        guild = await gateway.receive()
        assert (guild["t"], guild["s"], guild["d"]["name"]) == ("GUILD_CREATE", 2, "Friday Night Dice")


async def test_zlib_stream_is_one_stream_flushed_after_every_message(local: LocalDiscord) -> None:
    async with GatewayClient(local, "v=10&encoding=json&compress=zlib-stream") as gateway:
        await gateway.identify_and_wait()
        rename(local, "dungeons")
        assert (await gateway.receive_event("CHANNEL_UPDATE"))["name"] == "dungeons"
        assert all(isinstance(frame, bytes) and frame.endswith(b"\x00\x00\xff\xff") for frame in gateway.frames)
        assert len(gateway.frames) == 4


async def test_zstd_stream_is_answered_in_plain_text(local: LocalDiscord) -> None:
    async with GatewayClient(local, "v=10&encoding=json&compress=zstd-stream") as gateway:
        await gateway.identify_and_wait()
        assert all(isinstance(frame, str) for frame in gateway.frames)


async def test_shards_divide_the_guilds(local: LocalDiscord) -> None:
    mine = (fixtures.GUILD_ID >> 22) % 2
    async with GatewayClient(local) as gateway, GatewayClient(local) as other:
        ready = await gateway.identify_and_wait(shard=[mine, 2])
        assert (ready["shard"], len(ready["guilds"])) == ([mine, 2], 1)
        assert (await other.identify_and_wait(shard=[1 - mine, 2], intents=0))["guilds"] == []
        rename(local, "dungeons")
        assert await gateway.event_names() == ["CHANNEL_UPDATE"]

        assert await other.event_names() == []


async def test_shards_are_recommended_by_the_number_of_guilds(local: LocalDiscord) -> None:
    assert RestClient(local).request_json("GET", "/gateway/bot")["shards"] == 1
    local.gateway.guilds_per_shard = 2
    for name in ("two", "three"):
        local.run_in_loop(lambda state: state.add_bot(state.add_guild(name, fixtures.ALICE_ID)))  # noqa: B023
    assert RestClient(local).request_json("GET", "/gateway/bot")["shards"] == 2


# --- close codes --------------------------------------------------------------------------------------------


async def identify_twice(gateway: GatewayClient) -> None:
    await gateway.identify_and_wait()
    await gateway.identify()


async def resume_ahead_of_sequence(gateway: GatewayClient) -> None:
    async with GatewayClient(gateway.local) as first:
        await first.identify_and_wait()
        await gateway.resume(first, seq=3)


CLOSES: list[tuple[int, Callable[[GatewayClient], Awaitable[None]]]] = [
    (4001, lambda gateway: gateway.send(99)),
    (4001, lambda gateway: gateway.send(0)),
    (4002, lambda gateway: gateway.socket.send_str("{")),
    (4002, lambda gateway: gateway.socket.send_str("[" * 3000)),
    (4002, lambda gateway: gateway.socket.send_str("[]")),
    (4002, lambda gateway: gateway.send("2")),
    (4002, lambda gateway: gateway.send(2, "token")),
    (4002, lambda gateway: gateway.identify(properties=None)),
    (4002, lambda gateway: gateway.identify(padding="x" * 4096)),
    (4003, lambda gateway: gateway.send(3, {"status": "online"})),
    (4003, lambda gateway: gateway.send(8, {"guild_id": str(fixtures.GUILD_ID), "query": "b", "limit": 1})),
    (4004, lambda gateway: gateway.identify(token="wrong")),
    (4004, lambda gateway: gateway.identify(token="local-alice")),
    (4005, identify_twice),
    (4007, resume_ahead_of_sequence),
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
async def test_protocol_errors_close_the_connection(
    local: LocalDiscord, code: int, do: Callable[[GatewayClient], Awaitable[None]]
) -> None:
    async with GatewayClient(local) as gateway:
        await do(gateway)
        assert await gateway.close_code() == code


@pytest.mark.parametrize(("query", "code"), [("v=8&encoding=json", 4012), ("v=10&encoding=etf", 4002)])
async def test_other_versions_and_encodings_are_closed_at_once(local: LocalDiscord, query: str, code: int) -> None:
    async with GatewayClient(local, query) as gateway:
        assert await gateway.close_code() == code


async def test_the_121st_frame_in_a_minute_closes_the_connection(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(gateway=RULES["gateway"]))
    async with GatewayClient(local) as gateway, GatewayClient(local) as other:
        await gateway.identify_and_wait()
        for _ in range(119):
            await gateway.send(1, None)
        for _ in range(119):
            await gateway.receive_op(11)
        await gateway.send(1, None)
        assert await gateway.close_code() == 4008
        await other.identify_and_wait()


async def test_a_minute_later_one_may_send_again(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(gateway=RULES["gateway"]))
    async with GatewayClient(local) as gateway:
        for _ in range(120):
            await gateway.send(1, None)
        for _ in range(120):
            await gateway.receive_op(11)
        local.client.set_clock(advance=60)
        await gateway.identify_and_wait()


async def test_privileged_intents_can_be_enabled(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: setattr(local.gateway, "privileged", 1 << 1 | 1 << 15))
    flags = 1 << 15 | 1 << 19
    assert RestClient(local).request_json("GET", "/applications/@me")["flags"] == flags
    async with GatewayClient(local) as gateway:
        assert (await gateway.identify_and_wait(intents=1 | 1 << 1 | 1 << 15))["application"]["flags"] == flags
    async with GatewayClient(local) as gateway:
        await gateway.identify(intents=1 << 8)
        assert await gateway.close_code() == 4014


# --- heartbeats ---------------------------------------------------------------------------------------------


async def test_heartbeats_are_acknowledged_and_requested(local: LocalDiscord) -> None:
    async with GatewayClient(local) as gateway:
        await gateway.receive_op(10)
        for sequence in (None, 0, 12_345):
            await gateway.send(1, sequence)
            assert (await gateway.receive())["op"] == 11
        local.run_in_loop(lambda state: local.gateway.request_heartbeats())
        assert (await gateway.receive())["op"] == 1


async def test_missing_heartbeats_time_out_and_the_session_resumes(local: LocalDiscord) -> None:
    async with GatewayClient(local) as patient:
        local.run_in_loop(lambda state: setattr(local.gateway, "heartbeat_interval", 400))
        async with GatewayClient(local) as silent, GatewayClient(local) as beating, GatewayClient(local) as again:
            assert await beating.receive_op(10) == {"heartbeat_interval": 400}
            await silent.identify_and_wait()
            timing_out = asyncio.create_task(silent.close_code())
            while not timing_out.done():
                await beating.send(1, None)
                await again.send(1, None)
                await asyncio.sleep(0.02)
            assert timing_out.result() == 4009
            await again.resume(silent)
            await again.receive_event("RESUMED")
            assert not beating.socket.closed
        await patient.identify_and_wait()


# --- resuming -----------------------------------------------------------------------------------------------


async def test_resume_replays_missed_events_in_order(local: LocalDiscord) -> None:
    async with GatewayClient(local) as first:
        await first.identify_and_wait()
    rename(local, "a", "b", "c")
    async with GatewayClient(local) as second:
        await second.resume(first)
        payloads = [await second.receive() for _ in range(5)][1:]
        assert [payload["t"] for payload in payloads] == ["CHANNEL_UPDATE"] * 3 + ["RESUMED"]
        assert [payload["d"]["name"] for payload in payloads[:3]] == ["a", "b", "c"]
        assert [payload["s"] for payload in payloads] == [3, 4, 5, 6]
        rename(local, "d")
        assert (await second.receive())["d"]["name"] == "d"
    async with GatewayClient(local) as third:
        await third.resume(first, seq=5)
        assert [(await third.receive())["t"] for _ in range(3)][1:] == ["CHANNEL_UPDATE", "RESUMED"]


@pytest.mark.parametrize("how", ["close 1000", "close 1001", "later", "unknown", "forgotten", "another token"])
async def test_what_cannot_be_resumed_is_invalid(local: LocalDiscord, how: str) -> None:
    async with GatewayClient(local) as first:
        await first.identify_and_wait()
        if how.startswith("close"):
            await first.socket.close(code=int(how.split()[1]))
    changes: dict[str, Any] = {}
    if how == "later":
        local.client.set_clock(advance=301)
    elif how == "unknown":
        changes["session_id"] = "0"
    elif how == "forgotten":
        changes["seq"] = -1
    elif how == "another token":
        changes["token"] = "local-alice"
    async with GatewayClient(local) as second:
        await second.resume(first, **changes)
        assert await second.receive_op(9) is False
        second.sequence = None
        await second.identify_and_wait()


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_can_become_invalid(local: LocalDiscord, resumable: bool) -> None:
    async with GatewayClient(local) as first, GatewayClient(local) as second:
        await first.identify_and_wait()
        local.run_in_loop(lambda state: local.gateway.invalidate_sessions(resumable))
        assert await first.receive_op(9) is resumable
        rename(local, "missed")
        await second.resume(first)
        if resumable:
            assert (await second.receive_event("CHANNEL_UPDATE"))["name"] == "missed"
        else:
            assert await second.receive_op(9) is False
        await first.send(3, {"status": "online"})
        assert await first.close_code() == 4003


async def test_a_reconnect_is_requested(local: LocalDiscord) -> None:
    async with GatewayClient(local) as first, GatewayClient(local) as second:
        await first.identify_and_wait()
        local.client.add_fault("gateway_drop", reconnect=True)
        await first.receive_op(7)
        assert await first.close_code() == 4000
        assert await second.close_code() == 4000
    async with GatewayClient(local) as third:
        await third.resume(first)
        await third.receive_event("RESUMED")


# --- identifying --------------------------------------------------------------------------------------------


async def test_identifying_again_within_five_seconds_is_refused(local: LocalDiscord) -> None:
    local.run_in_loop(
        lambda state: state.rate_limits.rules.update(identify=RULES["identify"], sessions=RULES["sessions"])
    )
    async with GatewayClient(local) as first, GatewayClient(local) as second:
        await first.identify_and_wait()
        await second.identify()
        assert await second.receive_op(9) is False
        local.client.set_clock(advance=5)
        await second.identify_and_wait()
    limit = RestClient(local).request_json("GET", "/gateway/bot")["session_start_limit"]
    assert (limit["total"], limit["remaining"], limit["max_concurrency"]) == (1000, 997, 1)
    assert 86_390_000 < limit["reset_after"] <= 86_395_000


async def test_as_many_shards_as_max_concurrency_identify_at_a_time(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(identify=RULES["identify"]))
    local.state.rate_limits.max_concurrency = 2
    assert RestClient(local).request_json("GET", "/gateway/bot")["session_start_limit"]["max_concurrency"] == 2
    async with GatewayClient(local) as first, GatewayClient(local) as second, GatewayClient(local) as third:
        await first.identify(shard=[0, 4])
        await second.identify(shard=[1, 4])
        assert [(await each.receive_event("READY"))["shard"] for each in (first, second)] == [[0, 4], [1, 4]]
        await third.identify(shard=[2, 4])
        assert await third.receive_op(9) is False


async def test_identifying_too_often_in_a_day_resets_the_token(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(sessions=RateLimit(2, 86_400.0)))
    async with GatewayClient(local) as first, GatewayClient(local) as second, GatewayClient(local) as third:
        await first.identify_and_wait()
        await second.identify_and_wait()
        await third.identify()
        assert [await client.close_code() for client in (first, second, third)] == [4004] * 3
    assert RestClient(local).request_error("GET", "/users/@me") == (401, 0)
    async with GatewayClient(local) as fourth:
        await fourth.identify()
        assert await fourth.close_code() == 4004


# --- discord.py ---------------------------------------------------------------------------------------------


async def test_discord_py_identifies_again_when_it_was_too_early(
    local: LocalDiscord, bot: RecordingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(shard_id: int | None, *, initial: bool = False) -> None:
        if waited:  # otherwise too early
            local.client.set_clock(advance=5)
        waited.append(initial)

    waited: list[bool] = []
    monkeypatch.setattr(bot, "before_identify_hook", wait)  # by default it sleeps for five seconds
    local.run_in_loop(lambda state: state.rate_limits.rules.update(identify=RULES["identify"]))
    async with GatewayClient(local) as other:
        await other.identify_and_wait()
        local.client.add_fault("gateway_drop", resumable=False)
        assert await other.close_code() == 4000
    for _ in range(1000):
        if local.client.bot_connected():
            break
        await asyncio.sleep(0.01)
    assert local.client.bot_connected()
    assert waited == [False, False]


async def test_discord_py_resumes_an_invalid_session(local: LocalDiscord, bot: RecordingClient) -> None:
    local.run_in_loop(lambda state: local.gateway.invalidate_sessions(True))
    await asyncio.wait_for(bot.resumed.wait(), PATIENCE)


# --- what cannot be sent ------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["v=10&encoding=json", "v=10&encoding=json&compress=zlib-stream"])
@pytest.mark.parametrize("name", ["half \ud800", "\udfff", "nul \0", "🎲 \ud83c"])
async def test_halves_of_characters_deafen_nobody(local: LocalDiscord, query: str, name: str) -> None:
    async with GatewayClient(local, query) as gateway:
        await gateway.identify_and_wait()
        rename(local, name, "dungeons")
        assert (await gateway.receive_event("CHANNEL_UPDATE"))["name"] == name
        assert (await gateway.receive_event("CHANNEL_UPDATE"))["name"] == "dungeons"


async def test_a_frame_that_cannot_be_sent_ends_the_session(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Connection._send

    async def fail(self: Connection, frame: str) -> None:
        if "poison" in frame:
            raise RuntimeError("not sent")
        await send(self, frame)

    monkeypatch.setattr(Connection, "_send", fail)
    async with GatewayClient(local) as gateway, GatewayClient(local) as other:
        await gateway.identify_and_wait()
        rename(local, "poison")
        assert await gateway.close_code() == 4000, "it notices"
        await other.send(6, {"token": gateway.token, "session_id": gateway.session_id, "seq": gateway.sequence})
        assert await other.receive_op(9) is False, "the frame is not sent again and again"


async def test_a_session_that_an_event_breaks_harms_no_other(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch = Session.dispatch
    broken: list[Session] = []

    def fail(self: Session, name: str, data: Any) -> None:
        if name == "CHANNEL_UPDATE" and (not broken or self is broken[0]):
            broken[:] = [self]
            raise RuntimeError("not built")
        dispatch(self, name, data)

    monkeypatch.setattr(Session, "dispatch", fail)
    async with GatewayClient(local) as gateway, GatewayClient(local) as other:
        await gateway.identify_and_wait()
        await other.identify_and_wait()
        rename(local, "dungeons")
        assert await gateway.close_code() == 4000
        assert (await other.receive_event("CHANNEL_UPDATE"))["name"] == "dungeons"
