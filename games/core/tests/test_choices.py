"""The custom ids of choice buttons, which stand in messages for as long as these are there."""

import pytest

from discord_bot.interactions.buttons import ChoiceButton
from games.core.choices import PromptChoice, PromptKind, _handlers

STORED = "question deleted hand_over offer overlap series substitute take_over short"
PATTERN = ChoiceButton.__discord_ui_compiled_template__


@pytest.mark.parametrize("kind", STORED.split())
def test_the_buttons_of_messages_that_are_there_are_understood(kind: str) -> None:
    custom_id = f"ask:{kind}:7:42:yes"
    assert PATTERN.fullmatch(custom_id)
    assert PromptChoice.parse(custom_id) == PromptChoice(PromptKind(kind), 7, 42, "yes")
    assert PromptChoice.parse(custom_id).custom_id == custom_id


def test_each_kind_of_prompt_has_an_action_and_no_other_is_taken() -> None:
    assert _handlers.keys() == {*PromptKind}
    assert not PATTERN.fullmatch("ask:questions:7:42:yes"), "an unknown button has a reply of its own"
