"""Rate limits: what is counted, how it is told, and that discord.py obeys. The clock stands nearly still or races."""

import time
from collections.abc import Iterator

import discord
import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.rate_limits import RULES, Limit
from gamesched.local_discord.tests.conftest import Listener
from gamesched.local_discord.tests.rest_client import Bare

HERE, THERE = (f"/channels/{each}/messages" for each in (fixtures.GENERAL_ID, fixtures.RAIDS_ID))


@pytest.fixture
def slow() -> Iterator[LocalDiscord]:
    """Limited, and so slow that no window ends by itself."""
    with LocalDiscord() as running:
        running.client.clock(rate=0.01)
        yield running


def limit(local: LocalDiscord, *names: str, **rules: Limit) -> None:
    local.do(lambda world: world.limits.rules.update({name: RULES[name] for name in names} | rules))


def statuses(local: LocalDiscord, match: str = "") -> list[int]:
    return [each["status"] for each in local.client.requests(match)]


# --- how it is told -----------------------------------------------------------------------------------------


def test_every_route_of_a_bot_tells_its_bucket(slow: LocalDiscord) -> None:
    bare, buckets = Bare(slow), []
    member = f"/guilds/{fixtures.GUILD_ID}/members"
    for path in (
        "/users/@me",
        f"/guilds/{fixtures.GUILD_ID}",
        f"{member}/{fixtures.BOB_ID}",
        f"{member}/search?query=b",
        HERE,
    ):
        headers = bare.call("GET", path).headers
        assert int(headers["X-RateLimit-Remaining"]) == int(headers["X-RateLimit-Limit"]) - 1
        rounded = 0.001  # as Discord tells times, in milliseconds
        assert float(headers["X-RateLimit-Reset"]) - time.time() <= float(headers["X-RateLimit-Reset-After"]) + rounded
        assert headers["Via"]
        buckets.append(headers["X-RateLimit-Bucket"])
    assert len(set(buckets)) == len(buckets)
    other = bare.call("GET", THERE).headers
    assert other["X-RateLimit-Bucket"] == buckets[-1]
    assert int(other["X-RateLimit-Remaining"]) == int(other["X-RateLimit-Limit"]) - 1
    assert "X-RateLimit-Limit" not in bare.call("POST", "/interactions/1/x/callback", {}).headers


def test_a_refusal_says_how_long_to_wait_in_real_seconds(slow: LocalDiscord) -> None:
    bare = Bare(slow)
    for _ in range(5):
        bare.post(fixtures.GENERAL_ID, content="x")
    slow.client.clock(rate=0.5)
    refused = bare.call("POST", HERE, {"content": "x"})
    assert refused.status_code == 429
    told = refused.json()
    assert told == {"message": "You are being rate limited.", "retry_after": told["retry_after"], "global": False}
    assert 9 < told["retry_after"] <= 10
    assert refused.headers["X-RateLimit-Reset-After"] == f"{told['retry_after']:.3f}"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Retry-After"] == "10"
    assert refused.headers["Via"]
    assert bare.call("POST", THERE, {"content": "x"}).ok
    slow.client.clock(advance=5)
    assert bare.call("POST", HERE, {"content": "x"}).ok


def test_the_global_limit_spares_interactions(slow: LocalDiscord) -> None:
    bare = Bare(slow)
    limit(slow, other=Limit(1000, 1.0))
    assert {bare.call("GET", "/users/@me").status_code for _ in range(50)} == {200}
    refused = bare.call("GET", "/users/@me")
    assert refused.status_code == 429
    assert (refused.headers["X-RateLimit-Global"], refused.headers["X-RateLimit-Scope"]) == ("true", "global")
    assert refused.json()["global"] is True
    assert bare.refused("POST", "/interactions/1/x/callback", {"type": 4}) == (404, 10062)
    slow.client.clock(advance=1)
    assert bare.call("GET", "/users/@me").ok


def test_follow_ups_are_counted_per_token(slow: LocalDiscord) -> None:
    anyone = f"{slow.api_url}/webhooks/{slow.client_id}"
    sent = [requests.post(f"{anyone}/one", json={"content": "x"}, timeout=5) for _ in range(6)]
    assert [each.status_code for each in sent] == [404] * 5 + [429]
    assert requests.post(f"{anyone}/two", json={"content": "x"}, timeout=5).status_code == 404


# --- limits within a route ----------------------------------------------------------------------------------


def test_old_messages_are_edited_rarely(slow: LocalDiscord) -> None:
    bare = Bare(slow)
    old = bare.post(fixtures.GENERAL_ID, content="old")["id"]
    slow.client.clock(advance=3601)
    new = bare.post(fixtures.GENERAL_ID, content="new")["id"]
    for _ in range(3):
        bare.ok("PATCH", f"{HERE}/{old}", {"content": "edited"})
    refused = bare.call("PATCH", f"{HERE}/{old}", {"content": "edited"})
    assert refused.status_code == 429
    assert refused.json()["code"] == 30046
    assert refused.json()["retry_after"] > 5
    assert refused.headers["X-RateLimit-Remaining"] == "1"
    assert bare.call("PATCH", f"{HERE}/{new}", {"content": "edited"}).ok
    slow.client.clock(advance=6)
    assert bare.call("PATCH", f"{HERE}/{old}", {"content": "edited"}).ok


