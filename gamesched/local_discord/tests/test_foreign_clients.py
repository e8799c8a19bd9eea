"""What client libraries other than discord.py send: other versions, forms, replies, words where ids are expected."""

import io
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.api import router
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID, Json
from gamesched.local_discord.tests.rest_client import AGENT, InteractionBot, RestClient
from gamesched.testing.openapi import DOCUMENT_VARIABLE
from gamesched.testing.waiting import PATIENCE

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"
CONTENT = f"@everyone <@{fixtures.BOB_ID}> <@&{fixtures.PLAYER_ID}>"


# --- versions and paths ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/api", "/api/v9", "/api/v10"])
def test_the_version_may_be_left_out(local: LocalDiscord, prefix: str) -> None:
    headers = RestClient(local).headers
    me = requests.get(f"{local.origin}{prefix}/users/@me", headers=headers, timeout=PATIENCE)
    assert me.json()["id"] == str(APPLICATION_ID)
    url = f"{local.origin}{prefix}{HERE}"
    message = requests.post(url, json={"content": prefix}, headers=headers, timeout=PATIENCE).json()
    assert requests.get(f"{url}/{message['id']}", headers=headers, timeout=PATIENCE).json()["content"] == prefix
    assert [each["path"] for each in local.client.requests(HERE)] == [HERE, f"{HERE}/{message['id']}"]
    assert requests.get(f"{local.origin}{prefix}/nonsense", headers=headers, timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize("version", ["v1", "v5", "v11", "v99"])
def test_other_versions_are_refused(local: LocalDiscord, version: str) -> None:
    response = requests.get(f"{local.origin}/api/{version}/users/@me", headers=AGENT, timeout=PATIENCE)
    assert (response.status_code, response.json()["code"]) == (400, 50041)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 404),
        ("GET", f"{HERE}/search", 404),
        ("GET", f"/channels/{fixtures.GENERAL_ID}/polls/1/answers/1", 404),
        ("GET", f"{HERE}/1/crosspost", 405),
        ("GET", f"/guilds/{fixtures.GUILD_ID}/roles/nonsense", 404),
        ("DELETE", f"/guilds/{fixtures.GUILD_ID}/scheduled-events/all", 404),
        ("PUT", HERE, 405),
        ("DELETE", "/users/@me", 405),
        ("PATCH", f"{HERE}/1/reactions/x/@me", 405),
    ],
)
def test_a_route_that_is_missing_says_so(local: LocalDiscord, method: str, path: str, status: int) -> None:
    assert RestClient(local).request_error(method, path, {}) == (status, 0)


def test_no_route_of_discords_is_taken_for_an_id(local: LocalDiscord) -> None:
    """Ask each literal path that Discord's document has, and that a path of ours with an id in it would swallow."""
    document = read_document()
    if document is None:
        pytest.skip(f"{DOCUMENT_VARIABLE} names no file")
    rest = RestClient(local)
    ids = {"guild_id": fixtures.GUILD_ID, "channel_id": fixtures.GENERAL_ID, "application_id": APPLICATION_ID}
    for path in document["paths"]:
        literal = re.sub(r"\{(\w+)\}", lambda match: str(ids.get(match[1], 1)), path)
        if "get" in document["paths"][path] and literal.rsplit("/", 1)[1].isalpha() and router.has_path(literal):
            response = rest.request("GET", literal)
            assert "is not snowflake" not in response.text, (path, response.text)


def read_document() -> Any:
    path = os.environ.get(DOCUMENT_VARIABLE)
    return json.loads(Path(path).read_text(encoding="utf-8")) if path else None


# --- replies ---------------------------------------------------------------------------------------------------


