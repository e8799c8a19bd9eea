"""Channels and roles by API: their limits, their order, and the rights that one may give."""

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import CATEGORY, VOICE, Json, Role
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.rate_limits import RULES
from gamesched.local_discord.state.state import State
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient
from gamesched.local_discord.tests.test_moderation import allow

GUILD = f"/guilds/{fixtures.GUILD_ID}"
CHANNELS, ROLES = f"{GUILD}/channels", f"{GUILD}/roles"
EVERYONE = str(fixtures.GUILD_ID)
VIEW, CONNECT = int(Permission.VIEW_CHANNEL), int(Permission.CONNECT)


def overwrite(target: int | str, allow: int = 0, deny: int = 0, kind: int = 0) -> Json:
    return {"id": str(target), "type": kind, "allow": str(allow), "deny": str(deny)}


def add_many(local: LocalDiscord, count: int, **more: object) -> None:
    def add(state: State) -> None:
        for i in range(count):
            state.add_channel(state.guilds[fixtures.GUILD_ID], f"c{i}", **more)  # type: ignore[arg-type]

    local.run_in_loop(add)


def test_a_voice_channel_is_made_changed_and_deleted(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    allow(local, Permission.MANAGE_CHANNELS)
    hidden, mine = overwrite(EVERYONE, deny=VIEW), overwrite(local.client_id, VIEW | CONNECT, kind=1)
    body = {"name": "Table One", "type": VOICE, "user_limit": 5, "bitrate": 32_000}
    channel = bot.rest.request_json("POST", CHANNELS, body | {"permission_overwrites": [hidden, mine]})
    assert (channel["name"], channel["user_limit"], channel["bitrate"]) == ("Table One", 5, 32_000)
    assert channel["permission_overwrites"] == [hidden, mine]
    assert bot.last_event("CHANNEL_CREATE")["id"] == channel["id"]
    path = f"/channels/{channel['id']}"
    assert RestClient(local, "local-charlie").request_error("GET", path) == (403, 50001)
    bot.rest.request_json("PATCH", path, {"name": "Table Two", "user_limit": 0})
    assert bot.last_event("CHANNEL_UPDATE")["user_limit"] == 0
    bot.rest.request_json("DELETE", path)
    assert bot.last_event("CHANNEL_DELETE")["id"] == channel["id"]
    assert bot.rest.request_error("PATCH", path, {"name": "x"}) == (404, 10003)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "type": 13}, "type"),
        ({"name": "x", "type": 2, "user_limit": 100}, "user_limit"),
        ({"name": "x", "type": 2, "bitrate": 7999}, "bitrate"),
        ({"name": "x", "type": 2, "bitrate": 96_001}, "bitrate"),
        ({"name": "x", "default_auto_archive_duration": 61}, "default_auto_archive_duration"),
        ({"name": "x", "permission_overwrites": [{"id": EVERYONE}] * 101}, "permission_overwrites"),
    ],
)
def test_what_a_channel_cannot_be(local: LocalDiscord, body: Json, where: str) -> None:
    response = RestClient(local, "local-alice").request("POST", CHANNELS, body)
    assert (response.status_code, list(response.json()["errors"])) == (400, [where])


def test_a_server_has_at_most_five_hundred_and_a_category_fifty(local: LocalDiscord) -> None:
    alice = RestClient(local, "local-alice")
    category = local.run_in_loop(lambda state: state.add_channel(state.guilds[fixtures.GUILD_ID], "Games", CATEGORY)).id
    add_many(local, 50, parent_id=category)
    response = alice.request("POST", CHANNELS, {"name": "x", "parent_id": str(category)})
    assert response.json()["errors"]["parent_id"]["_errors"][0]["code"] == "CHANNEL_PARENT_MAX_CHANNELS"
    assert alice.request_error("PATCH", f"/channels/{fixtures.RAIDS_ID}", {"parent_id": str(category)}) == (400, 50035)
    add_many(local, 500 - len(local.state.channels_of(local.state.guilds[fixtures.GUILD_ID])))
    assert alice.request_error("POST", CHANNELS, {"name": "x"}) == (400, 30013)


def test_a_channel_begins_as_its_category_and_stays_when_that_is_deleted(local: LocalDiscord) -> None:
    alice = RestClient(local, "local-alice")
    rights = [overwrite(EVERYONE, deny=VIEW)]
    category = alice.request_json("POST", CHANNELS, {"name": "Games", "type": 4, "permission_overwrites": rights})
    inside = alice.request_json("POST", CHANNELS, {"name": "inside", "parent_id": category["id"]})
    assert inside["permission_overwrites"] == rights
    alice.request_json("DELETE", f"/channels/{category['id']}")
    assert alice.request_json("GET", f"/channels/{inside['id']}")["parent_id"] is None


