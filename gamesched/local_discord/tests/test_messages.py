"""What a message may contain, who may write where, and who is pinged."""

from typing import Any

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.tests.rest_client import RestClient

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"


def button(**changes: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Join", "custom_id": "join"} | changes


def row(*buttons: Json) -> Json:
    return {"type": 1, "components": list(buttons)}


def embed(**parts: Any) -> Json:
    return {"embeds": [parts]}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"content": ["x"]}, "content"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds"),
        ({"embeds": "x"}, "embeds"),
        (embed(title="x" * 257), "embeds.0.title"),
        (embed(description="x" * 4097), "embeds.0.description"),
        (embed(footer={"text": "x" * 2049}), "embeds.0.footer.text"),
        (embed(author={"name": "x" * 257}), "embeds.0.author.name"),
        (embed(author="x"), "embeds.0.author"),
        (embed(fields=[{"name": "x", "value": "x"}] * 26), "embeds.0.fields"),
        (embed(fields=[{"name": "x" * 257, "value": "x"}]), "embeds.0.fields.0.name"),
        (embed(fields=[{"name": "x", "value": ""}]), "embeds.0.fields.0.value"),
        (embed(fields=[{"name": "x", "value": "x" * 1025}]), "embeds.0.fields.0.value"),
        (embed(title="x", color=0x1000000), "embeds.0.color"),
        (embed(title="x", timestamp="soon"), "embeds.0.timestamp"),
        (embed(title="x", url="javascript:1"), "embeds.0.url"),
        ({"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]}, "embeds"),
        ({"components": [row(button())] * 6}, "components"),
        ({"components": [row(*(button(custom_id=str(i)) for i in range(6)))]}, "components.0.components"),
        ({"components": [row()]}, "components.0.components"),
        ({"components": [button()]}, "components.0.type"),
        ({"components": [row(button(custom_id="x" * 101))]}, "components.0.components.0.custom_id"),
        ({"components": [row(button(custom_id=""))]}, "components.0.components.0.custom_id"),
        ({"components": [row({"type": 2, "style": 1, "label": "x"})]}, "components.0.components.0.custom_id"),
        ({"components": [row(button()), row(button())]}, "components.1.components.0.custom_id"),
        ({"components": [row(button(label="x" * 81))]}, "components.0.components.0.label"),
        ({"components": [row({"type": 2, "style": 5, "label": "x"})]}, "components.0.components.0.url"),
        ({"components": [row({"type": 3, "custom_id": "x"})]}, "components.0.components.0.options"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "allowed_mentions"),
    ],
)
def test_it_refuses_what_breaks_a_limit(local: LocalDiscord, body: Json, where: str) -> None:
    response = RestClient(local).request("POST", HERE, body)
    assert response.status_code == 400
    error = response.json()
    assert error["code"] == 50035
    place = error["errors"]
    for step in where.split("."):
        place = place[step]
    assert place["_errors"][0]["message"]


def test_it_takes_what_is_just_within_the_limits(local: LocalDiscord) -> None:
    fields = [{"name": "n" * 20, "value": "v" * 20}] * 25
    embeds = [{"title": "t" * 256, "description": "d" * 4096, "fields": fields}, {"footer": {"text": "f" * 648}}]
    rows = [row(*(button(custom_id=f"{i}{j}" + "x" * 98, label="l" * 80) for j in range(5))) for i in range(5)]
    message = RestClient(local).post_message(
        fixtures.GENERAL_ID, content="c" * 2000, embeds=embeds, components=rows, nonce="n" * 25
    )
    assert len(message["components"]) == 5
    assert message["embeds"][0]["type"] == "rich"


@pytest.mark.parametrize("body", [{}, {"content": " \n"}, {"embeds": []}, {"content": "", "components": []}])
def test_it_refuses_an_empty_message(local: LocalDiscord, body: Json) -> None:
    assert RestClient(local).request_error("POST", HERE, body) == (400, 50006)


def test_things_that_are_not_there(local: LocalDiscord) -> None:
    rest = RestClient(local)
    assert rest.request_error("GET", "/channels/1") == (404, 10003)
    assert rest.request_error("GET", "/channels/abc") == (400, 50035)
    assert rest.request_error("GET", "/guilds/1") == (404, 10004)
    assert rest.request_error("GET", f"/guilds/{fixtures.GUILD_ID}/members/{fixtures.ERIN_ID}") == (404, 10007)
    assert rest.request_error("GET", f"/guilds/{fixtures.GUILD_ID}/members/1") == (404, 10013)
    assert rest.request_error("GET", HERE + "/1") == (404, 10008)
    assert rest.request_error("PATCH", HERE + "/1", {"content": "x"}) == (404, 10008)
    assert rest.request_error("GET", "/nonsense") == (404, 0)
    assert rest.request_error("POST", "/users/@me/channels", {"recipient_id": 1}) == (400, 50033)
    assert RestClient(local, "Bot nonsense").request_error("GET", "/users/@me") == (401, 0)
    assert RestClient(local, local.bot_token).request_error("GET", "/users/@me") == (401, 0)