def test_a_reply_names_its_message(local: LocalDiscord) -> None:
    rest = RestClient(local)
    asked = local.client.send_message("charlie", fixtures.GENERAL_ID, "when?")
    reply = rest.post_message(fixtures.GENERAL_ID, content="at 8", message_reference={"message_id": asked["id"]})
    reference = {"type": 0, "message_id": asked["id"], "channel_id": str(fixtures.GENERAL_ID)}
    assert (reply["type"], reply["message_reference"]) == (19, reference | {"guild_id": str(fixtures.GUILD_ID)})
    assert reply["referenced_message"]["content"] == "when?"
    assert [user["username"] for user in reply["mentions"]] == ["charlie"]
    again = rest.post_message(fixtures.GENERAL_ID, content="at 9", message_reference={"message_id": reply["id"]})
    assert "referenced_message" not in again["referenced_message"]
    quiet = rest.post_message(
        fixtures.GENERAL_ID,
        content="at 10",
        message_reference={"message_id": asked["id"], "channel_id": str(fixtures.GENERAL_ID)},
        allowed_mentions={"parse": []},
    )
    assert quiet["mentions"] == []
    local.client.as_person("charlie", "DELETE", f"{HERE}/{asked['id']}")
    orphan = rest.request_json("GET", f"{HERE}/{reply['id']}")
    assert (orphan["type"], orphan["referenced_message"]) == (19, None)


@pytest.mark.parametrize(
    "reference",
    [
        {"message_id": "1"},
        {"message_id": "1", "fail_if_not_exists": True},
        {"message_id": "abc"},
        {"message_id": None},
        {},
        "1",
        {"type": 1, "message_id": "1", "channel_id": str(fixtures.GENERAL_ID)},
        {"message_id": "1", "channel_id": str(fixtures.RAIDS_ID)},
        {"message_id": "1", "guild_id": "7"},
    ],
)
def test_a_reply_to_nothing_is_refused(local: LocalDiscord, reference: Any) -> None:
    rest = RestClient(local)
    assert rest.request_error("POST", HERE, {"content": "x", "message_reference": reference}) == (400, 50035)


def test_a_reply_to_nothing_may_be_an_ordinary_message(local: LocalDiscord) -> None:
    reference = {"message_id": "1", "fail_if_not_exists": False}
    message = RestClient(local).post_message(fixtures.GENERAL_ID, content="x", message_reference=reference)
    assert message["type"] == 0
    assert "message_reference" not in message


def test_a_reply_needs_the_history(local: LocalDiscord) -> None:
    rest = RestClient(local)
    message = rest.post_message(fixtures.GENERAL_ID, content="x")
    local.client.add_fault("permissions", channel_id=fixtures.GENERAL_ID, take=["READ_MESSAGE_HISTORY"])
    reply = {"content": "x", "message_reference": {"message_id": message["id"]}}
    assert rest.request_error("POST", HERE, reply) == (400, 160002)


# --- who is pinged ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ephemeral", [0, 64])
def test_an_interaction_pings_people_only(local: LocalDiscord, ephemeral: int) -> None:
    local.run_in_loop(lambda state: state.change_role(state.guilds[fixtures.GUILD_ID], player_role(state), bits=0))
    local.run_in_loop(
        lambda state: state.change_role(state.guilds[fixtures.GUILD_ID], player_role(state), mentionable=True)
    )
    bot = InteractionBot(local)
    bot.rest.post_message(fixtures.GENERAL_ID, content="x", components=[button_row()])
    message = bot.rest.request_json("GET", f"{HERE}?limit=1")[0]

    def pinged(answer: Json) -> tuple[list[str], list[str], bool]:
        return [each["username"] for each in answer["mentions"]], answer["mention_roles"], answer["mention_everyone"]

    local.client.click("charlie", message, "join", wait=0)
    answer = bot.respond(4, {"content": CONTENT, "flags": ephemeral})["resource"]["message"]
    assert pinged(answer) == (["bob"], [], False)
    followup = bot.rest.request_json("POST", bot.webhook_path(), {"content": CONTENT, "flags": ephemeral})
    assert pinged(followup) == (["bob"], [], False)
    asked_for = bot.rest.request_json(
        "POST", bot.webhook_path(), {"content": CONTENT, "allowed_mentions": {"parse": ["roles", "everyone"]}}
    )
    assert pinged(asked_for) == ([], [str(fixtures.PLAYER_ID)], True)
    edited = bot.rest.request_json("PATCH", f"{bot.webhook_path()}/messages/@original", {"content": CONTENT})
    assert pinged(edited) == (["bob"], [], False)
    assert pinged(bot.rest.post_message(fixtures.GENERAL_ID, content=CONTENT)) == (
        ["bob"],
        [str(fixtures.PLAYER_ID)],
        True,
    )


