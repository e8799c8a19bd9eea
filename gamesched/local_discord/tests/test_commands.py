"""Commands: validation, storage, who can use them, and the bot's data of a use."""

from typing import Any

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID, PUBLIC_THREAD, Json
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient

GLOBAL = f"/applications/{APPLICATION_ID}/commands"
HERE = f"/applications/{APPLICATION_ID}/guilds/{fixtures.GUILD_ID}/commands"


def command(name: str = "game", **parts: Any) -> Json:
    return {"name": name, "description": "Games"} | parts


def option(kind: int = 3, name: str = "title", **parts: Any) -> Json:
    return {"type": kind, "name": name, "description": "What it is"} | parts


def with_option(kind: int = 3, **parts: Any) -> Json:
    return command(options=[option(kind, **parts)])


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (command("Game"), "name"),
        (command("my game"), "name"),
        (command("x" * 33), "name"),
        (command(""), "name"),
        (command("game", type=4), "type"),
        (command(description=""), "description"),
        (command(description="x" * 101), "description"),
        (command(type=2), "description"),
        (command(contexts=[3]), "contexts.0"),
        (command(contexts=[]), "contexts"),
        (command(integration_types=[0, 0]), "integration_types"),
        (command(options=[option(name=f"o{i}") for i in range(26)]), "options"),
        (command(options=[option(), option()]), "options.1"),
        (command(options=[option(), option(name="b", required=True)]), "options.1"),
        (command(options=[option(), option(1, "list")]), "options.1"),
        (with_option(12), "options.0.type"),
        (with_option(name="Title"), "options.0.name"),
        (with_option(choices=[{"name": str(i), "value": "x"} for i in range(26)]), "options.0.choices"),
        (with_option(choices=[{"name": "", "value": "x"}]), "options.0.choices.0.name"),
        (with_option(choices=[{"name": "x", "value": 1}]), "options.0.choices.0.value"),
        (with_option(choices=[{"name": "x", "value": "y"}] * 2), "options.0.choices"),
        (with_option(choices=[{"name": "x", "value": "y"}], autocomplete=True), "options.0.autocomplete"),
        (with_option(min_length=6001), "options.0.min_length"),
        (with_option(4, choices=[{"name": "x", "value": "1"}]), "options.0.choices.0.value"),
        (command(options=[option(1, "a", options=[option(1, "b")])]), "options.0.options.0.type"),
        (command(options=[option(2, "a", options=[option()])]), "options.0.options"),
    ],
)
def test_it_refuses_what_a_command_cannot_be(local: LocalDiscord, body: Json, where: str) -> None:
    response = RestClient(local).request("POST", GLOBAL, body)
    assert (response.status_code, response.json()["code"]) == (400, 50035), response.text
    place = response.json()["errors"]
    for step in where.split("."):
        place = place[step]
    assert place["_errors"]


def test_a_command_has_at_most_eight_thousand_characters(local: LocalDiscord) -> None:
    choices = [{"name": f"{i:03}" + "x" * 97, "value": "y" * 100} for i in range(25)]
    options = [option(name=f"o{i}", choices=choices) for i in range(2)]
    assert RestClient(local).request_error("POST", GLOBAL, command(options=options)) == (400, 50035)
    RestClient(local).request_json("POST", GLOBAL, command(options=options[:1]))


def test_names_in_other_scripts(local: LocalDiscord) -> None:
    for name in ("spiel-übersicht", "игра", "गेम", "เกม", "ゲーム", "it's_1"):
        assert RestClient(local).request_json("POST", GLOBAL, command(name))["name"] == name


def test_they_are_created_changed_read_and_deleted_one_by_one(local: LocalDiscord) -> None:
    rest = RestClient(local)
    response = rest.request("POST", HERE, command(nsfw=True, default_member_permissions="32", contexts=[0]))
    created = response.json()
    assert response.status_code == 201
    assert (created["nsfw"], created["default_member_permissions"], created["contexts"]) == (True, "32", [0])
    assert (created["guild_id"], created["integration_types"]) == (str(fixtures.GUILD_ID), [0])
    again = rest.request("POST", HERE, command(description="Other"))
    assert (again.status_code, again.json()["id"]) == (200, created["id"])
    path = f"{HERE}/{created['id']}"
    changed = rest.request_json("PATCH", path, {"name": "games", "options": [option(required=True)]})
    assert (changed["id"], changed["description"], changed["options"][0]["required"]) == (created["id"], "Other", True)
    assert rest.request_json("GET", path) == changed
    assert rest.request_json("GET", HERE) == [changed]
    assert rest.request_json("GET", GLOBAL) == []
    rest.request_json("DELETE", path)
    for method in ("GET", "PATCH", "DELETE"):
        assert rest.request_error(method, path, {}) == (404, 10063)