def test_opening_direct_messages_is_limited_and_reopening_is_free(slow: LocalDiscord) -> None:
    bare = Bare(slow)
    people = [each["id"] for each in slow.client.add_people(12, fixtures.GUILD_ID)]
    for person in people[:10]:
        bare.ok("POST", "/users/@me/channels", {"recipient_id": person})
    assert bare.refused("POST", "/users/@me/channels", {"recipient_id": people[10]}) == (429, 40003)
    assert bare.call("POST", "/users/@me/channels", {"recipient_id": people[0]}).ok
    slow.do(lambda world: setattr(world.limits, "open_dm_status", 403))
    assert bare.refused("POST", "/users/@me/channels", {"recipient_id": people[10]}) == (403, 40003)
    slow.client.clock(advance=10)
    assert bare.call("POST", "/users/@me/channels", {"recipient_id": people[10]}).ok


# --- invalid requests ---------------------------------------------------------------------------------------


def test_too_many_invalid_requests_ban_the_address(slow: LocalDiscord) -> None:
    bare, wrong = Bare(slow), Bare(slow, "Bot wrong")
    limit(slow, invalid=Limit(3, 600.0))
    slow.client.fault("status", status=429)  # scope "shared" does not count
    assert bare.call("GET", "/users/@me").status_code == 429
    assert bare.refused("GET", f"/guilds/{fixtures.GUILD_ID}/members/1") == (404, 10013)
    assert slow.world.limits.invalid == 0
    assert [wrong.call("GET", "/users/@me").status_code for _ in range(3)] == [401] * 3
    assert slow.world.limits.invalid == 3
    banned = bare.call("GET", "/users/@me")
    assert banned.status_code == 429
    assert banned.headers["Content-Type"].startswith("text/html")
    assert int(banned.headers["Retry-After"]) > 500
    assert "Via" not in banned.headers
    slow.client.say("alice", fixtures.GENERAL_ID, "people are at home elsewhere")
    slow.client.clock(advance=600)
    assert bare.call("GET", "/users/@me").ok
    assert slow.world.limits.invalid == 0


# --- discord.py ---------------------------------------------------------------------------------------------


async def test_fifty_posts_keep_up_with_a_fast_clock(local: LocalDiscord, bot: Listener) -> None:
    limit(local, "post", "global")
    local.client.clock(rate=20)
    channel = bot.get_partial_messageable(fixtures.GENERAL_ID)
    started = time.monotonic()
    for i in range(50):
        await channel.send(f"{i}")
    assert 2 < time.monotonic() - started < 8
    assert statuses(local, "POST /channels") == [200] * 50


async def test_it_waits_when_someone_else_used_the_bucket_up(local: LocalDiscord, bot: Listener) -> None:
    limit(local, "post")
    local.client.clock(rate=20)
    for _ in range(5):
        Bare(local).post(fixtures.GENERAL_ID, content="x")
    await bot.get_partial_messageable(fixtures.GENERAL_ID).send("sixth")
    assert statuses(local, "POST /channels") == [200] * 5 + [429, 200]


async def test_it_waits_for_the_global_limit(local: LocalDiscord, bot: Listener) -> None:
    limit(local, **{"global": Limit(2, 2.0)})
    local.client.clock(rate=20)
    for person in (fixtures.ALICE_ID, fixtures.BOB_ID, fixtures.CHARLIE_ID, fixtures.DANA_ID):
        await bot.fetch_user(person)
    assert [each for each in statuses(local, "GET /users/1") if each != 429] == [200] * 4
    assert 429 in statuses(local, "GET /users/1")


async def test_it_waits_to_edit_old_messages(local: LocalDiscord, bot: Listener) -> None:
    limit(local, "edit", "old_edit")
    old = await bot.get_partial_messageable(fixtures.GENERAL_ID).send("old")
    local.client.clock(rate=20, advance=3601)
    for i in range(4):
        await old.edit(content=f"{i}")
    assert statuses(local, "PATCH") == [200, 200, 200, 429, 200]


async def test_it_waits_to_open_direct_messages(local: LocalDiscord, bot: Listener) -> None:
    limit(local, open_dm=Limit(1, 5.0))
    local.client.clock(rate=20)
    for person in (fixtures.BOB_ID, fixtures.CHARLIE_ID):
        await (await bot.create_dm(discord.Object(person))).send("hello")
    assert statuses(local, "POST /users/@me/channels") == [200, 429, 200]


async def test_it_gives_up_when_banned(local: LocalDiscord, bot: Listener) -> None:
    limit(local, invalid=Limit(1, 600.0))
    Bare(local, "Bot wrong").call("GET", "/users/@me")
    with pytest.raises(discord.HTTPException) as refused:
        await bot.fetch_user(fixtures.BOB_ID)
    assert refused.value.status == 429
    assert statuses(local, "GET /users/1") == [429]
