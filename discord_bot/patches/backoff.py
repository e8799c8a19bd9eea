"""How long the bot waits before it connects again."""

import time

import discord.client
from discord.backoff import ExponentialBackoff

MAX_SHORT_DELAY = 5.0  # seconds, at most, before each of the first tries in a row
SHORT_ATTEMPTS = 20  # each may cost one of the thousand identifications that Discord allows in a day
STABLE_AFTER = 60.0  # seconds for which a connection has to hold for its end to be the first in a row again


class ReconnectBackoff:
    """Short waits at first, then discord.py's own, which double up to a quarter of an hour.

    Its own begin to double at the first try and forget only after half an hour: after a few short outages the bot
    heard no click for half a minute although Discord was back.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._doubling = ExponentialBackoff()
        self._attempts = 0
        self._last = time.monotonic()

    def delay(self) -> float:
        """Seconds to wait before the next try."""
        now = time.monotonic()
        if now - self._last > STABLE_AFTER + (MAX_SHORT_DELAY if self._attempts <= SHORT_ATTEMPTS else 2.0**10):
            self._reset()
        self._last = now
        self._attempts += 1
        wait = self._doubling.delay()
        return min(wait, MAX_SHORT_DELAY) if self._attempts <= SHORT_ATTEMPTS else wait


def install_reconnect_backoff() -> None:
    """Have discord.py's clients wait so; it offers no setting for it."""
    discord.client.ExponentialBackoff = ReconnectBackoff  # type: ignore[attr-defined,assignment]
