"""Each route that changes something may fail before the change or after it, and the change is there or not."""

import json
from typing import Any

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import ANNOUNCEMENT, FORUM
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_layout import layout, text
from gamesched.local_discord.tests.test_moderation import allow
from gamesched.local_discord.tests.test_scheduled_events import external

GUILD = f"/guilds/{fixtures.GUILD_ID}"
NEWS, TALES = 5_000, 5_001
# In an order in which each can be done after the ones before.
ROUTES: list[tuple[str, str, Any]] = [
    ("POST", f"{GUILD}/scheduled-events", external()),
    ("PATCH", f"{GUILD}/scheduled-events/{{event}}", {"name": "Other"}),
    ("POST", f"/channels/{fixtures.GENERAL_ID}/threads", {"name": "x", "type": 11}),
    ("POST", f"/channels/{TALES}/threads", {"name": "x", "message": {"content": "x"}}),
    ("PUT", f"/channels/{{thread}}/thread-members/{fixtures.BOB_ID}", None),
    ("PATCH", "/channels/{thread}", {"archived": True}),
    ("POST", f"{GUILD}/channels", {"name": "Hall", "type": 2}),
    ("PATCH", f"/channels/{fixtures.TABLE_ID}", {"user_limit": 4}),
    ("PUT", f"/channels/{fixtures.TABLE_ID}/permissions/{fixtures.PLAYER_ID}", {"type": 0, "deny": "1024"}),
    ("PATCH", f"{GUILD}/members/{fixtures.BOB_ID}", {"channel_id": None}),
    ("POST", f"{GUILD}/roles", {"name": "x"}),
    ("PATCH", f"{GUILD}/roles/{fixtures.PLAYER_ID}", {"name": "x"}),
    ("PUT", f"{GUILD}/members/{fixtures.BOB_ID}/roles/{fixtures.PLAYER_ID}", None),
    ("DELETE", f"{GUILD}/members/{fixtures.BOB_ID}/roles/{fixtures.PLAYER_ID}", None),
    ("PATCH", f"/channels/{NEWS}/messages/{{post}}", {"content": "Other"}),
    ("PUT", f"/channels/{NEWS}/messages/pins/{{post}}", None),
    ("DELETE", f"/channels/{NEWS}/messages/pins/{{post}}", None),
    ("POST", f"/channels/{NEWS}/messages/{{post}}/crosspost", None),
    ("POST", f"/channels/{NEWS}/messages/{{post}}/threads", {"name": "x"}),
    ("POST", f"/channels/{NEWS}/messages", layout(text())),
    ("DELETE", f"{GUILD}/scheduled-events/{{event}}", None),
    ("DELETE", f"{GUILD}/roles/{fixtures.PLAYER_ID}", None),
    ("DELETE", "/channels/{thread}", None),
    ("DELETE", f"/channels/{fixtures.TABLE_ID}", None),
]


def snapshot(local: LocalDiscord) -> str:
    """Return everything that is stored, as text."""
    kinds = ("guild", "channel", "message")
    return local.run_in_loop(lambda state: json.dumps([list(state.store.all(kind)) for kind in kinds]))


@pytest.fixture
def ids(local: LocalDiscord) -> dict[str, str]:
    """Prepare something to change with each route, and return the ids in their paths."""

    def add(state: State) -> None:
        guild = state.guilds[fixtures.GUILD_ID]
        state.add_channel(guild, "news", ANNOUNCEMENT, NEWS)
        state.add_channel(guild, "tales", FORUM, TALES)
        state.change_role(guild, guild.roles[fixtures.BOT_ROLE_ID], position=50)

    local.run_in_loop(add)
    allow(local, Permission.ADMINISTRATOR)
    local.client.join_voice(fixtures.BOB_ID, fixtures.TABLE_ID)
    rest = RestClient(local)
    thread = rest.request_json("POST", f"/channels/{fixtures.GENERAL_ID}/threads", {"name": "x", "type": 11})
    event = rest.request_json("POST", f"{GUILD}/scheduled-events", external())
    return {"thread": thread["id"], "event": event["id"], "post": rest.post_message(NEWS, content="x")["id"]}


def test_what_failed_before_is_not_done(local: LocalDiscord, ids: dict[str, str]) -> None:
    rest, before = RestClient(local), snapshot(local)
    for method, path, body in ROUTES:
        match = path.format(**ids)
        local.client.add_fault("status", f"{method} {match}", status=503)
        assert rest.request(method, match, body).status_code == 503, path
        assert snapshot(local) == before, path


@pytest.mark.parametrize("fault", ["lost", "status"])
def test_what_failed_afterwards_is_done(local: LocalDiscord, ids: dict[str, str], fault: str) -> None:
    rest, before = RestClient(local), snapshot(local)
    for method, path, body in ROUTES:
        match = path.format(**ids)
        if fault == "lost":
            local.client.add_fault("lost", f"{method} {match}")
            with pytest.raises(requests.ConnectionError):
                rest.request(method, match, body)
        else:
            local.client.add_fault("status", f"{method} {match}", status=500, done=True)
            assert rest.request(method, match, body).status_code == 500, path
        after = snapshot(local)
        assert after != before, path
        before = after
