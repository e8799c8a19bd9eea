"""A game's settings, each from the nearest layer that sets it; read from its row, or resolved from the layers."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.db.models import TextChoices
from django.utils.translation import gettext_noop

from games.core.setting_kinds import ResolvedSetting
from games.core.settings import ALL_SETTINGS, BUILT_IN_VALUES, Declarations


@dataclass(frozen=True)
class SettingsLayer:
    """One layer: its name for people, and its own values, where None inherits."""

    source: str
    values: Mapping[str, Any]


THIS_GAME = gettext_noop("this game")
THE_SERVER = gettext_noop("the server")
BUILT_IN_SOURCE = gettext_noop("our default")


class Layer(TextChoices):
    """The layer that a setting comes from, as a game stores it."""

    GAME = "game"
    TEMPLATE = "template"
    CHANNEL = "channel"
    GUILD = "guild"


class ResolvedSettings(Declarations):
    """The resolved settings of one game as attributes, and the source of each."""

    def __init__(self, values: Mapping[str, Any], load_sources: Callable[[], Mapping[str, ResolvedSetting]]) -> None:
        """`load_sources` is called when a source is asked for: its name may take a query."""
        self.values = values
        self._load_sources = load_sources

    @classmethod
    def of(cls, sources: Mapping[str, ResolvedSetting]) -> Self:
        """Return the settings that were resolved from their layers."""
        return cls({name: one.value for name, one in sources.items()}, lambda: sources)

    @cached_property
    def sources(self) -> Mapping[str, ResolvedSetting]:
        return self._load_sources()


# A setting's value and the layer it comes from. What no layer sets is missing: it has the built-in value.
StoredSettings = Mapping[str, tuple[Any, str]]


def stored_values(stored: StoredSettings) -> dict[str, Any]:
    """Return the value of each setting of a game, by name."""
    return {**BUILT_IN_VALUES, **{name: as_tuple(value) for name, (value, _) in stored.items()}}


def stored_sources(
    stored: StoredSettings, names: Mapping[str, str], locked: Collection[str]
) -> dict[str, ResolvedSetting]:
    """Return the value and source of each setting of a game, given the names of layers by code."""
    return {
        name: ResolvedSetting(
            value, names[stored[name][1]] if name in stored else BUILT_IN_SOURCE, locked=name in locked
        )
        for name, value in stored_values(stored).items()
    }


def as_tuple(value: Any) -> Any:
    """Return a setting's value as settings have it: the column and JSON give lists."""
    return tuple(value) if isinstance(value, list) else value


def resolve_settings(layers: Iterable[SettingsLayer], locked: Iterable[str] = ()) -> dict[str, ResolvedSetting]:
    """Return each setting by name, from the nearest layer that sets it; the game's layer comes first.

    The game's own value of a locked setting is ignored. If the template locks a setting without a value,
    the value that the template inherits is locked.
    """
    locked_names = frozenset(locked)
    chain = [*layers, SettingsLayer(BUILT_IN_SOURCE, BUILT_IN_VALUES)]

    def resolve_one(name: str) -> ResolvedSetting:
        candidates = chain[1:] if name in locked_names and chain[0].source == THIS_GAME else chain
        nearest = next(layer for layer in candidates if layer.values.get(name) is not None)
        value = nearest.values[name]
        return ResolvedSetting(as_tuple(value), nearest.source, name in locked_names)

    return {name: resolve_one(name) for name in ALL_SETTINGS}
