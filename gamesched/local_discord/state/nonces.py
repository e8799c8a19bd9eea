"""Nonces, which make repeated requests harmless: https://discord.com/developers/docs/resources/message#create-message"""

from collections.abc import Callable

from gamesched.local_discord.state.entities import Message, snowflake_time

NONCE_LIFETIME = 300.0  # seconds; Discord documents "a few minutes"


class Nonces:
    """The messages that were posted with a nonce, each for `remembered` seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lifetime = NONCE_LIFETIME
        self._clock = clock
        self._messages: dict[tuple[int, str], Message] = {}

    def remember(self, message: Message) -> None:
        if message.nonce is not None:
            self._messages[message.author_id, str(message.nonce)] = message

    def find_message(self, author_id: int, nonce: str | int) -> Message | None:
        """Return this author's recent message with this nonce."""
        message = self._messages.get((author_id, str(nonce)))
        if message is None or snowflake_time(message.id) + self.lifetime < self._clock():
            return None
        return message

    def clear(self) -> None:
        self._messages.clear()
