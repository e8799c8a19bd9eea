"""What a notification carries from when it is scheduled to when it is sent, typed. This is the one way to its JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self, get_type_hints

from notifications.models import Notification


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Stored:
    """How JSON holds a value, as a note in its annotation: `Annotated[int, Stored("number")]`."""

    key: str
    read: Callable[[Any], Any] = _as_it_is
    write: Callable[[Any], Any] = _as_it_is


def stored_id(key: str) -> Stored:
    """A Discord id, which JSON holds as text."""
    return Stored(key, int, str)


def stored_time(key: str) -> Stored:
    """A time, which JSON holds as ISO 8601 text."""
    return Stored(key, datetime.fromisoformat, datetime.isoformat)


@dataclass(frozen=True)
class Payload:
    """Base of the payloads. A value that is its field's default is left out of the JSON."""

    @classmethod
    def of(cls, row: Notification) -> Self:
        """Read a row's payload. Raises TypeError where the row lacks a field without default."""
        return cls.from_json(row.payload)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Keys that no field has are left alone."""
        found = {name: (how, values[how.key]) for name, how in _storage(cls).items() if how.key in values}
        return cls(**{name: how.read(value) if value is not None else None for name, (how, value) in found.items()})

    def to_json(self) -> dict[str, Any]:
        """The values as JSON takes them, by their stored keys."""
        storage = _storage(type(self))
        pairs = ((storage[each.name], getattr(self, each.name), each.default) for each in fields(self))
        return {how.key: how.write(value) for how, value, default in pairs if value != default}


_storages: dict[type[Payload], dict[str, Stored]] = {}


def _storage(payload_type: type[Payload]) -> dict[str, Stored]:
    """Return how JSON stores each field: as annotated, else unchanged under the field's name."""
    if payload_type not in _storages:
        _storages[payload_type] = _read_annotations(payload_type)
    return _storages[payload_type]


def _read_annotations(payload_type: type[Payload]) -> dict[str, Stored]:
    hints = get_type_hints(payload_type, include_extras=True)
    notes = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {
        name: next((one for one in found if isinstance(one, Stored)), Stored(name)) for name, found in notes.items()
    }