def test_a_replacement_keeps_the_ids_of_those_that_were_there(local: LocalDiscord) -> None:
    rest = RestClient(local)
    first = rest.request_json("PUT", GLOBAL, [command("a"), command("b")])
    second = rest.request_json("PUT", GLOBAL, [command("b"), command("c"), {"name": "Who is", "type": 2}])
    assert second[0]["id"] == first[1]["id"]
    assert [registered["type"] for registered in second] == [1, 1, 2]
    assert rest.request_error("PUT", GLOBAL, [command("a"), command("a")]) == (400, 50035)


def test_there_are_a_hundred_at_most_and_two_hundred_new_ones_a_day(local: LocalDiscord) -> None:
    rest = RestClient(local)
    many = [command(f"c{i}") for i in range(100)]
    assert rest.request_error("PUT", GLOBAL, [*many, command("last")]) == (400, 30032)
    rest.request_json("PUT", GLOBAL, many)
    assert rest.request_error("POST", GLOBAL, command("last")) == (400, 30032)
    rest.request_json("PUT", GLOBAL, [])
    rest.request_json("PUT", GLOBAL, many)
    rest.request_json("PUT", GLOBAL, many)  # creates nothing
    rest.request_json("PUT", GLOBAL, [])
    assert rest.request_error("POST", GLOBAL, command()) == (400, 30034)
    rest.request_json("POST", HERE, command())  # every guild is counted separately


