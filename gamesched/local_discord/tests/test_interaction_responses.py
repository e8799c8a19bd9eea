"""The messages that respond to an interaction: read, changed and deleted with its token."""

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.test_modals import bot_with_command_interaction, bot_with_component_interaction


def contents(local: LocalDiscord, person: str = "bob") -> list[str]:
    return [message["content"] for message in local.client.messages(person, fixtures.GENERAL_ID)]


def test_the_original_response_is_read_edited_and_deleted(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    original = bot.webhook_path() + "/messages/@original"
    assert bot.rest.request_error("GET", original) == (404, 10015)
    bot.respond(4, {"content": "One", "flags": 64})
    assert bot.rest.request_json("GET", original)["content"] == "One"
    assert bot.rest.request_json("PATCH", original + "?with_components=true", {"content": "Two"})["flags"] == 64
    assert (contents(local), contents(local, "charlie")) == (["Two"], [])
    bot.rest.request_json("DELETE", original)
    for method in ("GET", "PATCH", "DELETE"):
        assert bot.rest.request_error(method, original, {"content": "x"}) == (404, 10008)
    assert contents(local) == []


def test_follow_ups_are_reached_by_their_id_and_with_their_own_token_only(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    first = bot.webhook_path()
    message_id = bot.respond(4, {"content": "One"})["resource"]["message"]["id"]
    private = bot.rest.request_json("POST", first, {"content": "Two", "flags": 64})
    assert private["flags"] == 64
    assert private["interaction_metadata"]["original_response_message_id"] == message_id
    path = f"{first}/messages/{private['id']}"
    assert bot.rest.request_json("PATCH", path, {"content": "Three"})["content"] == "Three"
    assert (contents(local), contents(local, "charlie")) == (["Three", "One"], ["One"])
    local.client.use_command("bob", fixtures.GENERAL_ID, "game", wait=0)
    bot.respond(4, {"content": "Other"})
    assert bot.rest.request_error("GET", f"{bot.webhook_path()}/messages/{private['id']}") == (404, 10008)
    bot.rest.request_json("DELETE", path)
    assert bot.rest.request_error("GET", path) == (404, 10008)


def test_a_followup_replaces_a_deferred_response(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    response = bot.respond(5, {"flags": 64})
    assert response["interaction"]["response_message_loading"] is True
    changed = bot.rest.request_json("PATCH", bot.webhook_path() + "/messages/@original", {"content": "Done."})
    assert (changed["flags"], changed["edited_timestamp"]) == (64, None)


def test_an_edit_of_a_deleted_message_leaves_the_interaction_open(local: LocalDiscord) -> None:
    bot = bot_with_component_interaction(local)
    message = bot.last_event("INTERACTION_CREATE")["message"]
    bot.rest.request_json("DELETE", f"/channels/{message['channel_id']}/messages/{message['id']}")
    assert bot.response_error(7, {"content": "x"}) == (404, 10008)
    bot.respond(4, {"content": "It is gone.", "flags": 64})
    assert bot.response_error(4, {"content": "x"}) == (400, 40060)


def test_a_token_lives_for_fifteen_minutes(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    bot.respond(4, {"content": "One"})
    (interaction,) = local.server.services.interactions._by_id.values()
    interaction.created_at -= 901
    assert bot.rest.request_error("POST", bot.webhook_path(), {"content": "late"}) == (401, 50027)
