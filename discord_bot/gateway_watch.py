"""Notices that the bot hears nothing from Discord, and has it listen anew.

A connection may look alive and deliver nothing. It happened that a frame could not be delivered, that the client
reconnected and resumed its session, and that the same frame came first again: deaf for ever. So what counts is that
events arrive. Where none comes by itself, one is asked for.
"""

import asyncio
import faulthandler
import logging
import time
from typing import Any

import discord

log = logging.getLogger(__name__)

CHECK_EVERY = 10.0  # seconds
ASK_AFTER = 60.0  # seconds without an event
SILENT_AFTER = 120.0  # seconds without an event, though one was asked for: longer than an ordinary reconnection
STUCK_AFTER = 90.0  # seconds in which the event loop ran nothing
GIVEN_UP = "given-up"  # no session's id, so Discord answers that the client must identify


class GatewayWatch:
    """When a client last heard an event, and what is done when it hears none."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._last_event_at = self._renewed_at = time.monotonic()

    def note_event(self) -> None:
        """Note that an event arrived."""
        self._last_event_at = time.monotonic()

    @property
    def silence(self) -> float:
        """Return the seconds since the last event; 0 where none can be asked for, in no server."""
        if self._client.is_ready() and not self._client.guilds:
            return 0.0
        return time.monotonic() - self._last_event_at

    async def watch(self) -> None:
        """Check for ever. A stuck event loop, which nothing can mend, ends the process with its traceback."""
        try:
            while True:
                faulthandler.dump_traceback_later(STUCK_AFTER, exit=True)
                try:
                    await self.check()
                except Exception as reason:
                    # The connection ends while it is used; the client makes another.
                    log.info("Could not test the connection to Discord: %s", reason)
                await asyncio.sleep(CHECK_EVERY)
        finally:
            faulthandler.cancel_dump_traceback_later()

    async def check(self) -> None:
        """Ask for an event after a silence, and give up the session after a long one."""
        ws: Any = self._client.ws  # None until there is a connection
        if ws is None or not ws.open:
            return
        if self.silence > SILENT_AFTER and time.monotonic() - self._renewed_at > SILENT_AFTER:
            log.error("Heard nothing from Discord for %.0f seconds. Starting a new session.", self.silence)
            self._renewed_at = time.monotonic()
            ws.session_id = GIVEN_UP
            await ws.close(4000)
        elif self.silence > ASK_AFTER and self._client.guilds and self._client.user is not None:
            # Answered by an event, and by id it needs no privileged intent.
            # https://docs.discord.com/developers/events/gateway-events#request-guild-members
            guild = next((one for one in self._client.guilds if not one.unavailable), self._client.guilds[0])
            await ws.request_chunks(guild.id, limit=0, user_ids=[self._client.user.id])
