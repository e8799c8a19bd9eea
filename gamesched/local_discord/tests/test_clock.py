"""The clock under control: faster, ahead, and timers."""

import asyncio
import time

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.clock import Clock
from gamesched.local_discord.state.entities import Json, snowflake_time
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE, eventually


def test_it_shows_real_time_at_first() -> None:
    assert abs(Clock()() - time.time()) < 0.1


def test_another_rate_does_not_jump() -> None:
    clock = Clock()
    before = clock()
    clock.rate = 1_000_000.0
    clock.rate = 0.001
    stopped = clock()
    assert stopped >= before
    assert clock() - stopped < 1
    assert clock.real_seconds(1.0) == 1000.0


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError):
        Clock().rate = rate


async def test_timers_follow_the_clock() -> None:
    clock = Clock()
    rung: list[str] = []
    clock.call_later(3600.0, rung.append, "hour")
    clock.call_later(7200.0, rung.append, "two hours")
    clock.call_later(10.0, rung.append, "never").cancel()
    clock.advance(3599.0)
    await asyncio.sleep(0.01)
    assert rung == []
    await asyncio.to_thread(clock.advance, 1.0)
    await asyncio.sleep(0.01)
    assert rung == ["hour"]
    clock.rate = 100_000.0
    await asyncio.wait_for(clock.sleep(10_000.0), 1)
    assert rung == ["hour", "two hours"]


def test_the_clock_is_set_from_outside(local: LocalDiscord) -> None:
    shown = local.client.set_clock(rate=20, advance=3600)
    assert shown["rate"] == 20
    assert shown["now"] > time.time() + 3599
    assert requests.get(f"{local.origin}/sandbox/clock", timeout=PATIENCE).json()["now"] >= shown["now"]
    message = local.client.send_message("alice", fixtures.GENERAL_ID, "later")
    assert snowflake_time(int(message["id"])) > time.time() + 3599
    for wrong in ({"advance": -1}, {"rate": 0}, {"rate": "fast"}):
        assert requests.post(f"{local.origin}/sandbox/clock", json=wrong, timeout=PATIENCE).status_code == 400


def test_an_answer_after_three_seconds_is_unknown_and_a_second_one_refused(local: LocalDiscord) -> None:
    rest = RestClient(local)
    shown = rest.post_message(fixtures.GENERAL_ID, components=[{"type": 1, "components": [button("a"), button("b")]}])
    answers: list[tuple[int, int]] = []
    events: list[Json] = []
    local.run_in_loop(lambda state: state.subscribe(lambda event: events.append({"name": event.name} | event.data)))

    def answer() -> None:
        event = [candidate for candidate in events if candidate["name"] == "INTERACTION_CREATE"][-1]
        callback = f"/interactions/{event['id']}/{event['token']}/callback"
        answered = rest.request("POST", callback, {"type": 4, "data": {"content": "hello"}})
        answers.append((answered.status_code, 0 if answered.ok else answered.json()["code"]))

    local.client.click("bob", shown, "a", wait=0)
    local.client.set_clock(advance=2.5)
    answer()
    answer()
    local.client.click("bob", shown, "b", wait=0)
    local.client.set_clock(advance=3.1)
    answer()
    assert answers == [(204, 0), (400, 40060), (404, 10062)]
    eventually(lambda: events[-1]["name"] == "INTERACTION_FAILURE")  # which comes by itself, perhaps after the answer


def button(custom_id: str) -> Json:
    return {"type": 2, "style": 1, "label": custom_id, "custom_id": custom_id}


def test_a_nonce_is_remembered_for_minutes(local: LocalDiscord) -> None:
    rest = RestClient(local)
    first = rest.post_message(fixtures.GENERAL_ID, content="Once.", nonce="n", enforce_nonce=True)["id"]
    assert rest.post_message(fixtures.GENERAL_ID, content="Once.", nonce="n", enforce_nonce=True)["id"] == first
    local.client.set_clock(advance=600)
    assert rest.post_message(fixtures.GENERAL_ID, content="Once.", nonce="n", enforce_nonce=True)["id"] != first
