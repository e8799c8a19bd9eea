"""The table of the kinds of fault: what each is told, checked before it happens, and shown by the page's panel."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from gamesched.local_discord.faults.request_faults import Fault, Pause
from gamesched.local_discord.gateway.gateway import Gateway
from gamesched.local_discord.state.entities import APPLICATION_ID, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import World

NEWEST, NEWEST_OF_BOT = "newest", "newest_of_bot"  # what may stand for a message's id
LONGEST = 3600.0  # seconds


class BadFault(ValueError):
    """A fault that cannot be set, with the reason."""


@dataclass
class Scene:
    """What faults happen to."""

    world: World
    gateway: Gateway
    frozen: Pause
    unreachable: Pause
    cut: Callable[[], None]  # every connection of the gateway, at once
    waiting: list[Fault] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(frozen=True)
class Key:
    """Something a fault is told. `shape` says what may stand there, and names its list among the panel's choices.

    Of the keys with one `one_of`, the panel asks for one; what is `seldom` needed stands apart.
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
class Kind:
    """A kind of fault. `happen` returns a sentence that says what was done."""

    name: str
    group: str
    does: str
    keys: tuple[Key, ...]
    happen: Callable[[Scene, Json], str]

    def told(self) -> Json:
        return {"name": self.name, "group": self.group, "does": self.does, "keys": [asdict(key) for key in self.keys]}

    def read(self, world: World, body: Json) -> Json:
        """What the body says for each key, checked, with the defaults. Raises BadFault."""
        known = {key.name: key for key in self.keys}
        strange = sorted(body.keys() - known.keys() - {"kind"})
        if strange:
            raise BadFault(f"{self.name} knows no {strange[0]}. It may be told {', '.join(known) or 'nothing'}.")
        given = {}
        for key in self.keys:
            if body.get(key.name) is not None:
                given[key.name] = READERS[key.shape](world, key, body[key.name])
            elif key.required:
                raise BadFault(f"{self.name} needs {key.name}: {key.label}.")
            else:
                given[key.name] = key.default
        return given


KINDS: dict[str, Kind] = {}


def kind(group: str, *keys: Key) -> Callable[[Callable[[Scene, Json], str]], Callable[[Scene, Json], str]]:
    """Put a function into the table under its name. Its docstring says to people what it does."""

    def add(happen: Callable[[Scene, Json], str]) -> Callable[[Scene, Json], str]:
        KINDS[happen.__name__] = Kind(happen.__name__, group, str(happen.__doc__), keys, happen)
        return happen

    return add


# --- what may stand in a key -----------------------------------------------------------------------------------

Reader = Callable[[World, Key, Any], Any]


def _of(where: Callable[[World], Any], thing: str) -> Reader:
    """The id of something that is there."""

    def read(world: World, key: Key, value: Any) -> int:
        found = _id(key, value)
        if found not in where(world):
            raise BadFault(f"{key.name}: there is no {thing} with the id {found}.")
        return found

    return read


def _id(key: Key, value: Any) -> int:
    try:
        if not isinstance(value, bool | float):
            return int(value)
    except (TypeError, ValueError):
        pass
    raise BadFault(f"{key.name} must be an id, not {value!r}.")


def _list_of(each: Reader) -> Reader:
    def read(world: World, key: Key, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise BadFault(f"{key.name} must be a list.")
        return [each(world, key, one) for one in value]

    return read


def _message(world: World, key: Key, value: Any) -> int | str:
    return str(value) if value in (NEWEST, NEWEST_OF_BOT) else _id(key, value)


def _permission(world: World, key: Key, value: Any) -> int:
    try:
        return int(Permission[str(value).upper()])
    except KeyError:
        raise BadFault(f"{key.name}: there is no permission {value}.") from None


def _between(least: float, most: float, whole: bool) -> Reader:
    def read(world: World, key: Key, value: Any) -> float:
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not least <= value <= most:
            sort = "a whole number" if whole else "a number"
            raise BadFault(f"{key.name} must be {sort} from {least:g} to {most:g}, not {value!r}.")
        return int(value) if whole else float(value)

    return read


def _typed(kind: type, sort: str) -> Reader:
    def read(world: World, key: Key, value: Any) -> Any:
        if not isinstance(value, kind):
            raise BadFault(f"{key.name} must be {sort}, not {value!r}.")
        return value

    return read


def _choice(world: World, key: Key, value: Any) -> str:
    if value not in key.choices:
        raise BadFault(f"{key.name} must be one of {', '.join(key.choices)}, not {value!r}.")
    return str(value)


_role = _of(lambda world: {role for guild in world.guilds.values() for role in guild.roles}, "role")
READERS: dict[str, Reader] = {
    "guild": _of(lambda world: world.guilds, "server"),
    "channel": _of(lambda world: world.channels, "channel"),
    "role": _role,
    "roles": _list_of(_role),
    "person": _of(lambda world: world.users.keys() - {APPLICATION_ID}, "person"),
    "member": _of(lambda world: world.users, "person"),
    "message": _message,
    "messages": _list_of(lambda world, key, value: _id(key, value)),
    "permissions": _list_of(_permission),
    "request": _typed(str, 'a pattern for "METHOD /path"'),
    "text": _typed(str, "a text"),
    "flag": _typed(bool, "true or false"),
    "status": _between(200, 599, whole=True),
    "number": _between(0, 1_000_000_000, whole=True),
    "count": _between(1, 100, whole=True),
    "seconds": _between(0, LONGEST, whole=False),
    "part": _between(0, 1, whole=False),
    "choice": _choice,
}
