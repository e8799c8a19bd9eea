"""Resolving a game's settings, and where each value comes from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.core.resolved_settings import BUILT_IN_SOURCE, THE_SERVER, THIS_GAME, SettingsLayer, resolve_settings
from games.core.setting_kinds import ResolvedSetting
from games.core.settings import ALL_SETTINGS, BUILT_IN_VALUES

SOURCES = (THIS_GAME, "Campaign", "#raids", THE_SERVER)
VALUES = st.one_of(st.none(), st.just(0), st.just(""), st.lists(st.integers(0, 9), max_size=2), st.integers(1, 99))


def reference(name: str, layer_values: list[dict[str, Any]], locked: set[str]) -> tuple[Any, str]:
    for source, values in zip(SOURCES, layer_values, strict=True):
        if values.get(name) is not None and not (source == THIS_GAME and name in locked):
            return values[name], source
    return BUILT_IN_VALUES[name], BUILT_IN_SOURCE


@given(
    layers=st.lists(st.dictionaries(st.sampled_from(ALL_SETTINGS), VALUES), min_size=4, max_size=4),
    locked=st.sets(st.sampled_from(ALL_SETTINGS)),
)
def test_the_nearest_layer_with_a_value_counts(layers: list[dict[str, Any]], locked: set[str]) -> None:
    resolved = resolve_settings([SettingsLayer(s, v) for s, v in zip(SOURCES, layers, strict=True)], locked)
    for name in ALL_SETTINGS:
        value, source = reference(name, layers, locked)
        value = tuple(value) if isinstance(value, list) else value
        assert resolved[name] == ResolvedSetting(value, source, name in locked)


def chain(game: Any, template: Any, channel: Any, guild: Any, template_name: str = "Campaign") -> list[SettingsLayer]:
    names = (THIS_GAME, template_name, "#raids", THE_SERVER)
    return [SettingsLayer(n, {"seats": v}) for n, v in zip(names, (game, template, channel, guild), strict=True)]


@pytest.mark.parametrize(
    ("case", "layers", "locked", "value", "source"),
    [
        ("nobody says anything", chain(None, None, None, None), (), 0, BUILT_IN_SOURCE),
        ("the server does", chain(None, None, None, 8), (), 8, THE_SERVER),
        ("the channel is nearer", chain(None, None, 6, 8), (), 6, "#raids"),
        ("the template is nearer", chain(None, 5, 6, 8), (), 5, "Campaign"),
        ("the game is nearest", chain(4, 5, 6, 8), (), 4, THIS_GAME),
        ("a lock holds against the game", chain(4, 5, 6, 8), ("seats",), 5, "Campaign"),
        ("a silent template's lock holds what it inherits", chain(4, None, 6, 8), ("seats",), 6, "#raids"),
        ("a lock, and the channel changes later", chain(4, None, 7, 8), ("seats",), 7, "#raids"),
        ("unlocked, the game's own value is back", chain(4, 5, 6, 8), (), 4, THIS_GAME),
        ("another template", chain(None, 3, 6, 8, "One-shot"), (), 3, "One-shot"),
        ("another template that is silent", chain(None, None, 6, 8, "One-shot"), (), 6, "#raids"),
        ("moved to a channel that is silent", chain(None, None, None, 8), (), 8, THE_SERVER),
        ("the game's field is cleared", chain(None, 5, 6, 8), (), 5, "Campaign"),
        ("0 is a value: unlimited", chain(0, 5, 6, 8), (), 0, THIS_GAME),
        ("0 of the channel against the server", chain(None, None, 0, 8), (), 0, "#raids"),
        ("a locked 0", chain(4, 0, 6, 8), ("seats",), 0, "Campaign"),
    ],
)
def test_value_and_source(
    case: str, layers: list[SettingsLayer], locked: tuple[str, ...], value: int, source: str
) -> None:
    resolved = resolve_settings(layers, locked)["seats"]
    assert (resolved.value, resolved.source) == (value, source), case
    assert resolved.locked is bool(locked)


@pytest.mark.parametrize(("name", "empty"), [("reminders", ()), ("location", ""), ("player_role_ids", ())])
def test_none_is_a_value_and_nothing_inherits(name: str, empty: Any) -> None:
    full = {"reminders": [60], "location": "Table 3", "player_role_ids": [7]}
    levels = [SettingsLayer(THIS_GAME, {name: empty}), SettingsLayer(THE_SERVER, full)]
    assert resolve_settings(levels)[name] == ResolvedSetting(empty, THIS_GAME)
    levels = [SettingsLayer(THIS_GAME, {name: None}), SettingsLayer(THE_SERVER, full)]
    assert resolve_settings(levels)[name].source == THE_SERVER
