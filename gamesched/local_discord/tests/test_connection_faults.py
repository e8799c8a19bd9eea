"""Faults of the connection: frozen, unreachable, dropped, invalid."""

import asyncio
import time

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_discord_py import wait_until
from gamesched.testing.waiting import PATIENCE

pytestmark = pytest.mark.slow

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"


def test_frozen_requests_hang_and_go_on(local: LocalDiscord) -> None:
    local.client.add_fault("freeze", seconds=0.4)
    local.client.send_message("alice", fixtures.GENERAL_ID, "people are not hit")
    assert [fault["kind"] for fault in local.client.faults()] == ["freeze"]
    started = time.monotonic()
    RestClient(local).post_message(fixtures.GENERAL_ID, content="x")
    assert time.monotonic() - started > 0.3
    assert local.client.faults() == []


def test_clearing_ends_a_freeze(local: LocalDiscord) -> None:
    local.client.add_fault("freeze", seconds=3600)
    local.client.clear_faults()
    RestClient(local).post_message(fixtures.GENERAL_ID, content="x")


def test_a_request_abandoned_while_frozen_is_not_done(local: LocalDiscord) -> None:
    local.client.add_fault("freeze", seconds=3600)
    url, headers = local.api_url + HERE, RestClient(local).headers
    with pytest.raises(requests.Timeout):
        requests.post(url, json={"content": "x"}, headers=headers, timeout=0.1)
    local.client.clear_faults()
    assert local.client.messages("alice", fixtures.GENERAL_ID) == []


async def test_a_frozen_gateway_delivers_events_later(local: LocalDiscord, bot: RecordingClient) -> None:
    local.client.add_fault("freeze", seconds=3600)
    local.client.add_fault("rename", channel_id=fixtures.RAIDS_ID, name="dungeons")
    await asyncio.sleep(0.3)
    assert bot.events == []
    assert bot.ws is not None
    beats = bot.ws._keep_alive
    assert beats is not None
    before = beats._last_ack
    await bot.ws.send_heartbeat(beats.get_payload())
    await asyncio.sleep(0.3)
    assert beats._last_ack == before
    local.client.clear_faults()
    await wait_until(lambda: ("channel", "dungeons") in bot.events)
    await wait_until(lambda: beats._last_ack > before)


async def test_it_comes_back_from_unreachable(local: LocalDiscord, bot: RecordingClient) -> None:
    await asyncio.to_thread(local.client.add_fault, "unreachable", seconds=1.5)
    with pytest.raises(requests.ConnectionError):
        await asyncio.to_thread(RestClient(local).request, "GET", "/users/@me")
    await wait_until(lambda: not local.client.bot_connected())
    local.client.add_fault("rename", channel_id=fixtures.RAIDS_ID, name="dungeons")
    assert local.client.messages("alice", fixtures.GENERAL_ID) == []
    await asyncio.wait_for(bot.resumed.wait(), PATIENCE)
    await wait_until(lambda: ("channel", "dungeons") in bot.events)


def test_hanging_requests_are_aborted_when_unreachable(local: LocalDiscord) -> None:
    local.client.add_fault("freeze", seconds=3600)
    local.client.add_fault("unreachable", seconds=3600)
    with pytest.raises(requests.ConnectionError):
        RestClient(local).request("GET", "/users/@me")
    assert [fault["kind"] for fault in local.client.faults()] == ["unreachable"]
    local.client.clear_faults()
    assert RestClient(local).request("GET", "/users/@me").ok


async def test_an_invalid_session_that_can_be_resumed(local: LocalDiscord, bot: RecordingClient) -> None:
    local.client.add_fault("invalid_session", resumable=True)
    await asyncio.wait_for(bot.resumed.wait(), PATIENCE)


async def test_an_invalid_session(local: LocalDiscord, bot: RecordingClient) -> None:
    before = bot.ws.session_id
    local.client.add_fault("invalid_session")
    await wait_until(lambda: bot.ws.session_id not in (None, before))
    assert not bot.resumed.is_set()


def test_the_server_ends_while_frozen() -> None:
    local = LocalDiscord().start()
    local.client.add_fault("freeze", seconds=3600)
    started = time.monotonic()
    local.stop()
    assert time.monotonic() - started < 60
