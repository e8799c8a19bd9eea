"""Rate limits: what is counted, how it is reported, and that discord.py obeys. The clock nearly stops or races."""

import time
from collections.abc import Iterator

import discord
import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.rate_limits import RULES, RateLimit
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE

pytestmark = pytest.mark.slow

HERE, THERE = (f"/channels/{each}/messages" for each in (fixtures.GENERAL_ID, fixtures.RAIDS_ID))


@pytest.fixture
def rate_limited() -> Iterator[LocalDiscord]:
    """With rate limits, and so slow that no window ends by itself."""
    with LocalDiscord() as running:
        running.client.set_clock(rate=0.01)
        yield running


def limit(local: LocalDiscord, *names: str, **rules: RateLimit) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update({name: RULES[name] for name in names} | rules))


def statuses(local: LocalDiscord, match: str = "") -> list[int]:
    return [request["status"] for request in local.client.requests(match)]


# --- how it is reported -------------------------------------------------------------------------------------


def test_every_bot_route_has_bucket_headers(rate_limited: LocalDiscord) -> None:
    rest, buckets = RestClient(rate_limited), []
    member = f"/guilds/{fixtures.GUILD_ID}/members"
    for path in (
        "/users/@me",
        f"/guilds/{fixtures.GUILD_ID}",
        f"{member}/{fixtures.BOB_ID}",
        f"{member}/search?query=b",
        HERE,
    ):
        headers = rest.request("GET", path).headers
        assert int(headers["X-RateLimit-Remaining"]) == int(headers["X-RateLimit-Limit"]) - 1
        rounded = 0.001  # Discord gives times in milliseconds
        assert float(headers["X-RateLimit-Reset"]) - time.time() <= float(headers["X-RateLimit-Reset-After"]) + rounded
        assert headers["Via"]
        buckets.append(headers["X-RateLimit-Bucket"])
    assert len(set(buckets)) == len(buckets)
    other = rest.request("GET", THERE).headers
    assert other["X-RateLimit-Bucket"] == buckets[-1]
    assert int(other["X-RateLimit-Remaining"]) == int(other["X-RateLimit-Limit"]) - 1
    assert "X-RateLimit-Limit" not in rest.request("POST", "/interactions/1/x/callback", {}).headers


def test_a_429_has_retry_after_in_real_seconds(rate_limited: LocalDiscord) -> None:
    rest = RestClient(rate_limited)
    for _ in range(5):
        rest.post_message(fixtures.GENERAL_ID, content="x")
    rate_limited.client.set_clock(rate=0.5)
    refused = rest.request("POST", HERE, {"content": "x"})
    assert refused.status_code == 429
    body = refused.json()
    assert body == {"message": "You are being rate limited.", "retry_after": body["retry_after"], "global": False}
    assert 9 < body["retry_after"] <= 10
    assert refused.headers["X-RateLimit-Reset-After"] == f"{body['retry_after']:.3f}"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Retry-After"] == "10"
    assert refused.headers["Via"]
    assert rest.request("POST", THERE, {"content": "x"}).ok
    rate_limited.client.set_clock(advance=5)
    assert rest.request("POST", HERE, {"content": "x"}).ok


def test_the_global_limit_spares_interactions(rate_limited: LocalDiscord) -> None:
    rest = RestClient(rate_limited)
    limit(rate_limited, other=RateLimit(1000, 1.0))
    assert {rest.request("GET", "/users/@me").status_code for _ in range(50)} == {200}
    refused = rest.request("GET", "/users/@me")
    assert refused.status_code == 429
    assert (refused.headers["X-RateLimit-Global"], refused.headers["X-RateLimit-Scope"]) == ("true", "global")
    assert refused.json()["global"] is True
    assert rest.request_error("POST", "/interactions/1/x/callback", {"type": 4}) == (404, 10062)
    rate_limited.client.set_clock(advance=1)
    assert rest.request("GET", "/users/@me").ok


def test_follow_ups_are_counted_per_token(rate_limited: LocalDiscord) -> None:
    anyone = f"{rate_limited.api_url}/webhooks/{rate_limited.client_id}"
    sent = [requests.post(f"{anyone}/one", json={"content": "x"}, timeout=PATIENCE) for _ in range(6)]
    assert [response.status_code for response in sent] == [404] * 5 + [429]
    assert requests.post(f"{anyone}/two", json={"content": "x"}, timeout=PATIENCE).status_code == 404


# --- limits within a route ----------------------------------------------------------------------------------


def test_old_messages_are_edited_rarely(rate_limited: LocalDiscord) -> None:
    rest = RestClient(rate_limited)
    old = rest.post_message(fixtures.GENERAL_ID, content="old")["id"]
    rate_limited.client.set_clock(advance=3601)
    new = rest.post_message(fixtures.GENERAL_ID, content="new")["id"]
    for _ in range(3):
        rest.request_json("PATCH", f"{HERE}/{old}", {"content": "edited"})
    refused = rest.request("PATCH", f"{HERE}/{old}", {"content": "edited"})
    assert refused.status_code == 429
    assert refused.json()["code"] == 30046
    assert refused.json()["retry_after"] > 5
    assert refused.headers["X-RateLimit-Remaining"] == "1"
    assert rest.request("PATCH", f"{HERE}/{new}", {"content": "edited"}).ok
    rate_limited.client.set_clock(advance=6)
    assert rest.request("PATCH", f"{HERE}/{old}", {"content": "edited"}).ok


