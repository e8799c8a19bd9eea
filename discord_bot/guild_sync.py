"""Saves guilds as the gateway client has them, with what follows: many changes together, one write at a time."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord

from discord_bot.converters import to_guild_payload, to_member_payload
from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.http.lookup_limit import reserve_lookup
from games.agenda import actions as agenda_actions
from games.companions import actions as companion_actions
from games.companions.event_changes import recheck_events
from games.posts import actions as post_actions
from games.server_settings import removals
from games.server_settings import setup as guild_setup
from games.signups import eligibility
from gamesched.lib.clock import db_now
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from guilds.directory import upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import GuildPayload, MemberPayload

log = logging.getLogger(__name__)

SYNC_DELAY = 0.3  # seconds in which changes to one guild are merged into one write
# Written in one transaction: 25 of 50 channels take the event loop 30 ms to read, and the database as long again.
GUILDS_AT_ONCE = 25
DATABASE_RETRY = 2.0  # seconds


class GuildSync:
    """Saves the guilds of a client; `start` runs work in the background."""

    def __init__(self, client: discord.Client, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._client = client
        self._start = start
        self._changed_ids: set[int] = set()
        self.saves_all_soon = False  # between the connection and `on_ready`, while guilds arrive one by one
        # Writes are serialised: a deleted thread came back with a guild payload built just before.
        self._write_lock = asyncio.Lock()

    def sync_soon(self, guild: discord.Guild) -> None:
        """Save the complete guild in a moment. Moving one role by hand sends an event for every role."""
        if self.saves_all_soon:
            return
        if not self._changed_ids:
            self._start(self._sync_changed())
        self._changed_ids.add(guild.id)

    async def _sync_changed(self) -> None:
        await asyncio.sleep(SYNC_DELAY)
        # From here on, another event starts another write.
        changed, self._changed_ids = self._changed_ids, set()
        guilds = [guild for guild_id in sorted(changed) if (guild := self._client.get_guild(guild_id)) is not None]
        for guild in await self.write([guild for guild in guilds if not guild.unavailable]):
            await self.welcome_owner(guild)

    async def write(self, guilds: Sequence[discord.Guild]) -> list[discord.Guild]:
        """Save guilds as they are by then, and return those whose owner is yet to be welcomed. Wait for the database.

        One that cannot be saved stops no other.
        """
        new = []
        for start in range(0, len(guilds), GUILDS_AT_ONCE):
            new += await self._write_together(guilds[start : start + GUILDS_AT_ONCE])
        return new

    async def _write_together(self, guilds: Sequence[discord.Guild]) -> list[discord.Guild]:
        while True:
            try:
                async with self._write_lock:
                    new = await run_in_db_thread(save_guilds, [to_guild_payload(guild) for guild in guilds])
                break
            except DATABASE_AWAY as reason:
                log.warning("Could not save %d servers: %s", len(guilds), str(reason).strip())
                await asyncio.sleep(DATABASE_RETRY)
            except Exception:
                if len(guilds) > 1:  # it may be about one of them
                    return [new for guild in guilds for new in await self._write_together([guild])]
                log.exception("Could not save the server %s; the next change there tries again", guilds[0].id)
                return []
        # Without the lock, as people may be looked up before they lose a seat. The sweep makes up for what fails.
        try:
            await run_in_db_thread(drop_hidden_signups, [guild.id for guild in guilds])
        except Exception:
            log.exception("Could not free seats in hidden channels of %d servers", len(guilds))
        return [guild for guild in guilds if guild.id in new]

    async def welcome_owner(self, guild: discord.Guild) -> None:
        try:
            # Even if hundreds of guilds invite it at once, the limit shared by all programs applies.
            await asyncio.sleep(await run_in_db_thread(reserve_lookup))
            owner = to_member_payload(await guild.fetch_member(guild.owner_id or 0))
        except (*REQUEST_FAILED, DirectoryUnavailable) as reason:
            log.warning("Could not ask who owns the server %s, so nobody is welcomed yet: %s", guild, reason)
            return
        if not owner.user.bot:  # a server that a bot made
            await run_in_db_thread(_welcome_guild, guild.id, owner)

    async def mark_thread_deleted(self, guild_id: int, thread_id: int) -> None:
        async with self._write_lock:
            await run_in_db_thread(_mark_thread_deleted, guild_id, thread_id)


def save_guilds(payloads: Sequence[GuildPayload]) -> set[int]:
    """Save guilds with what follows, and return the ids of those whose owner still has to be welcomed."""
    now = db_now()
    upsert.upsert_guilds(payloads, now)
    guild_ids = [payload.id for payload in payloads]
    post_actions.handle_channels_changed(guild_ids, now)
    companion_actions.handle_rights_changed(guild_ids, now)
    agenda_actions.handle_channels_changed(guild_ids, now)
    removals.clean_up_deleted(guild_ids, now)
    recheck_events(guild_ids, now)
    return upsert.unwelcomed_guilds(guild_ids)


def drop_hidden_signups(guild_ids: Sequence[int]) -> None:
    eligibility.drop_hidden_signups(db_now(), guild_ids)


def _mark_thread_deleted(guild_id: int, thread_id: int) -> None:
    now = db_now()
    upsert.mark_channel_deleted(thread_id, now)
    post_actions.handle_channels_changed([guild_id], now)
    agenda_actions.handle_channels_changed([guild_id], now)
    removals.clean_up_deleted([guild_id], now)


def _welcome_guild(guild_id: int, owner: MemberPayload) -> None:
    now = db_now()
    upsert.upsert_member(guild_id, owner, now)
    guild_setup.welcome_guild(guild_id, owner.user.id, now)
