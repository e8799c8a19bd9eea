"""The messages that answer an interaction: read, changed and deleted with its token."""

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.test_modals import clicked, used


def contents(local: LocalDiscord, person: str = "bob") -> list[str]:
    return [each["content"] for each in local.client.messages(person, fixtures.GENERAL_ID)]


def test_the_first_answer_is_read_changed_and_deleted(local: LocalDiscord) -> None:
    ear = used(local)
    original = ear.webhook() + "/messages/@original"
    assert ear.bare.refused("GET", original) == (404, 10015)
    ear.answer(4, {"content": "One", "flags": 64})
    assert ear.bare.ok("GET", original)["content"] == "One"
    assert ear.bare.ok("PATCH", original + "?with_components=true", {"content": "Two"})["flags"] == 64
    assert (contents(local), contents(local, "charlie")) == (["Two"], [])
    ear.bare.ok("DELETE", original)
    for method in ("GET", "PATCH", "DELETE"):
        assert ear.bare.refused(method, original, {"content": "x"}) == (404, 10008)
    assert contents(local) == []


def test_follow_ups_are_reached_by_their_id_and_with_their_own_token_only(local: LocalDiscord) -> None:
    ear = used(local)
    first = ear.webhook()
    message_id = ear.answer(4, {"content": "One"})["resource"]["message"]["id"]
    private = ear.bare.ok("POST", first, {"content": "Two", "flags": 64})
    assert private["flags"] == 64
    assert private["interaction_metadata"]["original_response_message_id"] == message_id
    path = f"{first}/messages/{private['id']}"
    assert ear.bare.ok("PATCH", path, {"content": "Three"})["content"] == "Three"
    assert (contents(local), contents(local, "charlie")) == (["Three", "One"], ["One"])
    local.client.command("bob", fixtures.GENERAL_ID, "game", wait=0)
    ear.answer(4, {"content": "Other"})
    assert ear.bare.refused("GET", f"{ear.webhook()}/messages/{private['id']}") == (404, 10008)
    ear.bare.ok("DELETE", path)
    assert ear.bare.refused("GET", path) == (404, 10008)


def test_a_deferred_answer_is_filled_in(local: LocalDiscord) -> None:
    ear = used(local)
    told = ear.answer(5, {"flags": 64})
    assert told["interaction"]["response_message_loading"] is True
    changed = ear.bare.ok("PATCH", ear.webhook() + "/messages/@original", {"content": "Done."})
    assert (changed["flags"], changed["edited_timestamp"]) == (64, None)


def test_an_edit_of_a_message_that_is_gone_leaves_the_interaction_open(local: LocalDiscord) -> None:
    ear = clicked(local)
    message = ear.last("INTERACTION_CREATE")["message"]
    ear.bare.ok("DELETE", f"/channels/{message['channel_id']}/messages/{message['id']}")
    assert ear.refused(7, {"content": "x"}) == (404, 10008)
    ear.answer(4, {"content": "It is gone.", "flags": 64})
    assert ear.refused(4, {"content": "x"}) == (400, 40060)


def test_a_token_lives_for_fifteen_minutes(local: LocalDiscord) -> None:
    ear = used(local)
    ear.answer(4, {"content": "One"})
    (made,) = local.server.services.interactions._by_id.values()
    made.sent_at -= 901
    assert ear.bare.refused("POST", ear.webhook(), {"content": "late"}) == (401, 50027)
