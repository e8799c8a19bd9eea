"""Hears of what becomes of games' companions in Discord: who is in a voice channel, and what somebody deleted."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import discord

from discord_bot.guild_sync import SYNC_DELAY
from games.companions import voice
from games.companions.actions import handle_deleted
from games.models import CompanionKind
from gamesched.lib.clock import db_now
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread

log = logging.getLogger(__name__)

# Seconds before each try: Discord tells of a new channel before notifyd has written down whose it is.
WAITS = (SYNC_DELAY, 2.0, 10.0, 60.0)


class CompanionEvents:
    """Handles gateway events; `start` runs work in the background."""

    def __init__(self, client: discord.Client, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._client = client
        self._start = start
        self._changed_ids: set[int] = set()

    def on_voice_state(self, before: discord.VoiceState, after: discord.VoiceState) -> None:
        """Count who is in the channels that somebody left and entered. Any other costs no query."""
        if before.channel != after.channel:
            self.count_soon(before.channel)
            self.count_soon(after.channel)

    def count_soon(self, channel: object) -> None:
        """Save in a moment how many people are in a channel, if it is one of ours."""
        if isinstance(channel, discord.VoiceChannel) and self._is_ours(channel):
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
        for wait in WAITS:
            await asyncio.sleep(wait)
            if not waiting:
                waiting, self._changed_ids = self._changed_ids, set()
            channels = [self._client.get_channel(pk) for pk in waiting]
            counts = {each.id: len(each.voice_states) for each in channels if isinstance(each, discord.VoiceChannel)}
            try:
                waiting = {*counts} - await run_in_db_thread(_record_people, counts)
            except DATABASE_AWAY as reason:
                log.warning("Who is in %d voice channels cannot be saved: %s", len(counts), str(reason).strip())
            if not waiting:
                return

    async def on_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        if isinstance(channel, discord.VoiceChannel):
            await run_in_db_thread(_handle_deleted, CompanionKind.VOICE, channel.id)

    async def on_role_delete(self, role: discord.Role) -> None:
        await run_in_db_thread(_handle_deleted, CompanionKind.ROLE, role.id)


def _record_people(counts: Mapping[int, int]) -> set[int]:
    return voice.record_people(counts, db_now())


def _handle_deleted(kind: CompanionKind, discord_id: int) -> None:
    if handle_deleted(kind, [discord_id], db_now()):
        log.info("The %s %s of a game was deleted in Discord.", kind.label, discord_id)
