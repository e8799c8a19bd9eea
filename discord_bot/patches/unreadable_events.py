"""Keeps one event that discord.py cannot read from ending the bot."""

import logging
from collections.abc import Callable
from typing import Any

import discord

log = logging.getLogger(__name__)

# Without these there is no session, so a failure has to be seen.
NEEDED = ("READY", "RESUMED")


def skip_unreadable_events(client: discord.Client) -> None:
    """Make a client log and skip events that discord.py fails to read; unknown names and fields it skips itself.

    It reads an event where it also reads the connection, so one `null` in a field that used to be a list ended the
    program, and again after each restart if the field was a server's.
    """
    parsers = client._connection.parsers
    for name, parser in parsers.items():
        if name not in NEEDED:
            parsers[name] = _skipping(name, parser)


def _skipping(name: str, parser: Callable[[Any], None]) -> Callable[[Any], None]:
    def read(data: Any) -> None:
        try:
            parser(data)
        except Exception:
            log.exception("Discord sent a %s that discord.py can't read. Skipping it.", name)

    return read
