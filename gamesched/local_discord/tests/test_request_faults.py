"""Faults on demand, and what is reported afterwards."""

import time

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE, eventually

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"


def count(local: LocalDiscord) -> int:
    return len(local.client.messages("alice", fixtures.GENERAL_ID))


def test_status_is_returned_a_number_of_times(local: LocalDiscord) -> None:
    rest = RestClient(local)
    local.client.add_fault("status", "POST /channels/*/messages", status=503, times=2)
    assert rest.request("GET", "/users/@me").ok
    local.client.send_message("alice", fixtures.GENERAL_ID, "people are not hit")
    statuses = [rest.request("POST", HERE, {"content": "x"}).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert [request["status"] for request in local.client.requests("POST /channels/")] == [503, 503, 200]


def test_a_rate_limit(local: LocalDiscord) -> None:
    local.client.add_fault("status", status=429, retry_after=2.5)
    response = RestClient(local).request("POST", HERE, {"content": "x"})
    assert (response.status_code, response.json()["retry_after"]) == (429, 2.5)


def test_lost_response(local: LocalDiscord) -> None:
    local.client.add_fault("lost", "POST /channels/*/messages")
    with pytest.raises(requests.ConnectionError):
        RestClient(local).request("POST", HERE, {"content": "x"})
    assert count(local) == 1


def test_timeout(local: LocalDiscord) -> None:
    local.client.add_fault("timeout", seconds=0.3)
    with pytest.raises(requests.ConnectionError):
        RestClient(local).request("POST", HERE, {"content": "x"})
    assert count(local) == 0


def test_delay(local: LocalDiscord) -> None:
    local.client.add_fault("delay", seconds=0.3)
    started = time.monotonic()
    RestClient(local).post_message(fixtures.GENERAL_ID, content="x")
    assert time.monotonic() - started > 0.3


def test_a_request_is_done_before_its_late_answer(local: LocalDiscord) -> None:
    """So that a program can be killed after the change, and before it records it."""
    local.client.add_fault("delay", seconds=PATIENCE, done_first=True)
    url, headers = local.api_url + HERE, RestClient(local).headers
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"content": "x"}, headers=headers, timeout=0.5)
    eventually(lambda: count(local) == 1)


def test_cleared_faults_do_not_happen(local: LocalDiscord) -> None:
    local.client.add_fault("status", times=100)
    local.client.clear_faults()
    RestClient(local).post_message(fixtures.GENERAL_ID, content="x")


def test_probability(local: LocalDiscord) -> None:
    def hit(seed: int) -> list[bool]:
        local.client.clear_faults()
        local.client.add_fault("status", times=0, probability=0.3, seed=seed)
        return [not RestClient(local).request("GET", "/users/@me").ok for _ in range(40)]

    first = hit(1)
    assert 4 < sum(first) < 20
    assert hit(1) == first
    assert hit(2) != first


def test_a_rate_limit_stays_closed_for_its_time(local: LocalDiscord) -> None:
    local.client.add_fault("rate_limit", "POST /channels/*/messages", retry_after=0.5)
    rest = RestClient(local)
    assert rest.request("GET", "/users/@me").ok
    assert [fault["seconds_left"] for fault in local.client.faults()] == [None]
    answers = [rest.request("POST", HERE, {"content": "x"}) for _ in range(3)]
    assert {response.status_code for response in answers} == {429}
    waits = [response.json()["retry_after"] for response in answers]
    assert 0.5 == waits[0] > waits[1] > waits[2]
    assert answers[0].headers["X-RateLimit-Scope"] == "user"
    assert answers[0].headers["X-RateLimit-Remaining"] == "0"
    assert answers[0].headers["Retry-After"] == "1"
    assert not answers[0].json()["global"]
    time.sleep(waits[2])
    rest.post_message(fixtures.GENERAL_ID, content="x")
    assert local.client.faults() == []


def test_a_global_rate_limit_spares_interactions(local: LocalDiscord) -> None:
    local.client.add_fault("rate_limit", scope="global", retry_after=5)
    rest = RestClient(local)
    response = rest.request("GET", "/users/@me")
    assert (response.status_code, response.json()["global"], response.headers["X-RateLimit-Global"]) == (
        429,
        True,
        "true",
    )
    assert rest.request_error("POST", "/interactions/1/x/callback", {"type": 4}) == (404, 10062)
    local.client.clear_faults()
    local.client.add_fault("rate_limit", scope="shared", retry_after=5)
    response = rest.request("GET", "/users/@me")
    assert response.headers["X-RateLimit-Scope"] == "shared"
    assert response.json()["message"] == "The resource is being rate limited."


def test_the_kinds_tell_what_they_do_and_what_they_need(local: LocalDiscord) -> None:
    kinds = requests.get(f"{local.origin}/sandbox/faults/kinds", timeout=PATIENCE).json()
    choices = requests.get(f"{local.origin}/sandbox/faults/choices", timeout=PATIENCE).json()
    assert len(kinds) == len({kind["name"] for kind in kinds}) == 33
    for kind in kinds:
        assert kind["does"].endswith(".")
        assert "\n" not in kind["does"]
    (roles,) = (kind for kind in kinds if kind["name"] == "change_roles")
    assert [(key["name"], key["shape"], key["required"]) for key in roles["keys"]] == [
        ("user_id", "person", True),
        ("role_ids", "roles", True),
        ("guild_id", "guild", False),
    ]
    assert {"value": str(fixtures.ERIN_ID), "label": "Erin"} in choices["person"]
    assert {"value": str(fixtures.RAIDS_ID), "label": "#raids"} in choices["channel"]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"kind": "nonsense"}, "no kind 'nonsense'. Kinds are delete_message, "),
        ({"kind": "rename", "guild_id": fixtures.GUILD_ID}, "rename needs name: new name."),
        ({"kind": "rename", "guild_id": 1, "name": "x"}, "guild_id: there is no server with the id 1."),
        ({"kind": "status", "x": 1}, "status knows no x. It may be told match, "),
        ({"kind": "status", "status": 99}, "status must be a whole number from 200 to 599, not 99."),
        ({"kind": "status", "times": 1.5}, "times must be a whole number"),
        ({"kind": "status", "match": 1}, "match must be a pattern"),
        ({"kind": "status", "probability": 2}, "probability must be a number from 0 to 1, not 2."),
        ({"kind": "rate_limit", "scope": "mine"}, "scope must be one of user, shared, global, not 'mine'."),
        ({"kind": "permissions", "channel_id": fixtures.RAIDS_ID, "take": "X"}, "take must be a list."),
        ({"kind": "permissions", "channel_id": fixtures.RAIDS_ID, "take": ["X"]}, "take: there is no permission X."),
        ({"kind": "delete_message", "channel_id": "here"}, "channel_id must be an id, not 'here'."),
        ({"kind": "freeze", "seconds": -1}, "seconds must be a number from 0 to 3600, not -1."),
        ({"kind": "close_dms", "user_id": fixtures.BOB_ID, "open": "no"}, "open must be true or false, not 'no'."),
    ],
)
def test_a_wrong_fault_is_explained(local: LocalDiscord, details: dict[str, object], reason: str) -> None:
    response = requests.post(f"{local.origin}/sandbox/faults", json=details, timeout=PATIENCE)
    assert response.status_code == 400
    assert reason in response.json()["message"]
    assert local.client.faults() == []
