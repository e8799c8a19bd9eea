"""Points at which notifyd is killed, between claim, send and record, wrapped around the product's own functions.

Each is installed in a process that is about to run notifyd, and calls `here` whenever it is passed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord

from discord_bot.backend import history
from discord_bot.backend.backend import DiscordBackend
from notifications import shared_messages
from notifications.daemon import leases, outcomes, steps
from notifications.messages import OutgoingMessage
from notifications.models import Notification
from notifications.types import post_types

OnPassing = Callable[[], None]


def _after(owner: Any, name: str, here: OnPassing, when: Callable[[Any], Any] = lambda result: True) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        if when(result):
            here()
        return result

    setattr(owner, name, wrapped)


def _around_async(owner: Any, name: str, before: OnPassing | None = None, after: OnPassing | None = None) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before:
            before()
        result = await real(*args, **kwargs)
        if after:
            after()
        return result

    setattr(owner, name, wrapped)


def _answer_lost(here: OnPassing) -> None:
    """The request is sent whole, but its response never read; Discord may have executed it by then, or not."""
    real = aiohttp.ClientResponse.start

    async def start(self: aiohttp.ClientResponse, connection: Any) -> aiohttp.ClientResponse:
        if self.method == "POST" and self.url.path.endswith("/messages"):
            await asyncio.sleep(random.random() * 0.02)
            here()
        return await real(self, connection)

    aiohttp.ClientResponse.start = start  # type: ignore[method-assign]


def _saved(here: OnPassing) -> None:
    """A result is saved, but the transaction not committed."""
    real = Notification.save

    def save(self: Notification, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if self.kind in post_types():
            here()

    Notification.save = save  # type: ignore[method-assign,assignment]
    _after(outcomes, "_record_sent", here)


def _expanded(here: OnPassing) -> None:
    """Those that are due alone are leased and built in the same transaction."""
    _after(steps, "create_due_deliveries", here, bool)
    _after(steps, "take_due_messages", here, lambda taken: bool(taken[0]))


def _one_recorded(here: OnPassing) -> None:
    _after(outcomes, "_record_together", here)
    _after(outcomes, "_record_delivery", here)
    _after(outcomes, "_record_post", here)


def _all_recorded(here: OnPassing) -> None:
    real = steps.record

    def record(results: Any, now: Any) -> None:
        real(results, now)
        if results:
            here()

    steps.record = record


POINTS: dict[str, Callable[[OnPassing], None]] = {
    "taking over": lambda here: _after(steps, "release_leases", here),
    "expanding, not committed": lambda here: _after(shared_messages, "insert", here),
    "expanded": _expanded,
    "leased, nothing built": lambda here: _after(leases, "_lease", here, bool),
    "leased and read, nothing sent": lambda here: _after(steps, "read_ahead", here),
    "before the request": lambda here: _around_async(DiscordBackend, "send", before=here),
    "person's channel opened": lambda here: _around_async(DiscordBackend, "_open_dm", after=here),
    "request made, answer lost": _answer_lost,
    "sent, not recorded": lambda here: _around_async(DiscordBackend, "send", after=here),
    "recording, not committed": _saved,
    "one of several recorded": _one_recorded,
    "all recorded": _all_recorded,
}
# Passed once for each turn rather than for each message, or only for a person's first direct message.
RARE_POINTS = {
    "taking over": 1,
    "expanding, not committed": 4,
    "expanded": 2,
    "leased, nothing built": 3,
    "leased and read, nothing sent": 3,
    "person's channel opened": 3,
    "recording, not committed": 4,
    "one of several recorded": 4,
    "all recorded": 4,
}


def disable_history_check() -> None:
    """For the control: do not look for messages that may have been sent."""

    async def blind(
        client: discord.Client, channel: discord.PartialMessageable, outgoing: OutgoingMessage
    ) -> int | None:
        return None

    history.find_sent_message = blind
