"""Modals: what they may contain, who sees them, what is submitted, and what may respond to that."""

from typing import Any

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.tests.rest_client import InteractionBot
from gamesched.local_discord.tests.test_commands import GLOBAL, command


def text(**parts: Any) -> Json:
    return {"type": 4, "custom_id": "title", "style": 1, "label": "Title"} | parts


def row(field: Json) -> Json:
    return {"type": 1, "components": [field]}


def label(field: Json, **parts: Any) -> Json:
    return {"type": 18, "label": "Title", "component": {k: v for k, v in field.items() if k != "label"}} | parts


def select(kind: int = 3, **parts: Any) -> Json:
    options = {"options": [{"label": "Easy", "value": "e"}, {"label": "Hard", "value": "h"}]} if kind == 3 else {}
    return {"type": kind, "custom_id": "mode"} | options | parts


def modal(*components: Json, **parts: Any) -> Json:
    return {"custom_id": "game:new", "title": "New game", "components": list(components or [row(text())])} | parts


def bot_with_command_interaction(local: LocalDiscord) -> InteractionBot:
    """The bot has received a command."""
    bot = InteractionBot(local)
    bot.rest.request_json("PUT", GLOBAL, [command()])
    local.client.use_command("bob", fixtures.GENERAL_ID, "game", wait=0)
    return bot


def bot_with_component_interaction(local: LocalDiscord) -> InteractionBot:
    """The bot has received a click on its message."""
    bot = InteractionBot(local)
    button = {"type": 2, "style": 1, "label": "Edit", "custom_id": "edit"}
    message = bot.rest.post_message(fixtures.GENERAL_ID, content="Strahd", components=[row(button)])
    local.client.click("bob", message, "edit", wait=0)
    return bot


@pytest.mark.parametrize(
    "data",
    [
        modal(custom_id=""),
        modal(custom_id="x" * 101),
        modal(title=""),
        modal(title="x" * 46),
        modal(components=[]),
        modal(*[row(text(custom_id=str(i))) for i in range(6)]),
        modal(row(text()), row(text())),
        modal(row(text(custom_id="x" * 101))),
        modal(row(text(style=3))),
        modal(row(text(label="x" * 46))),
        modal(row({"type": 4, "custom_id": "x", "style": 1})),
        modal(row(text(min_length=4001))),
        modal(row(text(max_length=0))),
        modal(row(text(min_length=5, max_length=4))),
        modal(row(text(placeholder="x" * 101))),
        modal(row(text(value="x" * 11, max_length=10))),
        modal(row(select())),
        modal(text()),
        modal(label(text(), label="x" * 46)),
        modal(label(text(), description="x" * 101)),
        modal({"type": 18, "label": "x", "component": text()}),
        modal({"type": 18, "label": "x"}),
        modal(label(select(options=[]))),
        modal(label({"type": 2, "style": 1, "custom_id": "x"})),
    ],
)
def test_it_refuses_what_a_modal_cannot_be(local: LocalDiscord, data: Json) -> None:
    assert bot_with_command_interaction(local).response_error(9, data) == (400, 50035)