def player_role(state: Any) -> Any:
    return state.guilds[fixtures.GUILD_ID].roles[fixtures.PLAYER_ID]


def button_row() -> Json:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": "Join", "custom_id": "join"}]}


# --- forms -----------------------------------------------------------------------------------------------------


def post_form(local: LocalDiscord, path: str, *, method: str = "POST", **parts: Any) -> requests.Response:
    return requests.request(method, local.api_url + path, headers=RestClient(local).headers, timeout=PATIENCE, **parts)


def payload(body: Json) -> dict[str, tuple[None, str, str]]:
    return {"payload_json": (None, json.dumps(body), "application/json")}


def test_a_message_may_be_a_form_with_files(local: LocalDiscord) -> None:
    body = {
        "content": "the map",
        "embeds": [{"image": {"url": "attachment://map.png"}}],
        "attachments": [
            {"id": 0, "description": "a dungeon"},
            {"id": 1, "filename": "renamed.txt", "is_spoiler": True},
        ],
    }
    files = {
        **payload(body),
        "files[0]": ("map.png", io.BytesIO(b"\x89PNG\r\n\x00\xff"), "image/png"),
        "files[1]": ("notes.txt", io.BytesIO(b"boo"), "text/plain"),
    }
    message = post_form(local, HERE, files=files).json()
    first, second = message["attachments"]
    assert (first["filename"], first["description"], first["content_type"]) == ("map.png", "a dungeon", "image/png")
    assert (second["filename"], second["size"], second["flags"]) == ("renamed.txt", 3, 8)
    assert message["embeds"][0]["image"]["url"] == first["url"]
    assert requests.get(first["url"], timeout=PATIENCE).content == b"\x89PNG\r\n\x00\xff"
    edited = post_form(
        local,
        f"{HERE}/{message['id']}",
        method="PATCH",
        files={**payload({"attachments": [{"id": second["id"], "is_spoiler": False}]}), "files[5]": ("new", b"new")},
    ).json()
    assert [(each["filename"], each["flags"]) for each in edited["attachments"]] == [("renamed.txt", 0), ("new", 0)]
    kept = RestClient(local).request_json("PATCH", f"{HERE}/{message['id']}", {"content": "still"})
    assert len(kept["attachments"]) == 2


@pytest.mark.parametrize(
    "parts",
    [
        {"files": {"content": (None, "plain"), "nonce": (None, "n1")}},
        {"data": {"content": "plain", "nonce": "n1"}},
        {"files": payload({"content": "plain", "nonce": "n1"})},
        {"files": {"payload_json": ("blob", json.dumps({"content": "plain", "nonce": "n1"}))}},
    ],
)
def test_a_form_may_have_no_file(local: LocalDiscord, parts: Json) -> None:
    message = post_form(local, HERE, **parts).json()
    assert (message["content"], message["nonce"], message["attachments"]) == ("plain", "n1", [])


