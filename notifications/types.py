"""What kinds of notification there are. The rooms above register theirs; nothing here knows them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from notifications.messages import Letter, Permanent, Sent
from notifications.models import Delivery, Notification


@dataclass(frozen=True)
class Drop:
    """Nothing is to be said, and why."""

    reason: str


def guild_of_game(row: Notification) -> int | None:
    """The guild of the game that a row is about; None for a row about no game."""
    return row.game.guild_id if row.game is not None else None


@dataclass(frozen=True)
class Kind:
    """A letter to people.

    `expand(row, now)` says to whom, inside the transaction and under the game's lock; it may also change
    rows (a game's start touches its post). `render(delivery, now)` makes the letter just before it is sent,
    outside any lock, or drops it when it no longer holds. `guild(row)` is where the recipients' choices count:
    how they want to be told, and when silently; None where they have no choice.
    """

    name: str
    expand: Callable[[Notification, datetime], Iterable[int] | Drop]
    render: Callable[[Delivery, datetime], Letter | Drop] | None = None
    guild: Callable[[Notification], int | None] = guild_of_game


@dataclass(frozen=True)
class Rendered:
    """A post's letter, and the game's revision that it shows."""

    letter: Letter
    revision: int


@dataclass(frozen=True)
class Post:
    """A message kept in step with its game: one row, edited until it shows what is.

    `render(row, now)` makes the letter; `shown(row, rendered, sent, now)` writes down, in the transaction that
    closes the row, what is now to be seen; `failed(row, why, now)` what is not, and returns whether to try
    again at once.
    """

    name: str
    render: Callable[[Notification, datetime], Rendered | Drop]
    shown: Callable[[Notification, Rendered, Sent, datetime], None]
    failed: Callable[[Notification, Permanent, datetime], bool]


_kinds: dict[str, Kind | Post] = {}


def register(kind: Kind | Post) -> None:
    """Make a kind known. Called from `AppConfig.ready()` of the room that owns it."""
    _kinds[kind.name] = kind


def letter_kinds() -> list[str]:
    """Names of the kinds that are expanded into deliveries."""
    return [name for name, kind in _kinds.items() if isinstance(kind, Kind)]


def silent_kinds() -> list[str]:
    """Names of the kinds that write to nobody: they only do something at a time."""
    return [name for name, kind in _kinds.items() if isinstance(kind, Kind) and kind.render is None]


def post_kinds() -> list[str]:
    """Names of the kinds that keep a message in step."""
    return [name for name, kind in _kinds.items() if isinstance(kind, Post)]


def letter_kind(name: str) -> Kind:
    kind = _kinds[name]
    if not isinstance(kind, Kind):
        raise TypeError(f"{name} is a post")
    return kind


def post_kind(name: str) -> Post:
    kind = _kinds[name]
    if not isinstance(kind, Post):
        raise TypeError(f"{name} is a letter")
    return kind
