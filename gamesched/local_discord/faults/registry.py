"""The table of fault kinds: their parameters, validated before use and shown by the page's panel."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from gamesched.local_discord.faults.request_faults import Pause, RequestFault
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.state.entities import APPLICATION_ID, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State
from gamesched.local_discord.state.voice import CHANNEL_TYPES

NEWEST, NEWEST_OF_BOT = "newest", "newest_of_bot"  # accepted instead of a message's id
MAX_SECONDS = 3600.0  # seconds


class InvalidFault(ValueError):
    """Raised for a fault that cannot be set, with the reason."""


@dataclass
class FaultContext:
    """The objects that faults act on."""

    state: State
    gateway: Gateway
    frozen: Pause
    unreachable: Pause
    abort_connections: Callable[[], None]  # every connection of the gateway, at once
    pending: list[RequestFault] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(frozen=True)
class FaultParameter:
    """A parameter of a fault. `shape` names its parser, and its list among the panel's choices.

    The panel requires one of the parameters with the same `one_of`, and shows `seldom` ones apart.
    """

    name: str
    shape: str
    label: str
    default: Any = None
    required: bool = False
    one_of: str = ""
    seldom: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault. `apply` returns a sentence about what was done."""

    name: str
    group: str
    description: str
    parameters: tuple[FaultParameter, ...]
    apply: Callable[[FaultContext, Json], str]

    def payload(self) -> Json:
        return {
            "name": self.name,
            "group": self.group,
            "does": self.description,
            "keys": [asdict(key) for key in self.parameters],
        }

    def parse(self, state: State, body: Json) -> Json:
        """Return the body's value for each parameter, validated, with defaults. Raise InvalidFault."""
        known = {key.name: key for key in self.parameters}
        unknown = sorted(body.keys() - known.keys() - {"kind"})
        if unknown:
            raise InvalidFault(f"{self.name} knows no {unknown[0]}. It may be told {', '.join(known) or 'nothing'}.")
        values = {}
        for key in self.parameters:
            if body.get(key.name) is not None:
                values[key.name] = PARSERS[key.shape](state, key, body[key.name])
            elif key.required:
                raise InvalidFault(f"{self.name} needs {key.name}: {key.label}.")
            else:
                values[key.name] = key.default
        return values


KINDS: dict[str, FaultKind] = {}


def fault_kind(
    group: str, *keys: FaultParameter
) -> Callable[[Callable[[FaultContext, Json], str]], Callable[[FaultContext, Json], str]]:
    """Register a function in the table under its name. Its docstring tells people what it does."""

    def add(happen: Callable[[FaultContext, Json], str]) -> Callable[[FaultContext, Json], str]:
        KINDS[happen.__name__] = FaultKind(happen.__name__, group, str(happen.__doc__), keys, happen)
        return happen

    return add


# --- parsers of parameters -------------------------------------------------------------------------------------

Parser = Callable[[State, FaultParameter, Any], Any]


def _existing_id(entities: Callable[[State], Any], noun: str) -> Parser:
    """Return a parser for the id of an existing entity."""

    def read(state: State, key: FaultParameter, value: Any) -> int:
        entity_id = _parse_id(key, value)
        if entity_id not in entities(state):
            raise InvalidFault(f"{key.name}: there is no {noun} with the id {entity_id}.")
        return entity_id

    return read


def _parse_id(key: FaultParameter, value: Any) -> int:
    try:
        if not isinstance(value, bool | float):
            return int(value)
    except (TypeError, ValueError):
        pass
    raise InvalidFault(f"{key.name} must be an id, not {value!r}.")


def _list_of(each: Parser) -> Parser:
    def read(state: State, key: FaultParameter, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise InvalidFault(f"{key.name} must be a list.")
        return [each(state, key, one) for one in value]

    return read


def _message_id(state: State, key: FaultParameter, value: Any) -> int | str:
    return str(value) if value in (NEWEST, NEWEST_OF_BOT) else _parse_id(key, value)


def _permission(state: State, key: FaultParameter, value: Any) -> int:
    try:
        return int(Permission[str(value).upper()])
    except KeyError:
        raise InvalidFault(f"{key.name}: there is no permission {value}.") from None


def _number_between(least: float, most: float, whole: bool) -> Parser:
    def read(state: State, key: FaultParameter, value: Any) -> float:
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not least <= value <= most:
            sort = "a whole number" if whole else "a number"
            raise InvalidFault(f"{key.name} must be {sort} from {least:g} to {most:g}, not {value!r}.")
        return int(value) if whole else float(value)

    return read


def _of_type(kind: type, noun: str) -> Parser:
    def read(state: State, key: FaultParameter, value: Any) -> Any:
        if not isinstance(value, kind):
            raise InvalidFault(f"{key.name} must be {noun}, not {value!r}.")
        return value

    return read


def _choice(state: State, key: FaultParameter, value: Any) -> str:
    if value not in key.choices:
        raise InvalidFault(f"{key.name} must be one of {', '.join(key.choices)}, not {value!r}.")
    return str(value)


_role = _existing_id(lambda state: {role for guild in state.guilds.values() for role in guild.roles}, "role")
PARSERS: dict[str, Parser] = {
    "guild": _existing_id(lambda state: state.guilds, "server"),
    "channel": _existing_id(lambda state: state.channels, "channel"),
    "voice": _existing_id(
        lambda state: {each.id for each in state.channels.values() if each.type in CHANNEL_TYPES}, "voice channel"
    ),
    "event": _existing_id(
        lambda state: {event for guild in state.guilds.values() for event in guild.scheduled}, "event"
    ),
    "role": _role,
    "any_role": _role,
    "roles": _list_of(_role),
    "person": _existing_id(lambda state: state.users.keys() - {APPLICATION_ID}, "person"),
    "member": _existing_id(lambda state: state.users, "person"),
    "message": _message_id,
    "messages": _list_of(lambda state, key, value: _parse_id(key, value)),
    "permissions": _list_of(_permission),
    "request": _of_type(str, 'a pattern for "METHOD /path"'),
    "text": _of_type(str, "a text"),
    "flag": _of_type(bool, "true or false"),
    "status": _number_between(200, 599, whole=True),
    "number": _number_between(0, 1_000_000_000, whole=True),
    "count": _number_between(1, 100, whole=True),
    "seconds": _number_between(0, MAX_SECONDS, whole=False),
    "part": _number_between(0, 1, whole=False),
    "choice": _choice,
}