def test_opening_direct_messages_is_limited_and_reopening_is_free(rate_limited: LocalDiscord) -> None:
    rest = RestClient(rate_limited)
    people = [added["id"] for added in rate_limited.client.add_people(12, fixtures.GUILD_ID)]
    for person in people[:10]:
        rest.request_json("POST", "/users/@me/channels", {"recipient_id": person})
    assert rest.request_error("POST", "/users/@me/channels", {"recipient_id": people[10]}) == (429, 40003)
    assert rest.request("POST", "/users/@me/channels", {"recipient_id": people[0]}).ok
    rate_limited.run_in_loop(lambda state: setattr(state.rate_limits, "open_dm_status", 403))
    assert rest.request_error("POST", "/users/@me/channels", {"recipient_id": people[10]}) == (403, 40003)
    rate_limited.client.set_clock(advance=10)
    assert rest.request("POST", "/users/@me/channels", {"recipient_id": people[10]}).ok


# --- invalid requests ---------------------------------------------------------------------------------------


def test_too_many_invalid_requests_ban_the_address(rate_limited: LocalDiscord) -> None:
    rest, wrong = RestClient(rate_limited), RestClient(rate_limited, "Bot wrong")
    limit(rate_limited, invalid=RateLimit(3, 600.0))
    rate_limited.client.add_fault("status", status=429)  # scope "shared" does not count
    assert rest.request("GET", "/users/@me").status_code == 429
    assert rest.request_error("GET", f"/guilds/{fixtures.GUILD_ID}/members/1") == (404, 10013)
    assert rate_limited.state.rate_limits.invalid_request_count == 0
    assert [wrong.request("GET", "/users/@me").status_code for _ in range(3)] == [401] * 3
    assert rate_limited.state.rate_limits.invalid_request_count == 3
    banned = rest.request("GET", "/users/@me")
    assert banned.status_code == 429
    assert banned.headers["Content-Type"].startswith("text/html")
    assert int(banned.headers["Retry-After"]) > 500
    assert "Via" not in banned.headers
    rate_limited.client.send_message("alice", fixtures.GENERAL_ID, "people are at home elsewhere")
    rate_limited.client.set_clock(advance=600)
    assert rest.request("GET", "/users/@me").ok
    assert rate_limited.state.rate_limits.invalid_request_count == 0


# --- discord.py ---------------------------------------------------------------------------------------------


async def test_fifty_posts_keep_up_with_a_fast_clock(local: LocalDiscord, bot: RecordingClient) -> None:
    limit(local, "post", "global")
    local.client.set_clock(rate=20)
    channel = bot.get_partial_messageable(fixtures.GENERAL_ID)
    started = time.monotonic()
    for i in range(50):
        await channel.send(f"{i}")
    assert 2 < time.monotonic() - started < 40, "by the real clock it would take 50 seconds"
    assert statuses(local, "POST /channels") == [200] * 50


async def test_it_waits_when_someone_else_used_the_bucket_up(local: LocalDiscord, bot: RecordingClient) -> None:
    limit(local, "post")
    local.client.set_clock(rate=20)
    for _ in range(5):
        RestClient(local).post_message(fixtures.GENERAL_ID, content="x")
    await bot.get_partial_messageable(fixtures.GENERAL_ID).send("sixth")
    assert statuses(local, "POST /channels") == [200] * 5 + [429, 200]


async def test_it_waits_for_the_global_limit(local: LocalDiscord, bot: RecordingClient) -> None:
    limit(local, **{"global": RateLimit(2, 2.0)})
    local.client.set_clock(rate=20)
    for person in (fixtures.ALICE_ID, fixtures.BOB_ID, fixtures.CHARLIE_ID, fixtures.DANA_ID):
        await bot.fetch_user(person)
    assert [status for status in statuses(local, "GET /users/1") if status != 429] == [200] * 4
    assert 429 in statuses(local, "GET /users/1")


async def test_it_waits_to_edit_old_messages(local: LocalDiscord, bot: RecordingClient) -> None:
    limit(local, "edit", "old_edit")
    old = await bot.get_partial_messageable(fixtures.GENERAL_ID).send("old")
    local.client.set_clock(rate=20, advance=3601)
    for i in range(4):
        await old.edit(content=f"{i}")
    assert statuses(local, "PATCH") == [200, 200, 200, 429, 200]


async def test_it_waits_to_open_direct_messages(local: LocalDiscord, bot: RecordingClient) -> None:
    limit(local, open_dm=RateLimit(1, 5.0))
    local.client.set_clock(rate=20)
    for person in (fixtures.BOB_ID, fixtures.CHARLIE_ID):
        await (await bot.create_dm(discord.Object(person))).send("hello")
    assert statuses(local, "POST /users/@me/channels") == [200, 429, 200]


async def test_it_gives_up_when_banned(local: LocalDiscord, bot: RecordingClient) -> None:
    limit(local, invalid=RateLimit(1, 600.0))
    RestClient(local, "Bot wrong").request("GET", "/users/@me")
    with pytest.raises(discord.HTTPException) as refused:
        await bot.fetch_user(fixtures.BOB_ID)
    assert refused.value.status == 429
    assert statuses(local, "GET /users/1") == [429]