def test_only_ones_own_can_be_edited_and_deleted(local: LocalDiscord) -> None:
    rest = RestClient(local)
    message = local.client.send_message("charlie", fixtures.GENERAL_ID, "mine")
    assert rest.request_error("PATCH", f"{HERE}/{message['id']}", {"content": "x"}) == (403, 50005)
    assert rest.request_error("DELETE", f"{HERE}/{message['id']}") == (403, 50013)
    local.client.as_person("bob", "DELETE", f"{HERE}/{message['id']}")  # an organiser manages messages
    own = rest.post_message(fixtures.GENERAL_ID, content="x", embeds=[{"title": "t"}])
    changed = rest.request_json("PATCH", f"{HERE}/{own['id']}", {"content": "y"})
    assert (changed["content"], changed["embeds"][0]["title"]) == ("y", "t")
    assert rest.request_json("PATCH", f"{HERE}/{own['id']}", {"content": None})["content"] == ""
    assert rest.request_error("PATCH", f"{HERE}/{own['id']}", {"embeds": []}) == (400, 50006)
    rest.request_json("DELETE", f"{HERE}/{own['id']}")
    assert rest.request_error("DELETE", f"{HERE}/{own['id']}") == (404, 10008)


def test_permissions_of_the_bot(local: LocalDiscord) -> None:
    rest = RestClient(local)
    local.client.add_fault("permissions", channel_id=fixtures.GENERAL_ID, take=["SEND_MESSAGES"])
    assert rest.request_error("POST", HERE, {"content": "x"}) == (403, 50013)
    local.client.add_fault("permissions", channel_id=fixtures.GENERAL_ID, take=["VIEW_CHANNEL"])
    assert rest.request_error("POST", HERE, {"content": "x"}) == (403, 50001)
    local.client.add_fault("permissions", channel_id=fixtures.GENERAL_ID, take=[])
    rest.post_message(fixtures.GENERAL_ID, content="x")


def test_allowed_mentions_decide_who_is_pinged(local: LocalDiscord) -> None:
    rest = RestClient(local)
    content = f"@everyone <@{fixtures.BOB_ID}> <@{fixtures.CHARLIE_ID}> <@&{fixtures.PLAYER_ID}>"

    def pinged(**body: Any) -> tuple[list[str], int, bool]:
        message = rest.post_message(fixtures.GENERAL_ID, content=content, **body)
        return (
            [user["username"] for user in message["mentions"]],
            len(message["mention_roles"]),
            message["mention_everyone"],
        )

    assert pinged() == (["bob", "charlie"], 1, True)
    assert pinged(allowed_mentions={"parse": []}) == ([], 0, False)
    assert pinged(allowed_mentions={"users": [str(fixtures.BOB_ID)]}) == (["bob"], 0, False)
    assert pinged(allowed_mentions={"parse": ["roles"]}) == ([], 1, False)


def test_pages_of_messages(local: LocalDiscord) -> None:
    rest = RestClient(local)
    ids = [rest.post_message(fixtures.GENERAL_ID, content=str(i))["id"] for i in range(6)]

    def read(query: str) -> list[str]:
        return [message["content"] for message in rest.request_json("GET", f"{HERE}?{query}")]

    assert read("limit=2") == ["5", "4"]
    assert read(f"limit=2&before={ids[4]}") == ["3", "2"]
    assert read(f"limit=2&after={ids[1]}") == ["3", "2"]
    assert read(f"limit=3&around={ids[2]}") == ["3", "2", "1"]
    assert rest.request_error("GET", HERE + "?limit=101") == (400, 50035)


def test_members_are_searched_by_the_beginning_of_a_name(local: LocalDiscord) -> None:
    search = f"/guilds/{fixtures.GUILD_ID}/members/search?limit=10&query="
    assert [member["nick"] for member in RestClient(local).request_json("GET", search + "bob")] == ["Bob the GM"]
    assert RestClient(local).request_json("GET", search + "zed") == []


def test_the_sixth_message_in_five_seconds_is_refused(local: LocalDiscord) -> None:
    with LocalDiscord() as limited:
        rest = RestClient(limited)
        first = rest.request("POST", HERE, {"content": "x"})
        assert first.headers["X-RateLimit-Remaining"] == "4"
        for _ in range(4):
            last = rest.request("POST", HERE, {"content": "x"})
        assert last.headers["X-RateLimit-Remaining"] == "0"
        response = rest.request("POST", HERE, {"content": "x"})
        assert response.status_code == 429
        assert response.headers["Via"]
        assert response.headers["X-RateLimit-Scope"] == "user"
        assert 0 < response.json()["retry_after"] <= 5
        assert rest.request("POST", f"/channels/{fixtures.RAIDS_ID}/messages", {"content": "x"}).ok


@pytest.mark.parametrize("agent", ["python-requests/2.32.5", "Python-urllib/3.11", "", "Mozilla/5.0 DiscordBot (x, 1)"])
def test_a_client_that_does_not_name_itself_as_discord_asks_is_refused_by_cloudflare(
    local: LocalDiscord, agent: str
) -> None:
    rest = RestClient(local)
    rest.headers["User-Agent"] = agent
    for path in ("/users/@me", "/gateway", f"/channels/{fixtures.GENERAL_ID}"):
        refused = rest.request("GET", path)
        assert (refused.status_code, refused.text) == (403, "error code: 1010")
        assert "Via" not in refused.headers
    assert requests.post(f"{local.api_url}/oauth2/token", headers={"User-Agent": agent}, timeout=9).status_code == 403
    assert rest.request("POST", "/interactions/1/x/callback", {"type": 5}).status_code != 403, "discord.py's own"
    assert local.client.as_person("alice", "GET", "/users/@me")["username"] == "alice", "people use browsers"