def test_files_go_wherever_messages_go(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    bot.rest.post_message(fixtures.GENERAL_ID, content="x", components=[button_row()])
    message = bot.rest.request_json("GET", f"{HERE}?limit=1")[0]
    local.client.click("charlie", message, "join", wait=0)
    file = {"files[0]": ("a.txt", b"a")}
    answer = post_form(local, bot.callback_path(), files={**payload({"type": 4, "data": {"flags": 64}}), **file})
    assert answer.json()["resource"]["message"]["attachments"][0]["ephemeral"] is True
    followup = post_form(local, bot.webhook_path(), files={**payload({"content": "more"}), **file})
    assert followup.json()["attachments"][0]["filename"] == "a.txt"
    original = post_form(local, f"{bot.webhook_path()}/messages/@original", method="PATCH", files=file)
    assert len(original.json()["attachments"]) == 2
    local.run_in_loop(fixtures.add_forum)
    post = post_form(
        local,
        f"/channels/{fixtures.CAMPAIGNS_ID}/threads",
        files={**payload({"name": "maps", "message": {"content": "here"}}), **file},
    )
    assert post.json()["message"]["attachments"][0]["filename"] == "a.txt"


def test_bad_forms_are_refused(local: LocalDiscord) -> None:
    def error(path: str = HERE, **parts: Any) -> tuple[int, int]:
        response = post_form(local, path, **parts)
        return response.status_code, response.json()["code"]

    assert error(files={"payload_json": (None, "{")}) == (400, 50109)
    assert error(files=payload({})) == (400, 50006)
    assert error(files={f"files[{i}]": (f"{i}", b"x") for i in range(11)}) == (400, 50035)
    assert error(files={"files[0]": ("big", b"x" * (10 * 1024 * 1024 + 1))}) == (413, 40005)
    assert error(files={"files[0]": ("huge", b"x" * (26 * 1024 * 1024))}) == (413, 40005)
    assert error(files={**payload({"attachments": "x"}), "files[0]": ("a", b"a")}) == (400, 50035)
    assert error(data="content=x", path=HERE) == (400, 50035), "a body without a type"
    local.client.add_fault("permissions", channel_id=fixtures.GENERAL_ID, take=["ATTACH_FILES"])
    assert error(files={"files[0]": ("a", b"a")}) == (403, 50013)


# --- who one is, and whom one may write to ----------------------------------------------------------------------


def test_a_bot_has_no_address(local: LocalDiscord) -> None:
    assert RestClient(local).request_json("GET", "/users/@me")["email"] is None
    assert local.client.as_person("bob", "GET", "/users/@me")["email"] == "bob@example.org"


def test_guilds_are_counted_when_asked(local: LocalDiscord) -> None:
    rest = RestClient(local)
    [guild] = rest.request_json("GET", "/users/@me/guilds?with_counts=true")
    assert (guild["approximate_member_count"], guild["approximate_presence_count"]) == (5, 5)
    assert rest.request_json("GET", f"/guilds/{fixtures.GUILD_ID}?with_counts=1")["approximate_member_count"] == 5
    for query in ("", "?with_counts=false"):
        assert "approximate_member_count" not in rest.request_json("GET", f"/users/@me/guilds{query}")[0]
    assert rest.request_json("GET", f"/users/@me/guilds?after={fixtures.GUILD_ID}") == []
    assert rest.request_error("GET", "/users/@me/guilds?limit=201") == (400, 50035)
    counts = rest.request_json("GET", f"/guilds/{fixtures.GUILD_ID}/roles/member-counts")
    assert counts == {str(fixtures.ORGANISER_ID): 1, str(fixtures.PLAYER_ID): 2, str(fixtures.BOT_ROLE_ID): 1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"recipient_id": "1"}, 50033),
        ({"recipient_id": 1}, 50033),
        ({"recipients": ["1"]}, 50033),
        ({"recipient_id": str(APPLICATION_ID)}, 50033),
        ({"recipient_id": "bob"}, 50035),
        ({}, 50035),
    ],
)
def test_a_direct_message_needs_somebody(local: LocalDiscord, body: Json, code: int) -> None:
    assert RestClient(local).request_error("POST", "/users/@me/channels", body) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        {"poll": {"question": {"text": "When?"}, "answers": [{"poll_media": {"text": "8"}}]}},
        {"content": "x", "sticker_ids": ["1"]},
        {"flags": 1 << 13},
    ],
)
def test_what_messages_lack_is_refused_by_name(local: LocalDiscord, body: Json) -> None:
    response = RestClient(local).request("POST", HERE, body)
    assert response.status_code == 400
    assert "LOCAL_DISCORD_LACKS" in response.text