def test_only_own_rights_are_given_in_a_channel(local: LocalDiscord) -> None:
    rest = RestClient(local)
    allow(local, Permission.MANAGE_CHANNELS)
    events, roles = int(Permission.MANAGE_EVENTS), int(Permission.MANAGE_ROLES)
    for given in (overwrite(EVERYONE, allow=events), overwrite(EVERYONE, deny=events)):
        body = {"name": "x", "permission_overwrites": [given]}
        assert rest.request_error("POST", CHANNELS, body) == (403, 50013)
    made = rest.request_json("POST", CHANNELS, {"name": "x", "permission_overwrites": [overwrite(EVERYONE, VIEW)]})
    path = f"/channels/{made['id']}"
    body = {"permission_overwrites": [overwrite(EVERYONE, deny=VIEW)]}
    assert rest.request_error("PATCH", path, body) == (403, 50013)  # needs MANAGE_ROLES
    allow(local, Permission.MANAGE_CHANNELS | Permission.MANAGE_ROLES)
    rest.request_json("PATCH", path, {"permission_overwrites": []})
    for target in (fixtures.BOB_ID, 5):  # a person is no role
        assert rest.request_error("PUT", f"{path}/permissions/{target}", {"type": 0, "allow": str(VIEW)}) == (
            404,
            10009,
        )
    give_roles = {"type": 1, "allow": str(roles)}
    assert rest.request_error("PUT", f"{path}/permissions/{fixtures.BOB_ID}", give_roles) == (403, 50013)
    RestClient(local, "local-alice").request_json("PUT", f"{path}/permissions/{fixtures.BOB_ID}", give_roles)


def test_channels_are_sorted(local: LocalDiscord) -> None:
    alice = RestClient(local, "local-alice")
    category = alice.request_json("POST", CHANNELS, {"name": "Games", "type": 4})["id"]
    steps = [
        {"id": str(fixtures.RAIDS_ID), "position": 0, "parent_id": category},
        {"id": str(fixtures.GENERAL_ID), "position": 1},
    ]
    alice.request_json("PATCH", CHANNELS, steps)
    raids = alice.request_json("GET", f"/channels/{fixtures.RAIDS_ID}")
    assert (raids["position"], raids["parent_id"]) == (0, category)
    assert alice.request_error("PATCH", CHANNELS, [{"id": "5", "position": 1}]) == (404, 10003)
    assert RestClient(local).request_error("PATCH", CHANNELS, steps) == (403, 50013)


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_bot_renames_a_channel_twice_in_ten_minutes(local: LocalDiscord, in_thread: bool) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(rename=RULES["rename"]))
    allow(local, Permission.MANAGE_CHANNELS, Permission.MANAGE_THREADS)
    rest, path = RestClient(local), f"/channels/{fixtures.RAIDS_ID}"
    if in_thread:
        path = f"/channels/{rest.request_json('POST', f'{path}/threads', {'name': 'zero', 'type': 11})['id']}"
    for name in ("one", "two"):
        rest.request_json("PATCH", path, {"name": name})
    rest.request_json("PATCH", path, {"name": "two", "rate_limit_per_user": 5})  # no other name
    response = rest.request("PATCH", path, {"name": "three"})
    assert response.status_code == 429
    assert 500 < response.json()["retry_after"] <= 600
    local.client.set_clock(advance=601)
    rest.request_json("PATCH", path, {"name": "three"})


def test_a_server_has_at_most_two_hundred_and_fifty_roles(local: LocalDiscord) -> None:
    def fill(state: State) -> None:
        guild = state.guilds[fixtures.GUILD_ID]
        guild.roles |= {i: Role(i, f"r{i}", 0, i) for i in range(1, 251 - len(guild.roles))}

    local.run_in_loop(fill)
    assert RestClient(local, "local-alice").request_error("POST", ROLES, {"name": "x"}) == (400, 30005)


def test_roles_are_sorted_below_ones_own(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    allow(local, Permission.MANAGE_ROLES)
    role = bot.rest.request_json("POST", ROLES, {"name": "Table One"})
    own = local.state.guilds[fixtures.GUILD_ID].roles[fixtures.BOT_ROLE_ID].position
    sorted_roles = bot.rest.request_json("PATCH", ROLES, [{"id": role["id"], "position": own - 1}])
    assert next(each["position"] for each in sorted_roles if each["id"] == role["id"]) == own - 1
    assert bot.last_event("GUILD_ROLE_UPDATE")["role"]["position"] == own - 1
    assert bot.rest.request_error("PATCH", ROLES, [{"id": role["id"], "position": own}]) == (403, 50013)
    assert bot.rest.request_error("PATCH", ROLES, [{"id": str(fixtures.BOT_ROLE_ID), "position": 1}]) == (403, 50013)
    assert bot.rest.request_error("PATCH", ROLES, [{"id": "5", "position": 1}]) == (404, 10011)


def test_a_deleted_role_leaves_no_overwrite(local: LocalDiscord) -> None:
    alice, path = RestClient(local, "local-alice"), f"/channels/{fixtures.RAIDS_ID}"
    alice.request_json("PUT", f"{path}/permissions/{fixtures.PLAYER_ID}", {"type": 0, "allow": str(VIEW)})
    alice.request_json("DELETE", f"{ROLES}/{fixtures.PLAYER_ID}")
    assert alice.request_json("GET", path)["permission_overwrites"] == []
