"""The client that hears Discord: clicks, guild events, deleted messages. It speaks only in answer to a click."""

import asyncio
import logging

import discord

from discord_bot.converters import is_place, seen_guild, seen_member
from discord_bot.http.lookup_limit import take_turn
from discord_bot.interactions.buttons import AskButton, FormButton, PageButton, SignupButton
from discord_bot.interactions.choices import Asked
from discord_bot.interactions.command_sync import stale
from discord_bot.interactions.commands import Tree
from discord_bot.interactions.game_list import Listings
from discord_bot.interactions.log import Entry, Log, unanswered
from discord_bot.interactions.modals import Filled
from discord_bot.interactions.replies import say
from discord_bot.interactions.signup_buttons import Clicks
from discord_bot.models import Outcome
from discord_bot.patches.addresses import use_configured_addresses
from discord_bot.patches.backoff import connect_with_patience
from games.core import wording
from games.posts import actions as post_actions
from games.server_settings import removals
from games.server_settings import setup as guild_setup
from games.server_settings.rules import KEPT_AFTER_LEAVING
from gamesched.lib.clock import db_now
from gamesched.lib.orm import in_db
from guilds.directory import upsert
from guilds.directory.lookup import DirectoryDown
from guilds.directory.payloads import SeenGuild, SeenMember
from notifications.heartbeat import beat

log = logging.getLogger(__name__)

OURS = [button.__discord_ui_compiled_template__ for button in (SignupButton, PageButton, AskButton, FormButton)]
SETTLE = 0.3  # seconds in which changes to one guild fold into one write
BEAT_EVERY = 10.0


