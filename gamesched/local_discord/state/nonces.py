"""What makes a repeated request harmless: https://discord.com/developers/docs/resources/message#create-message"""

from collections.abc import Callable

from gamesched.local_discord.state.entities import Message, snowflake_time

REMEMBERED = 300.0  # seconds; Discord says "a few minutes"


class Nonces:
    """The messages that were posted with a nonce, each for `remembered` seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.remembered = REMEMBERED
        self._clock = clock
        self._posted: dict[tuple[int, str], Message] = {}

    def remember(self, message: Message) -> None:
        if message.nonce is not None:
            self._posted[message.author_id, str(message.nonce)] = message

    def first(self, author_id: int, nonce: str | int) -> Message | None:
        """What this author posted with this nonce lately."""
        found = self._posted.get((author_id, str(nonce)))
        if found is None or snowflake_time(found.id) + self.remembered < self._clock():
            return None
        return found

    def forget(self) -> None:
        self._posted.clear()