def test_options_are_validated_against_the_command(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    options = [option(4, "seats", required=True, min_value=1, max_value=9), option(3, "mode", max_length=5)]
    options.append(option(3, "day", choices=[{"name": "Monday", "value": "mon"}]))
    bot.rest.request_json("PUT", GLOBAL, [command(options=options)])
    bad: list[list[Json]] = [
        [],
        [{"name": "seats", "value": "3"}],
        [{"name": "seats", "value": 10}],
        [{"name": "seats", "value": 3, "type": 3}],
        [{"name": "seats", "value": 3}, {"name": "other", "value": 3}],
        [{"name": "seats", "value": 3}, {"name": "seats", "value": 4}],
        [{"name": "seats", "value": 3}, {"name": "mode", "value": "longer"}],
        [{"name": "seats", "value": 3}, {"name": "day", "value": "tue"}],
    ]
    for given in bad:
        with pytest.raises(requests.HTTPError, match="50035"):
            local.client.use_command("bob", fixtures.GENERAL_ID, "game", given, wait=0)
    good: list[Json] = [{"name": "seats", "value": 3}, {"name": "day", "value": "mon"}]
    local.client.use_command("bob", fixtures.GENERAL_ID, "game", good, wait=0)
    received = bot.last_event("INTERACTION_CREATE")["data"]["options"]
    assert received == [{"type": 4, "name": "seats", "value": 3}, {"type": 3, "name": "day", "value": "mon"}]


def test_ids_are_resolved_in_the_payload(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    kinds = {"who": 6, "where": 7, "role": 8, "any": 9}
    options = [option(kind, name) for name, kind in kinds.items()]
    options[1]["channel_types"] = [0, PUBLIC_THREAD]
    bot.rest.request_json("PUT", GLOBAL, [command(options=options)])
    ids = {"who": fixtures.BOB_ID, "where": fixtures.RAIDS_ID, "role": fixtures.PLAYER_ID, "any": fixtures.ORGANISER_ID}
    given = [{"name": name, "value": str(entity_id)} for name, entity_id in ids.items()]
    local.client.use_command("charlie", fixtures.GENERAL_ID, "game", given, wait=0)
    resolved = bot.last_event("INTERACTION_CREATE")["data"]["resolved"]
    assert resolved["users"][str(fixtures.BOB_ID)]["username"] == "bob"
    assert resolved["members"][str(fixtures.BOB_ID)]["nick"] == "Bob the GM"
    assert "user" not in resolved["members"][str(fixtures.BOB_ID)]
    assert resolved["channels"][str(fixtures.RAIDS_ID)]["permissions"]
    assert set(resolved["roles"]) == {str(fixtures.PLAYER_ID), str(fixtures.ORGANISER_ID)}
    for name, value in (("who", 1), ("where", fixtures.TABLE_ID), ("role", 1), ("any", 1)):
        with pytest.raises(requests.HTTPError, match="50035"):
            local.client.use_command("bob", fixtures.GENERAL_ID, "game", [{"name": name, "value": str(value)}], wait=0)


def test_a_subcommand_is_used_and_named_in_full(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    listing, series = option(1, "list"), option(2, "series", options=[option(1, "end", options=[option()])])
    bot.rest.request_json("PUT", GLOBAL, [command(options=[listing, series])])
    entry = local.client.use_command(
        "bob", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "list", "options": []}], wait=0
    )
    assert entry["command"] == "game list"
    assert bot.last_event("INTERACTION_CREATE")["data"]["options"] == [{"type": 1, "name": "list", "options": []}]
    inner = {"type": 1, "name": "end", "options": [{"name": "title", "value": "Strahd"}]}
    given: list[Json] = [{"type": 2, "name": "series", "options": [inner]}]
    assert local.client.use_command("bob", fixtures.GENERAL_ID, "game", given, wait=0)["command"] == "game series end"
    message = bot.respond(4, {"content": "Ended."})["resource"]["message"]
    assert message["interaction"]["name"] == "game series end"
    bad: list[list[Json]] = [[], [{"type": 1, "name": "other"}], [{"type": 2, "name": "list"}]]
    for wrong in bad:
        with pytest.raises(requests.HTTPError, match="50035"):
            local.client.use_command("bob", fixtures.GENERAL_ID, "game", wrong, wait=0)


def test_context_menu_commands_have_a_target(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    bot.rest.request_json("PUT", GLOBAL, [{"name": "Who is", "type": 2}, {"name": "Quote", "type": 3}])
    message = local.client.send_message("bob", fixtures.GENERAL_ID, "Roll!")
    for name, kind, target in (("Who is", 2, str(fixtures.BOB_ID)), ("Quote", 3, message["id"])):
        data = {"name": name, "type": kind, "target_id": target}
        body = {"type": 2, "channel_id": str(fixtures.GENERAL_ID), "data": data}
        local.client.as_person("charlie", "POST", "/interactions", body)
        received = bot.last_event("INTERACTION_CREATE")["data"]
        assert received["target_id"] == target
        assert target in received["resolved"]["users" if kind == 2 else "messages"]


def test_the_command_index_lists_usable_commands(local: LocalDiscord) -> None:
    rest = RestClient(local)
    rest.request_json("PUT", GLOBAL, [command("everywhere"), command("in-guilds", contexts=[0])])
    rest.request_json("PUT", HERE, [command("managers", default_member_permissions="32"), command("admins")])
    rest.request_json("POST", HERE, command("admins", default_member_permissions="0"))

    def offered(person: str, path: str) -> list[str]:
        index = local.client.as_person(person, "GET", f"{path}/application-command-index")
        assert index["applications"][0]["id"] == local.client_id
        return [listed["name"] for listed in index["application_commands"]]

    guild = f"/guilds/{fixtures.GUILD_ID}"
    assert offered("alice", guild) == ["everywhere", "in-guilds", "managers", "admins"]
    assert offered("bob", guild) == ["everywhere", "in-guilds", "managers"]
    assert offered("charlie", guild) == ["everywhere", "in-guilds"]
    dm = rest.request_json("POST", "/users/@me/channels", {"recipient_id": str(fixtures.BOB_ID)})["id"]
    assert offered("bob", f"/channels/{dm}") == ["everywhere"]
    with pytest.raises(requests.HTTPError, match="10063"):
        local.client.use_command("charlie", fixtures.GENERAL_ID, "managers")