def test_a_modal_is_opened_and_submitted(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    assert "resource" not in bot.respond(
        9, modal(row(text()), label(select(required=False)), label(select(5, custom_id="who")))
    )
    opened_modal = bot.last_event("INTERACTION_MODAL_CREATE")
    assert next(e for e in bot.events if e.name == "INTERACTION_MODAL_CREATE").only_for == fixtures.BOB_ID
    assert (opened_modal["custom_id"], opened_modal["title"], opened_modal["application_id"]) == (
        "game:new",
        "New game",
        local.client_id,
    )
    values = {"title": "Strahd", "who": [str(fixtures.CHARLIE_ID)]}
    entry = local.client.submit_modal("bob", local.client.interactions()[-1]["modal"], values, wait=0)
    assert (entry["type"], entry["custom_id"], entry["state"]) == (5, "game:new", "waiting")
    interaction = bot.last_event("INTERACTION_CREATE")
    assert interaction["type"] == 5
    assert "message" not in interaction
    first, second, third = interaction["data"]["components"]
    assert first == {"type": 1, "id": 1, "components": [{"type": 4, "id": 2, "custom_id": "title", "value": "Strahd"}]}
    assert second == {"type": 18, "id": 3, "component": {"type": 3, "id": 4, "custom_id": "mode", "values": []}}
    assert third["component"]["values"] == [str(fixtures.CHARLIE_ID)]
    assert interaction["data"]["resolved"]["users"][str(fixtures.CHARLIE_ID)]["username"] == "charlie"
    message = bot.respond(4, {"content": "Made."})["resource"]["message"]
    assert message["interaction_metadata"]["type"] == 5
    assert message["interaction_metadata"]["triggering_interaction_metadata"]["type"] == 2


def test_submitted_values_are_validated(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    bot.respond(9, modal(row(text(min_length=3, max_length=5)), label(select())))
    opened_modal = bot.last_event("INTERACTION_MODAL_CREATE")
    good: dict[str, str | list[str]] = {"title": "four", "mode": ["e"]}
    bad: list[dict[str, str | list[str]]] = [{"title": ""}, {"title": "ab"}, {"title": "abcdef"}]
    bad += [{"mode": []}, {"mode": ["x"]}, {"mode": ["e", "h"]}]
    for wrong in bad:
        with pytest.raises(requests.HTTPError, match="50035"):
            local.client.submit_modal("bob", opened_modal, good | wrong, wait=0)
    with pytest.raises(requests.HTTPError, match="10062"):
        local.client.submit_modal("charlie", opened_modal, good, wait=0)  # it was shown to Bob
    local.client.submit_modal("bob", opened_modal, good, wait=0)


def test_a_modal_from_a_message_may_edit_that_message(local: LocalDiscord) -> None:
    bot = bot_with_component_interaction(local)
    bot.respond(9, modal())
    local.client.submit_modal("bob", bot.last_event("INTERACTION_MODAL_CREATE"), {"title": "Ravenloft"}, wait=0)
    event = bot.last_event("INTERACTION_CREATE")
    assert event["message"]["content"] == "Strahd"
    assert bot.response_error(9, modal()) == (400, 50035)
    assert bot.respond(7, {"content": "Ravenloft"})["resource"]["message"]["content"] == "Ravenloft"
    assert bot.rest.request_json("GET", bot.webhook_path() + "/messages/@original")["content"] == "Ravenloft"
    follow_up = bot.rest.request_json("POST", bot.webhook_path(), {"content": "Saved.", "flags": 64})
    metadata = follow_up["interaction_metadata"]
    assert metadata["triggering_interaction_metadata"]["interacted_message_id"] == event["message"]["id"]
    assert metadata["original_response_message_id"] == event["message"]["id"]


def test_a_modal_from_a_command_has_no_message_to_edit(local: LocalDiscord) -> None:
    bot = bot_with_command_interaction(local)
    bot.respond(9, modal())
    local.client.submit_modal("bob", bot.last_event("INTERACTION_MODAL_CREATE"), {"title": "Ravenloft"}, wait=0)
    for kind in (6, 7, 8, 9):
        assert bot.response_error(kind, {"content": "x"}) == (400, 50035)
    bot.respond(5)
    assert (
        bot.rest.request_json("PATCH", bot.webhook_path() + "/messages/@original", {"content": "Done."})["flags"] == 0
    )


def test_the_message_of_a_modal_may_be_deleted(local: LocalDiscord) -> None:
    bot = bot_with_component_interaction(local)
    bot.respond(9, modal())
    message = bot.last_event("INTERACTION_CREATE")["message"]
    local.client.add_fault("delete_message", channel_id=message["channel_id"], message_id=message["id"])
    local.client.submit_modal("bob", bot.last_event("INTERACTION_MODAL_CREATE"), {"title": "x"}, wait=0)
    assert "message" not in bot.last_event("INTERACTION_CREATE")
    assert bot.response_error(7, {"content": "x"}) == (404, 10008)