class Bot(discord.Client):
    """Needs no privileged intent: `guilds` for guilds, channels and roles, `guild_messages` for posts deleted by hand;
    clicks come without any."""

    def __init__(self) -> None:
        use_configured_addresses()
        connect_with_patience()
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=1.0,
            max_messages=None,
        )
        self.log = Log()
        self.clicks = Clicks(self.log)
        self.listings = Listings(self.log)
        self.asked = Asked(self.log)
        self.filled = Filled(self.log)
        self.tree = Tree(self)
        self._changed: dict[int, asyncio.Task[None]] = {}
        # Written down one after the other: a thread that was deleted came back with a guild seen just before.
        self._writing = asyncio.Lock()
        self._deleted: set[int] = set()
        self._looking: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._heard = False

    async def setup_hook(self) -> None:
        self.add_dynamic_items(SignupButton, PageButton, AskButton, FormButton)
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        self._heard = False  # from here on, a lost connection is no news
        for _ in range(30):  # let answers under way end, for less than the five seconds a stop may take
            if not self.clicks.busy:
                break
            await asyncio.sleep(0.1)
        if self._beating:
            self._beating.cancel()
        await self.log.close()
        await super().close()

    async def _beat(self) -> None:
        while True:
            try:
                await in_db(_beat, f"{len(self.guilds)} servers" if self.is_ready() else "connecting")
            except Exception as reason:
                log.warning("The database does not answer: %s", str(reason).strip())
            await asyncio.sleep(BEAT_EVERY)

    # --- guild events ------------------------------------------------------------------------------------

    async def on_ready(self) -> None:
        """Connected anew: whatever changed while we were away is in what the client now knows."""
        new = [g for g in self.guilds if not g.unavailable and await self._write(g)]
        await in_db(_see_present, [guild.id for guild in self.guilds])
        await in_db(_doubt_posts)
        self._heard = True
        log.info("Hearing %d servers.", len(self.guilds))
        await self._name_stale_commands()
        for guild in new:
            await self._welcome(guild)

    async def on_disconnect(self) -> None:
        if self._heard:
            log.info("The connection to Discord is lost. It is made again by itself.")
        self._heard = False

    async def on_resumed(self) -> None:
        self._heard = True
        log.info("Hearing Discord again; nothing was missed.")

    async def _name_stale_commands(self) -> None:
        assert self.application_id is not None
        try:
            behind = stale(list(await self.http.get_global_commands(self.application_id)), self.tree)
        except discord.HTTPException as reason:
            log.warning("Discord does not say which commands it shows: %s", reason)
            return
        if behind:
            names = ", ".join(f"/{name}" for name in behind)
            log.warning("Discord does not show the commands of this version: %s. Run manage.py sync_commands.", names)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        log.info("The bot was invited to the server %s.", guild.name)
        self._see_soon(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._see_soon(guild)

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        self._see_soon(after)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        log.warning("Discord reports an outage of the server %s.", guild.name)
        await in_db(upsert.see_guild_unavailable, guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        days = KEPT_AFTER_LEAVING.days
        log.warning("The bot was removed from the server %s. Its games are kept for %d days.", guild.name, days)
        await in_db(_see_gone, guild.id)

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        self._see_soon(channel.guild)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        self._see_soon(after.guild)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        log.info("#%s of the server %s was deleted.", channel.name, channel.guild.name)
        self._see_soon(channel.guild)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self._see_thread(thread)

    async def on_thread_join(self, thread: discord.Thread) -> None:  # come to be seen, or opened again
        self._see_thread(thread)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        self._see_thread(after)

    async def on_thread_remove(self, thread: discord.Thread) -> None:
        self._see_thread(thread)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self._gone_soon({event.thread_id})  # a forum post has the id of its first message
        async with self._writing:
            await in_db(_see_thread_gone, event.guild_id, event.thread_id)

    async def on_guild_role_create(self, role: discord.Role) -> None:
        self._see_soon(role.guild)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        self._see_soon(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        self._see_soon(role.guild)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if self.user and after.id == self.user.id:  # the only one we hear of: our own roles changed
            self._see_soon(after.guild)

    def _see_thread(self, thread: discord.Thread) -> None:
        if is_place(thread, self.user):
            self._see_soon(thread.guild)

    def _see_soon(self, guild: discord.Guild) -> None:
        """Write the guild down whole in a moment. A role moved by hand comes as an event for every role."""
        running = self._changed.get(guild.id)
        if running is None or running.done():
            self._changed[guild.id] = asyncio.create_task(self._see(guild.id))

    async def _see(self, guild_id: int) -> None:
        await asyncio.sleep(SETTLE)
        # From here on, another event starts another write.
        self._changed.pop(guild_id, None)
        guild = self.get_guild(guild_id)
        if guild is not None and not guild.unavailable and await self._write(guild):
            await self._welcome(guild)

    async def _write(self, guild: discord.Guild) -> bool:
        async with self._writing:
            return await in_db(_see_guild, seen_guild(guild))

    async def _welcome(self, guild: discord.Guild) -> None:
        try:
            # Invited by hundreds at once, it asks no faster than all programs together may.
            await asyncio.sleep(await in_db(take_turn))
            owner = seen_member(await guild.fetch_member(guild.owner_id or 0))
        except (discord.HTTPException, DirectoryDown) as reason:
            log.warning("Who owns the server %s cannot be asked just now, so nobody is welcomed yet: %s", guild, reason)
            return
        await in_db(_welcome, guild.id, owner)

    # --- messages ----------------------------------------------------------------------------------------

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._gone_soon({event.message_id})

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self._gone_soon(event.message_ids)

    def _gone_soon(self, message_ids: set[int]) -> None:
        """Look in a moment whether posts of ours are among what was deleted: any moderator's clean-up comes here."""
        if not self._deleted:
            self._looking = asyncio.create_task(self._gone())
        self._deleted |= message_ids

    async def _gone(self) -> None:
        await asyncio.sleep(SETTLE)
        deleted, self._deleted = self._deleted, set()
        if found := await in_db(_posts_deleted, deleted):
            log.info("%d announcements were deleted in Discord and are put back.", found)

    # --- clicks ------------------------------------------------------------------------------------------

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer what no button of ours answers: silence would read "This interaction failed"."""
        custom_id = dict(interaction.data or {}).get("custom_id", "")
        if interaction.type is discord.InteractionType.modal_submit:
            await self.filled.answer(interaction, str(custom_id))
            return
        if interaction.type is not discord.InteractionType.component:
            return
        if not any(ours.fullmatch(str(custom_id)) for ours in OURS):
            entry = Entry(interaction, str(custom_id))
            entry.outcome = Outcome.REFUSED
            try:
                await say(entry, wording.OLD_BUTTON)
            except discord.HTTPException as reason:
                unanswered(entry, reason)
            self.log.add(entry)


def _beat(note: str) -> None:
    beat("bot", db_now(), note)


def _see_guild(seen: SeenGuild) -> bool:
    """Write a guild down, and say whether its owner is yet to be welcomed."""
    now = db_now()
    guild = upsert.see_guild(seen, now)
    post_actions.handle_channels_changed(seen.id, now)
    removals.clean_up_deleted(seen.id, now)
    return guild.welcomed_at is None


def _see_thread_gone(guild_id: int, thread_id: int) -> None:
    now = db_now()
    upsert.see_channel_gone(thread_id, now)
    post_actions.handle_channels_changed(guild_id, now)


def _welcome(guild_id: int, owner: SeenMember) -> None:
    now = db_now()
    upsert.see_member(guild_id, owner, now)
    guild_setup.welcome_guild(guild_id, owner.user.id, now)


def _doubt_posts() -> None:
    post_actions.recheck_all_posts(db_now())


def _posts_deleted(message_ids: set[int]) -> int:
    return post_actions.handle_deleted_posts(message_ids, db_now())


def _see_present(guild_ids: list[int]) -> None:
    upsert.see_guilds_present(guild_ids, db_now())


def _see_gone(guild_id: int) -> None:
    upsert.see_guild_gone(guild_id, db_now())
