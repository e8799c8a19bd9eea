"""Bodies of any shape, to every route that takes one: refused as Discord refuses them, and never a 5xx."""

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.api.exchange_log import FOLDER_VARIABLE
from gamesched.local_discord.api.router import ROUTES
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.testing.waiting import PATIENCE

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"
GUILD, CHANNEL = str(fixtures.GUILD_ID), str(fixtures.GENERAL_ID)
ODD: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        "",
        "x",
        "\x00",
        "\ud800",
        "9" * 5000,
        "-" + "9" * 5000,
        "٣",
        "1" * 19,
        "a" * 5000,
    ),
    *([], {}, [[]], [{}], {"a": 1}, [None], ["x"], [1], ["\ud800"], "2026-02-30T00:00:00", "9999-12-31T23:59:59+14:00"),
    *("0001-01-01T00:00:00+14:00", "https://", "https://["),
]
BROKEN = [b"{", b"\xff", b"", b"null", b"1", b"[]", b"[" * 3000, b'{"a":NaN}', b'{"a":' + b"9" * 5000 + b"}"]
EMBED: Json = {"title": "t", "url": "https://e.io", "color": 1, "timestamp": "2026-01-01T00:00:00Z"}
EMBED |= {"author": {"name": "a", "icon_url": "https://e.io"}, "fields": [{"name": "n", "value": "v", "inline": True}]}
BUTTON: Json = {"type": 2, "style": 1, "label": "l", "custom_id": "c", "emoji": {"name": "x", "id": None}}
SELECT: Json = {
    "type": 3,
    "custom_id": "s",
    "options": [{"label": "a", "value": "b", "description": "c"}],
    "min_values": 0,
}
MESSAGE: Json = {
    "content": "hi",
    "embeds": [EMBED],
    "components": [{"type": 1, "components": [BUTTON]}, {"type": 1, "components": [SELECT]}],
    "flags": 0,
    "nonce": "n",
    "allowed_mentions": {"parse": ["users"], "roles": ["1"], "replied_user": True},
    "message_reference": {"message_id": "1", "fail_if_not_exists": False},
    "attachments": [{"id": "0", "filename": "x"}],
}
PICTURE: Json = {"media": {"url": "https://e.io/x.png"}, "description": "d", "spoiler": True}
LAYOUT: Json = {
    "flags": 1 << 15,
    "components": [
        {"type": 10, "content": "t", "id": 1},
        {
            "type": 17,
            "accent_color": 1,
            "spoiler": False,
            "components": [
                {"type": 9, "components": [{"type": 10, "content": "t"}], "accessory": {"type": 11, **PICTURE}},
                {"type": 12, "items": [PICTURE]},
                {"type": 14, "spacing": 1, "divider": True},
                {"type": 1, "components": [BUTTON]},
            ],
        },
        {"type": 13, "file": {"url": "attachment://x"}},
    ],
}
OPTION: Json = {"type": 3, "name": "a", "description": "d", "choices": [{"name": "a", "value": "b"}], "max_length": 5}
BODIES: dict[str, Json] = {
    "bulk-delete": {"messages": ["1"]},
    "callback": {"type": 4, "data": MESSAGE},
    "threads": {"name": "t", "auto_archive_duration": 60, "type": 11, "message": MESSAGE, "applied_tags": ["1"]},
    "messages": MESSAGE,
    "webhooks": MESSAGE,
    "commands": {
        "name": "game",
        "description": "d",
        "options": [{"type": 1, "name": "list", "description": "d", "options": [OPTION]}],
        "contexts": [0],
        "integration_types": [0],
        "name_localizations": {"de": "x"},
    },
    "scheduled-events": {
        "name": "n",
        "privacy_level": 2,
        "scheduled_start_time": "2030-01-01T00:00:00Z",
        "scheduled_end_time": "2030-01-01T01:00:00Z",
        "entity_type": 3,
        "entity_metadata": {"location": "x"},
        "channel_id": None,
        "image": "data:image/png;base64,iVBORw==",
        "status": 2,
    },
    "roles": {"name": "r", "permissions": "8", "color": 1, "colors": {"primary_color": 1}, "hoist": True},
    "permissions": {"type": 0, "allow": "1", "deny": "1"},
    "members": {
        "channel_id": None,
        "mute": True,
        "nick": "x",
        "roles": ["1"],
        "communication_disabled_until": "2030-01-01T00:00:00Z",
    },
    "interactions": {
        "type": 2,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "message_id": "1",
        "data": {
            "id": "1",
            "name": "game",
            "type": 1,
            "options": [{"name": "a", "type": 3, "value": "x"}],
            "values": [1],
        },
    },
    "channels": {
        "name": "c",
        "type": 0,
        "position": 1,
        "permission_overwrites": [{"id": GUILD, "type": 0, "allow": "1", "deny": "2"}],
        "recipient_id": "1300000000000000001",
        "available_tags": [{"name": "x", "moderated": False}],
        "user_limit": 1,
        "bitrate": 8000,
        "parent_id": None,
    },
    "guilds": {"name": "g"},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value stands in a body."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*path, key))


def changed(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    inside = body
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return body


@pytest.fixture
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDiscord]:
    """A local Discord whose exchanges are held against no description: these requests are wrong on purpose."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with LocalDiscord(rate_limits=False) as running:
        yield running


@pytest.mark.slow
def test_no_body_is_an_error_of_ours(unrecorded: LocalDiscord) -> None:
    local = unrecorded
    chance, failed = random.Random(1), []
    people = [RestClient(local).headers, {"Authorization": "local-alice"}]
    message = RestClient(local).post_message(fixtures.GENERAL_ID, content="x")
    ids = {"guild_id": GUILD, "channel_id": CHANNEL, "message_id": message["id"], "overwrite_id": GUILD}
    ids |= {"user_id": str(fixtures.BOB_ID), "role_id": str(fixtures.ORGANISER_ID), "application_id": local.client_id}
    routes = [route for route in ROUTES if route.method in {"POST", "PATCH", "PUT"} and "/bans" not in route.path]
    for number in range(12 * len(routes)):
        route = routes[number % len(routes)]
        path = re.sub(r"\{(\w+)\}", lambda name: str(ids.get(name[1], "1")), route.path)
        body = copy.deepcopy(next((body for name, body in BODIES.items() if name in path), {}))
        for _ in range(chance.choice((0, 1, 1, 2))):
            body = changed(body, chance.choice([*places(body)]), copy.deepcopy(chance.choice(ODD)))
        data = json.dumps(body).encode() if chance.random() < 0.9 else chance.choice(BROKEN)
        headers = chance.choice(people) | {"Content-Type": "application/json"}
        answer = requests.request(route.method, local.api_url + path, data=data, headers=headers, timeout=PATIENCE)
        if answer.status_code >= 500:
            failed.append(f"{route.method} {path} {data[:500]!r}")
    assert not failed, "\n".join(failed)


def test_no_layout_is_an_error_of_ours(unrecorded: LocalDiscord) -> None:
    local, chance = unrecorded, random.Random(2)
    headers = RestClient(local).headers | {"Content-Type": "application/json"}
    for _ in range(100):
        body = copy.deepcopy(LAYOUT)
        for _ in range(chance.choice((1, 1, 2))):
            body = changed(body, chance.choice([*places(body)]), copy.deepcopy(chance.choice(ODD)))
        data = json.dumps(body).encode()
        answer = requests.post(local.api_url + HERE, data=data, headers=headers, timeout=PATIENCE)
        assert answer.status_code < 500, data


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        (HERE, {"content": "x", "flags": "9" * 5000}, "flags"),
        (HERE, {"embeds": [{"author": {"name": "x", "icon_url": {"a": 1}}}]}, "embeds.0.author.icon_url"),
        (HERE, {"embeds": [{"footer": {"text": "x", "icon_url": "javascript:1"}}]}, "embeds.0.footer.icon_url"),
        (f"/guilds/{GUILD}/channels", {"name": "x", "permission_overwrites": ["x"]}, "permission_overwrites.0"),
        (f"/guilds/{GUILD}/channels", {"name": "x", "permission_overwrites": 5}, "permission_overwrites"),
        (f"/guilds/{GUILD}/channels", {"name": "x", "type": 15, "available_tags": [1]}, "available_tags.0"),
        (f"/guilds/{GUILD}/roles", {"colors": "red"}, "colors"),
    ],
)
def test_what_is_wrong_is_named(local: LocalDiscord, path: str, body: Json, where: str) -> None:
    response = RestClient(local, "local-alice").request("POST", path, body)
    assert (response.status_code, response.json()["code"]) == (400, 50035)
    errors = response.json()["errors"]
    for key in where.split("."):
        errors = errors[key]
    assert errors["_errors"]


@pytest.mark.parametrize(
    "options",
    [[1], [{"label": "a"}], [{"label": "a", "value": []}], [{"label": "a" * 101, "value": "b"}], [{"value": "b"}]],
)
def test_options_of_a_select_have_texts(local: LocalDiscord, options: Any) -> None:
    select = {"type": 3, "custom_id": "s", "options": options}
    body = {"content": "x", "components": [{"type": 1, "components": [select]}]}
    assert RestClient(local).request_error("POST", HERE, body) == (400, 50035)


def test_a_channel_is_made_where_it_is_wanted(local: LocalDiscord) -> None:
    made = RestClient(local, "local-alice").request_json(
        "POST", f"/guilds/{GUILD}/channels", {"name": "x", "position": 7}
    )
    assert made["position"] == 7
