"""How long the bot waits before it connects again."""

import time

import discord.client
from discord.backoff import ExponentialBackoff

SOON = 5.0  # seconds, at most, before each of the first tries in a row
TRIES = 20  # each may cost one of the thousand identifications that Discord allows in a day
LASTING = 60.0  # seconds for which a connection has to hold for its end to be the first in a row again


class Patience:
    """Short waits at first, then discord.py's own, which double up to a quarter of an hour.

    Its own begin to double at the first try and forget only after half an hour: after a few short outages the bot
    heard no click for half a minute although Discord was back.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._growing = ExponentialBackoff()
        self._tries = 0
        self._last = time.monotonic()

    def delay(self) -> float:
        """Seconds to wait before the next try."""
        now = time.monotonic()
        if now - self._last > LASTING + (SOON if self._tries <= TRIES else 2.0**10):
            self._begin()
        self._last = now
        self._tries += 1
        wait = self._growing.delay()
        return min(wait, SOON) if self._tries <= TRIES else wait


def connect_with_patience() -> None:
    """Have discord.py's clients wait so; it offers no setting for it."""
    discord.client.ExponentialBackoff = Patience  # type: ignore[attr-defined,assignment]
