"""Sets how long the bot waits before it reconnects."""

import time

import discord.client
from discord.backoff import ExponentialBackoff

MAX_SHORT_DELAY = 5.0  # maximum seconds before each of the first attempts in a row
SHORT_ATTEMPTS = 20  # each may cost one of the thousand IDENTIFY calls that Discord allows in a day
STABLE_AFTER = 60.0  # seconds that a connection must last for the count of attempts to start again


class ReconnectBackoff:
    """Short waits at first, then discord.py's own, which double up to a quarter of an hour.

    Its own double from the first attempt and reset only after half an hour: after a few short outages the bot
    missed all clicks for half a minute although Discord was back.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._doubling = ExponentialBackoff()
        self._attempts = 0
        self._last = time.monotonic()

    def delay(self) -> float:
        """Return the seconds to wait before the next attempt."""
        now = time.monotonic()
        if now - self._last > STABLE_AFTER + (MAX_SHORT_DELAY if self._attempts <= SHORT_ATTEMPTS else 2.0**10):
            self._reset()
        self._last = now
        self._attempts += 1
        wait = self._doubling.delay()
        return min(wait, MAX_SHORT_DELAY) if self._attempts <= SHORT_ATTEMPTS else wait


def install_reconnect_backoff() -> None:
    """Make discord.py's clients use this backoff, for which it has no setting."""
    discord.client.ExponentialBackoff = ReconnectBackoff  # type: ignore[attr-defined,assignment]
