"""Autocomplete of an option."""

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.tests.rest_client import InteractionBot
from gamesched.local_discord.tests.test_commands import GLOBAL, command, option


def autocomplete_options(local: LocalDiscord, *options: Json) -> Json:
    return local.client.autocomplete("bob", fixtures.GENERAL_ID, "game", list(options), wait=0)


def bot_with_command(local: LocalDiscord) -> InteractionBot:
    bot = InteractionBot(local)
    options = [option(name="title", required=True, autocomplete=True), option(4, "seats", autocomplete=True)]
    bot.rest.request_json("PUT", GLOBAL, [command(options=[*options, option(name="note")])])
    return bot


def test_only_the_person_gets_the_choices(local: LocalDiscord) -> None:
    bot = bot_with_command(local)
    entry = autocomplete_options(local, {"name": "title", "value": "str", "focused": True})
    assert (entry["type"], entry["command"]) == (4, "game")
    event = bot.last_event("INTERACTION_CREATE")
    assert event["data"]["options"] == [{"type": 3, "name": "title", "value": "str", "focused": True}]
    choices = [{"name": "Strahd", "value": "17"}]
    assert "resource" not in bot.respond(8, {"choices": choices})
    assert bot.events[-1].name == "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE"
    assert bot.events[-1].only_for == fixtures.BOB_ID
    assert bot.events[-1].data["choices"] == choices
    assert bot.events[-1].data["nonce"]
    assert local.client.interactions()[-1]["choices"] == choices
    assert bot.response_error(8, {"choices": []}) == (400, 40060)
    assert bot.rest.request_error("POST", bot.webhook_path(), {"content": "x"}) == (404, 10015)


def test_choices_are_validated(local: LocalDiscord) -> None:
    bot = bot_with_command(local)
    autocomplete_options(local, {"name": "title", "value": "", "focused": True})
    bad: list[list[Json]] = [
        [{"name": str(i), "value": "x"} for i in range(26)],
        [{"name": "", "value": "x"}],
        [{"name": "x" * 101, "value": "x"}],
        [{"name": "x", "value": 1}],
        [{"name": "x", "value": "x" * 101}],
    ]
    for choices in bad:
        assert bot.response_error(8, {"choices": choices}) == (400, 50035)
    bot.respond(8, {"choices": []})
    autocomplete_options(local, {"name": "title", "value": "x"}, {"name": "seats", "value": "3", "focused": True})
    assert bot.response_error(8, {"choices": [{"name": "x", "value": "3"}]}) == (400, 50035)
    bot.respond(8, {"choices": [{"name": "three", "value": 3}]})


def test_autocomplete_takes_only_its_own_response_type(local: LocalDiscord) -> None:
    bot = bot_with_command(local)
    autocomplete_options(local, {"name": "title", "value": "", "focused": True})
    for kind in (4, 5, 6, 7, 9):
        assert bot.response_error(kind, {"content": "x"}) == (400, 50035)
    local.client.use_command("bob", fixtures.GENERAL_ID, "game", [{"name": "title", "value": "x"}], wait=0)
    for kind in (6, 7, 8):
        assert bot.response_error(kind, {"choices": []}) == (400, 50035)


def test_exactly_one_option_with_autocomplete_is_typed(local: LocalDiscord) -> None:
    bot_with_command(local)
    focused = {"name": "title", "value": "", "focused": True}
    bad: list[list[Json]] = [
        [{"name": "title", "value": "x"}],
        [{"name": "note", "value": "x", "focused": True}],
        [focused, {"name": "seats", "value": "1", "focused": True}],
    ]
    for options in bad:
        with pytest.raises(requests.HTTPError, match="50035"):
            autocomplete_options(local, *options)
