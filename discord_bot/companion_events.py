"""Hears of what becomes of games' companions in Discord: who is in a voice channel, and what somebody deleted."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import discord

from discord_bot.backend.forums import UNKNOWN_CHANNEL
from discord_bot.guild_sync import SYNC_DELAY
from discord_bot.http.errors import REQUEST_FAILED
from games.companions import thread, voice
from games.companions.actions import handle_deleted
from games.models import CompanionKind
from gamesched.lib.clock import db_now
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from guilds.shards import Shard

log = logging.getLogger(__name__)

# Seconds before each try: Discord tells of a new channel before notifyd has written down whose it is.
WAITS = (SYNC_DELAY, 2.0, 10.0, 60.0)


class CompanionEvents:
    """Handles gateway events; `start` runs work in the background."""

    def __init__(self, client: discord.Client, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._client = client
        self._start = start
        self._changed_ids: set[int] = set()
        self._known_ids: set[int] = set()  # ours, whatever people do to the bot's rights there

    async def forget_counts(self, shard: Shard) -> None:
        """Record that nobody is counted yet, so that no channel goes by what was counted before the bot went away."""
        try:
            await run_in_db_thread(voice.forget_counts, shard)
        except DATABASE_AWAY as reason:
            log.warning("Could not reset the counts of voice channels: %s", str(reason).strip())

    def on_voice_state(self, before: discord.VoiceState, after: discord.VoiceState) -> None:
        """Count who is in the channels that somebody left and entered. Any other costs no query."""
        if before.channel != after.channel:
            self.count_soon(before.channel)
            self.count_soon(after.channel)

    def count_soon(self, channel: object) -> None:
        """Save in a moment how many people are in a channel, if it is one of ours."""
        if isinstance(channel, discord.VoiceChannel) and (channel.id in self._known_ids or self._is_ours(channel)):
            if not self._changed_ids:
                self._start(self._count_changed())
            self._changed_ids.add(channel.id)

    def count_all(self, guilds: Iterable[discord.Guild]) -> None:
        """Save how many people are in each of our channels, as after a time in which nothing was heard."""
        for guild in guilds:
            for channel in guild.voice_channels:
                self.count_soon(channel)

    def _is_ours(self, channel: discord.VoiceChannel) -> bool:
        assert self._client.user is not None
        own = channel.overwrites_for(discord.Object(self._client.user.id))
        return tuple(bits.value for bits in own.pair()) == (voice.OWN_RIGHTS, 0)

    async def _count_changed(self) -> None:
        waiting: set[int] = set()
        tries = 0
        while tries < len(WAITS):
            await asyncio.sleep(WAITS[tries])
            if not waiting:
                waiting, self._changed_ids = self._changed_ids, set()
            channels = [self._client.get_channel(pk) for pk in waiting]
            counts = {each.id: _count_people(each) for each in channels if isinstance(each, discord.VoiceChannel)}
            try:
                known = await run_in_db_thread(_record_people, counts)
            except DATABASE_AWAY as reason:  # until it is back: a channel would go by what was counted before
                log.warning("Could not save who is in %d voice channels: %s", len(counts), str(reason).strip())
                tries = min(tries + 1, len(WAITS) - 1)
                continue
            self._known_ids |= known
            waiting = {*counts} - known
            if not waiting:
                return
            tries += 1

    async def on_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        if isinstance(channel, discord.VoiceChannel):
            self._known_ids.discard(channel.id)
            await run_in_db_thread(_handle_deleted, CompanionKind.VOICE, channel.id)

    async def check_threads(self, guilds: Iterable[discord.Guild]) -> None:
        """Find the threads that were deleted while nothing was heard: Discord lists those that are not archived."""
        seen = {guild.id: [each.id for each in guild.threads] for guild in guilds}
        unseen = await run_in_db_thread(_threads_unseen, [*seen], [pk for ids in seen.values() for pk in ids])
        for thread_id in unseen:
            try:
                await self._client.http.get_channel(thread_id)
            except discord.NotFound as reason:
                if reason.code == UNKNOWN_CHANNEL:
                    await run_in_db_thread(_handle_deleted, CompanionKind.THREAD, thread_id)
            except REQUEST_FAILED as reason:
                log.warning("Could not find out whether the thread %s exists: %s", thread_id, reason)

    async def on_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        await run_in_db_thread(_handle_deleted, CompanionKind.THREAD, event.thread_id)

    async def on_role_delete(self, role: discord.Role) -> None:
        await run_in_db_thread(_handle_deleted, CompanionKind.ROLE, role.id)


def _count_people(channel: discord.VoiceChannel) -> int:
    """Return how many are in a channel; what plays music there keeps no channel alive."""
    members = [channel.guild.get_member(pk) for pk in channel.voice_states]
    return sum(member is None or not member.bot for member in members)


def _record_people(counts: Mapping[int, int]) -> set[int]:
    return voice.record_people(counts, db_now())


def _threads_unseen(guild_ids: list[int], seen_ids: list[int]) -> list[int]:
    return thread.threads_unseen(guild_ids, seen_ids, db_now())


def _handle_deleted(kind: CompanionKind, discord_id: int) -> None:
    if handle_deleted(kind, [discord_id], db_now()):
        log.info("The %s %s of a game was deleted in Discord.", kind.label, discord_id)