@pytest.mark.parametrize("kind", [19, 21, 22, 23])
def test_what_modals_lack_is_refused_by_name(local: LocalDiscord, kind: int) -> None:
    bot = InteractionBot(local)
    bot.rest.post_message(fixtures.GENERAL_ID, content="x", components=[button_row()])
    local.client.click("charlie", bot.rest.request_json("GET", f"{HERE}?limit=1")[0], "join", wait=0)
    label = {"type": 18, "label": "x", "component": {"type": kind, "custom_id": "x"}}
    modal = {"type": 9, "data": {"custom_id": "m", "title": "t", "components": [label]}}
    response = bot.rest.request("POST", bot.callback_path(), modal)
    assert response.status_code == 400
    assert "LOCAL_DISCORD_LACKS" in response.text


def test_embeds_can_be_suppressed_by_an_edit(local: LocalDiscord) -> None:
    rest = RestClient(local)
    message = rest.post_message(fixtures.GENERAL_ID, content="x", flags=1 << 12)
    for flags, kept in ((4, 4 | 1 << 12), (0, 1 << 12)):
        assert rest.request_json("PATCH", f"{HERE}/{message['id']}", {"flags": flags})["flags"] == kept


def test_pages_end(local: LocalDiscord) -> None:
    """A library asks for the next page until one is empty."""
    rest = RestClient(local)
    local.client.add_fault("give", channel_id=fixtures.GENERAL_ID, permissions=["PIN_MESSAGES"])
    messages = [rest.post_message(fixtures.GENERAL_ID, content=each) for each in "abc"]
    for message in messages:
        local.client.set_clock(advance=1)
        rest.request_json("PUT", f"{HERE}/pins/{message['id']}")
    page = rest.request_json("GET", f"{HERE}/pins?limit=2")
    rest_of_it = rest.request_json("GET", f"{HERE}/pins?before={quote(page['items'][-1]['pinned_at'])}")
    assert [each["message"]["content"] for each in [*page["items"], *rest_of_it["items"]]] == ["c", "b", "a"]
    assert (page["has_more"], rest_of_it["has_more"]) == (True, False)
    last = rest_of_it["items"][-1]["pinned_at"]
    assert rest.request_json("GET", f"{HERE}/pins?before={quote(last)}")["items"] == []
    assert rest.request_error("GET", f"{HERE}/pins?before=soon") == (400, 50035)

    reactions = f"{HERE}/{messages[0]['id']}/reactions/👍"
    people = {"alice": fixtures.ALICE_ID, "bob": fixtures.BOB_ID, "charlie": fixtures.CHARLIE_ID}
    for person in people:
        local.client.as_person(person, "PUT", f"{reactions}/@me")
    found: list[str] = []
    after = 0
    while page := rest.request_json("GET", f"{reactions}?limit=2&after={after}"):
        found += [each["username"] for each in page]
        after = page[-1]["id"]
    assert found == list(people)

    for number in range(3):
        local.client.set_clock(advance=1)
        thread = rest.request_json(
            "POST", f"/channels/{fixtures.GENERAL_ID}/threads", {"name": f"{number}", "type": 11}
        )
        rest.request_json("PATCH", f"/channels/{thread['id']}", {"archived": True})
    archived = f"/channels/{fixtures.GENERAL_ID}/threads/archived/public"
    first = rest.request_json("GET", f"{archived}?limit=2")
    before = quote(first["threads"][-1]["thread_metadata"]["archive_timestamp"])
    second = rest.request_json("GET", f"{archived}?limit=2&before={before}")
    assert [each["name"] for each in [*first["threads"], *second["threads"]]] == ["2", "1", "0"]
    assert (first["has_more"], second["has_more"]) == (True, False)
