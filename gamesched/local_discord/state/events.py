"""Events of the state, for its listeners."""

from collections.abc import Callable
from dataclasses import dataclass

from gamesched.local_discord.state.entities import Json


@dataclass(frozen=True)
class Event:
    """An event, as the gateway dispatches it."""

    name: str
    data: Json
    guild_id: int | None = None
    channel_id: int | None = None
    only_for: int | None = None  # no one else receives it


Listener = Callable[[Event], None]
