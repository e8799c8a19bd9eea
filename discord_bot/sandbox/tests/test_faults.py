"""Faults on demand, and what is told afterwards."""

import time

import pytest
import requests

from discord_bot.sandbox import cast
from discord_bot.sandbox.testing import LocalDiscord
from discord_bot.sandbox.tests.bare import Bare

HERE = f"/channels/{cast.GENERAL_ID}/messages"


def count(local: LocalDiscord) -> int:
    return len(local.client.messages("alice", cast.GENERAL_ID))


def test_a_status_so_many_times(local: LocalDiscord) -> None:
    bare = Bare(local)
    local.client.fault("status", "POST /channels/*/messages", status=503, times=2)
    assert bare.call("GET", "/users/@me").ok
    local.client.say("alice", cast.GENERAL_ID, "people are not hit")
    statuses = [bare.call("POST", HERE, {"content": "x"}).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert [each["status"] for each in local.client.requests("POST /channels/")] == [503, 503, 200]


def test_a_rate_limit(local: LocalDiscord) -> None:
    local.client.fault("status", status=429, retry_after=2.5)
    answer = Bare(local).call("POST", HERE, {"content": "x"})
    assert (answer.status_code, answer.json()["retry_after"]) == (429, 2.5)


def test_done_but_the_answer_lost(local: LocalDiscord) -> None:
    local.client.fault("lost", "POST /channels/*/messages")
    with pytest.raises(requests.ConnectionError):
        Bare(local).call("POST", HERE, {"content": "x"})
    assert count(local) == 1


def test_hanging_and_not_done(local: LocalDiscord) -> None:
    local.client.fault("timeout", seconds=0.3)
    with pytest.raises(requests.ConnectionError):
        Bare(local).call("POST", HERE, {"content": "x"})
    assert count(local) == 0


def test_late_but_done(local: LocalDiscord) -> None:
    local.client.fault("delay", seconds=0.3)
    started = time.monotonic()
    Bare(local).post(cast.GENERAL_ID, content="x")
    assert time.monotonic() - started > 0.3


def test_cleared_faults_do_not_happen(local: LocalDiscord) -> None:
    local.client.fault("status", times=100)
    local.client.clear_faults()
    Bare(local).post(cast.GENERAL_ID, content="x")


def test_a_message_deleted_behind_the_bots_back(local: LocalDiscord) -> None:
    made = Bare(local).post(cast.GENERAL_ID, content="x")
    local.client.fault("delete_message", channel_id=made["channel_id"], message_id=made["id"])
    assert Bare(local).refused("PATCH", f"{HERE}/{made['id']}", {"content": "y"}) == (404, 10008)


@pytest.mark.parametrize(
    "details", [{"kind": "nonsense"}, {"kind": "rename", "guild_id": 1}, {"kind": "status", "x": 1}]
)
def test_a_wrong_fault_is_explained(local: LocalDiscord, details: dict[str, object]) -> None:
    answer = requests.post(f"{local.origin}/sandbox/faults", json=details, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"]
