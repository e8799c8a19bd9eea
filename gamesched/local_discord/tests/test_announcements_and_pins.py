"""Messages that are published to followers, and the notices that pinning leaves."""

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.api.routes import pins
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import ANNOUNCEMENT
from gamesched.local_discord.state.rate_limits import RULES
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient
from gamesched.local_discord.tests.test_rights import give

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"


@pytest.fixture
def news(local: LocalDiscord) -> int:
    guild = local.state.guilds[fixtures.GUILD_ID]
    return local.run_in_loop(lambda state: state.add_channel(guild, "news", ANNOUNCEMENT)).id


def test_an_announcement_is_published_once(local: LocalDiscord, news: int) -> None:
    bot = InteractionBot(local)
    path = f"/channels/{news}/messages/{bot.rest.post_message(news, content='Strahd')['id']}/crosspost"
    assert bot.rest.request_json("POST", path)["flags"] == 1
    assert bot.last_event("MESSAGE_UPDATE")["flags"] == 1
    assert bot.rest.request_error("POST", path) == (400, 40033)
    hers = local.client.send_message("alice", news, "Mine")
    assert bot.rest.request_error("POST", f"/channels/{news}/messages/{hers['id']}/crosspost") == (403, 50013)
    assert bot.rest.request_error("POST", f"/channels/{news}/messages/5/crosspost") == (404, 10008)
    elsewhere = bot.rest.post_message(fixtures.GENERAL_ID, content="x")["id"]
    assert bot.rest.request_error("POST", f"{HERE}/{elsewhere}/crosspost") == (400, 50024)


def test_ten_an_hour_are_published_and_three_edited(local: LocalDiscord, news: int) -> None:
    names = ("crosspost", "crosspost_edit")
    local.run_in_loop(lambda state: state.rate_limits.rules.update({name: RULES[name] for name in names}))
    rest = RestClient(local)
    paths = [f"/channels/{news}/messages/{rest.post_message(news, content=str(i))['id']}" for i in range(11)]
    statuses = [rest.request("POST", f"{path}/crosspost").status_code for path in paths]
    assert statuses == [200] * 10 + [429]
    assert [rest.request("PATCH", paths[0], {"content": str(i)}).status_code for i in range(3)] == [200] * 3
    response = rest.request("PATCH", paths[1], {"content": "x"})
    assert (response.status_code, response.json()["code"]) == (429, 20028)
    assert response.headers["X-RateLimit-Scope"] == "shared"
    rest.request_json("PATCH", paths[10], {"content": "not published"})
    local.client.set_clock(advance=3601)
    rest.request_json("POST", f"{paths[10]}/crosspost")


def test_pinning_leaves_a_notice(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    give(local, int(local.client_id), "PIN_MESSAGES")
    message = bot.rest.post_message(fixtures.GENERAL_ID, content="Rules")
    for _ in range(2):  # the second time it is pinned already
        bot.rest.request_json("PUT", f"{HERE}/pins/{message['id']}")
    notice, pinned = bot.rest.request_json("GET", HERE)
    assert (notice["type"], notice["message_reference"]["message_id"]) == (6, message["id"])
    assert notice["author"]["id"] == local.client_id
    assert "referenced_message" not in notice
    assert pinned["pinned"] is True
    assert bot.last_event("CHANNEL_PINS_UPDATE")["last_pin_timestamp"] is not None
    bot.rest.request_json("DELETE", f"{HERE}/pins/{message['id']}")
    assert bot.rest.request_json("GET", f"{HERE}/pins")["items"] == []
    assert bot.last_event("CHANNEL_PINS_UPDATE")["last_pin_timestamp"] is None


def test_no_more_pins_than_the_channel_takes(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pinned already takes no room."""
    monkeypatch.setattr(pins, "MAX_PINS", 1)
    rest = RestClient(local)
    give(local, int(local.client_id), "PIN_MESSAGES")
    first, second = (rest.post_message(fixtures.GENERAL_ID, content=each)["id"] for each in "ab")
    rest.request_json("PUT", f"{HERE}/pins/{first}")
    rest.request_json("PUT", f"{HERE}/pins/{first}")
    assert rest.request_error("PUT", f"{HERE}/pins/{second}") == (400, 30003)


def test_people_unpin_behind_the_bots_back(local: LocalDiscord) -> None:
    rest, alice = RestClient(local), RestClient(local, "local-alice")
    message = rest.post_message(fixtures.GENERAL_ID, content="Rules")
    alice.request_json("PUT", f"{HERE}/pins/{message['id']}")
    local.client.add_fault("unpin_messages", channel_id=fixtures.GENERAL_ID)
    assert rest.request_json("GET", f"{HERE}/{message['id']}")["pinned"] is False
