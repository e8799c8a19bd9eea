"""Events: what happened, to whoever listens."""

from collections.abc import Callable
from dataclasses import dataclass

from gamesched.local_discord.state.entities import Json


@dataclass(frozen=True)
class Event:
    """Something that happened, as the gateway tells it."""

    name: str
    data: Json
    guild_id: int | None = None
    channel_id: int | None = None
    only_for: int | None = None  # nobody else hears of it


Listener = Callable[[Event], None]
