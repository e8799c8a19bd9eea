"""The gateway client: handles interactions, guild events and deleted messages. It sends only interaction responses."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord

from discord_bot.companion_events import CompanionEvents
from discord_bot.converters import is_game_thread
from discord_bot.gateway_watch import GatewayWatch
from discord_bot.guild_sync import SYNC_DELAY, GuildSync
from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.http.tracing import request_trace
from discord_bot.interactions.buttons import ChoiceButton, ModalButton, PageButton, SignupButton
from discord_bot.interactions.choices import ChoiceHandler
from discord_bot.interactions.command_sync import find_stale_commands, shown_command
from discord_bot.interactions.commands import BotCommandTree
from discord_bot.interactions.creation import CreationHandler
from discord_bot.interactions.game_command_handler import SIGN_UP, GameCommandHandler
from discord_bot.interactions.game_list import GameListHandler
from discord_bot.interactions.line_buttons import LineButton
from discord_bot.interactions.line_state import LineState
from discord_bot.interactions.log import InteractionLog, InteractionRecord, record_no_response
from discord_bot.interactions.modals import ModalHandler
from discord_bot.interactions.poll_components import PollButton, PollSelect
from discord_bot.interactions.polls import PollHandler
from discord_bot.interactions.replies import reply_ephemeral
from discord_bot.interactions.series import SeriesHandler
from discord_bot.interactions.series_components import SeriesButton, SeriesSelect
from discord_bot.interactions.series_state import SeriesChoice
from discord_bot.interactions.signup_buttons import SignupHandler
from discord_bot.models import Outcome
from discord_bot.patches.addresses import use_configured_addresses
from discord_bot.patches.backoff import install_reconnect_backoff
from discord_bot.patches.unreadable_events import skip_unreadable_events
from discord_bot.render import NO_PINGS
from discord_bot.server_events import ServerEvents
from games.agenda import actions as agenda_actions
from games.core import wording
from games.polls import actions as poll_actions
from games.posts import actions as post_actions
from games.server_settings.rules import KEPT_AFTER_LEAVING
from gamesched.lib.clock import DbNow, db_now
from gamesched.lib.metrics import GATEWAY_RESUMES
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from gamesched.lib.outage import DATABASE, is_database_away
from gamesched.lib.scheduled_tasks import run_soon
from guilds.directory import upsert
from guilds.shards import WHOLE, Shard
from notifications import probe
from notifications.heartbeat import bot_name, expect_bots, record_heartbeat

log = logging.getLogger(__name__)

COMPONENTS = (
    *(SignupButton, PageButton, ChoiceButton, ModalButton, PollSelect, PollButton, LineButton),
    *(SeriesButton, SeriesSelect),
)
COMPONENT_PATTERNS = [component.__discord_ui_compiled_template__ for component in COMPONENTS]
AGAIN_AFTER = 5.0  # seconds from a heartbeat that failed to the next
# To Discord at a time; discord.py's own client has no limit. A crowd's replies then leave one after another, each on a
# connection that is open. On two hundred new ones all came at the same moment, on a slow machine three seconds late.
CONNECTIONS = 32


class Bot(discord.Client):
    """The client. Needs no privileged intent.

    `guilds` is for guilds, channels and roles, `guild_messages` for posts deleted by hand, `voice_states` for when a
    game's voice channel is empty, `guild_scheduled_events` for what people do to games' events; interactions need none.

    With a `shard`, it gets the events of that one alone, and awaits `turn` before each time that it identifies itself.
    """

    def __init__(self, shard: Shard = WHOLE, turn: Callable[[], Awaitable[None]] | None = None) -> None:
        use_configured_addresses()
        install_reconnect_backoff()
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, voice_states=True, guild_scheduled_events=True),
            member_cache_flags=discord.MemberCacheFlags(voice=True, joined=False),  # who in a voice channel is a bot
            allowed_mentions=NO_PINGS,
            guild_ready_timeout=1.0,
            shard_id=shard.number if shard != WHOLE else None,
            shard_count=shard.count if shard != WHOLE else None,
            max_messages=None,
            http_trace=request_trace(),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        )
        self.shard, self._turn = shard, turn
        self._background_tasks: set[asyncio.Task[None]] = set()
        self.server_events = ServerEvents(self, self._start)
        skip_unreadable_events(self)
        self.log = InteractionLog()
        self.signups = SignupHandler(self.log)
        self.game_list = GameListHandler(self.log)
        self.choices = ChoiceHandler(self.log)
        self.modals = ModalHandler(self.log)
        self.polls = PollHandler(self.log)
        self.game_commands = GameCommandHandler(self.log)
        self.creation = CreationHandler(self.log)
        self.series = SeriesHandler(self.log)
        self.tree = BotCommandTree(self)
        self.guild_sync = GuildSync(self, self._start)
        self.companion_events = CompanionEvents(self, self._start)
        self._deleted_message_ids: set[int] = set()
        self.gateway_watch = GatewayWatch(self)
        self._is_connected = False
        self._heartbeat_due = asyncio.Event()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(*COMPONENTS)
        self._start(self.companion_events.forget_counts(self.shard))
        self._start(self._send_heartbeats())
        self._start(self.gateway_watch.watch())

    async def connect(self, *, reconnect: bool = True) -> None:
        if self._turn is not None:  # of a crowd of shards for longer than discord.py gives a connection
            await self._turn()
        await super().connect(reconnect=reconnect)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if self._turn is None:
            await super().before_identify_hook(shard_id, initial=initial)
        elif not initial:
            await self._turn()

    async def close(self) -> None:
        self._is_connected = False  # from here on, a lost connection is not logged
        for _ in range(30):  # let replies in flight finish, in less than the five seconds a stop may take
            if not self.signups.is_busy:
                break
            await asyncio.sleep(0.1)
        for task in self._background_tasks:
            task.cancel()
        await self.log.close()
        await super().close()

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what an event's handler raised, in one line if Discord or the database is away."""
        reason = sys.exception()
        if self.is_closed():  # its connections are gone, whatever the handler was doing
            log.info("%s was cut off because the bot is stopping: %s", event_method, reason)
        elif is_database_away(reason):
            DATABASE.begin(reason)
        elif isinstance(reason, (*REQUEST_FAILED, *DATABASE_AWAY)):
            log.warning("Could not handle %s: %s", event_method, str(reason).strip() or type(reason).__name__)
        else:
            await super().on_error(event_method, *args, **kwargs)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run work in the background, until it or the bot ends."""
        task = asyncio.create_task(self._run_in_background(work))
        self._background_tasks.add(task)  # asyncio itself keeps none
        task.add_done_callback(self._background_tasks.discard)
        return task

    async def _run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            await self.on_error(getattr(work, "__qualname__", "Work"))

    async def _send_heartbeats(self) -> None:
        while True:
            self._heartbeat_due.clear()
            wait = probe.HEARTBEAT_EVERY
            try:
                note = self._server_count if self.is_ready() else "connecting"
                await run_in_db_thread(_record_heartbeat, self.shard, note, self.gateway_watch.silence)
            except Exception as reason:
                DATABASE.begin(reason)
                wait = AGAIN_AFTER
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heartbeat_due.wait(), wait)

    async def on_socket_event_type(self, event_type: str) -> None:
        self.gateway_watch.note_event()

    # --- guild events ------------------------------------------------------------------------------------

    async def on_connect(self) -> None:
        self.guild_sync.saves_all_soon = True

    async def on_ready(self) -> None:
        """Save the client's new state after a connection, which includes all changes while the bot was away."""
        self.guild_sync.saves_all_soon = False
        new = await self.guild_sync.write([guild for guild in self.guilds if not guild.unavailable])
        await run_in_db_thread(_mark_guilds_present, [guild.id for guild in self.guilds], self.shard)
        await run_in_db_thread(_recheck_all_posts, self.shard)
        self.companion_events.count_all(self.guilds)
        self._start(self.companion_events.check_threads(self.guilds))
        self._is_connected = True
        self._heartbeat_due.set()  # how many servers it is in
        log.info("Connected to Discord%s, in %s.", f" as {self.shard}" * (self.shard != WHOLE), self._server_count)
        if self.shard.number == 0:
            await run_in_db_thread(expect_bots, self.shard.count, DbNow())
            await self._warn_of_stale_commands()
        for guild in new:
            await self.guild_sync.welcome_owner(guild)

    @property
    def _server_count(self) -> str:
        count = len(self.guilds)
        return f"{count} server{'' if count == 1 else 's'}"

    async def on_disconnect(self) -> None:
        if self._is_connected:
            log.info("Lost the connection to Discord. Reconnecting automatically.")
        self._is_connected = False

    async def on_resumed(self) -> None:
        GATEWAY_RESUMES.inc()
        self._is_connected = True
        log.info("Connected to Discord again; nothing was missed.")

    async def _warn_of_stale_commands(self) -> None:
        try:
            outdated = await find_stale_commands(self, self.tree)
        except REQUEST_FAILED as reason:
            log.warning("Discord didn't say which commands it shows: %s", reason)
            return
        if outdated:
            names = ", ".join(map(shown_command, outdated))
            log.warning("Discord doesn't show this version's commands: %s. Run manage.py sync_commands.", names)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        log.info("The bot was invited to the server %s.", guild.name)
        self.guild_sync.sync_soon(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self.guild_sync.sync_soon(guild)
        self.companion_events.count_all([guild])

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        self.guild_sync.sync_soon(after)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        log.warning("Discord reports an outage of the server %s.", guild.name)
        await run_in_db_thread(upsert.mark_guild_unavailable, guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        days = KEPT_AFTER_LEAVING.days
        log.warning("The bot was removed from the server %s. We keep its games for %d days.", guild.name, days)
        await run_in_db_thread(_mark_bot_removed, guild.id)

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        self.guild_sync.sync_soon(channel.guild)
        self.companion_events.count_soon(channel)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        self.guild_sync.sync_soon(after.guild)
        self.companion_events.count_soon(after)

    async def on_guild_channel_pins_update(self, channel: discord.abc.GuildChannel, last_pin: datetime | None) -> None:
        await run_in_db_thread(agenda_actions.recheck_pinned_agenda, channel.id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        log.info("#%s of the server %s was deleted.", channel.name, channel.guild.name)
        self.guild_sync.sync_soon(channel.guild)
        await self.companion_events.on_channel_delete(channel)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self._sync_thread_soon(thread)

    async def on_thread_join(self, thread: discord.Thread) -> None:  # newly visible, or unarchived
        self._sync_thread_soon(thread)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        self._sync_thread_soon(after)

    async def on_thread_remove(self, thread: discord.Thread) -> None:
        self._sync_thread_soon(thread)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        # A forum post has the id of its first message; elsewhere it is the thread that goes, and its post stays.
        if isinstance(self.get_channel(event.parent_id), discord.ForumChannel):
            self._check_deleted_soon({event.thread_id})
        else:
            await self.companion_events.on_thread_delete(event)
        await self.guild_sync.mark_thread_deleted(event.guild_id, event.thread_id)

    async def on_guild_role_create(self, role: discord.Role) -> None:
        self.guild_sync.sync_soon(role.guild)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        self.guild_sync.sync_soon(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        self.guild_sync.sync_soon(role.guild)
        await self.companion_events.on_role_delete(role)

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        self.companion_events.on_voice_state(before, after)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if self.user and after.id == self.user.id:  # the only member with events here: our own roles changed
            self.guild_sync.sync_soon(after.guild)

    def _sync_thread_soon(self, thread: discord.Thread) -> None:
        if is_game_thread(thread, self.user):
            self.guild_sync.sync_soon(thread.guild)

    # --- messages ----------------------------------------------------------------------------------------

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._check_deleted_soon({event.message_id})

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self._check_deleted_soon(event.message_ids)

    def _check_deleted_soon(self, message_ids: set[int]) -> None:
        """Check in a moment whether the deleted messages include our posts. Any moderator's clean-up comes here."""
        if not self._deleted_message_ids:
            self._start(self._check_deleted())
        self._deleted_message_ids |= message_ids

    async def _check_deleted(self) -> None:
        await asyncio.sleep(SYNC_DELAY)
        deleted, self._deleted_message_ids = self._deleted_message_ids, set()
        if reposted := await run_in_db_thread(_repost_deleted_posts, deleted):
            log.info("%d posts were deleted in Discord. Putting them back.", reposted)

    # --- interactions ------------------------------------------------------------------------------------

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle modals, and reply to unknown buttons: without a reply, Discord shows "This interaction failed"."""
        custom_id = dict(interaction.data or {}).get("custom_id", "")
        if interaction.type is discord.InteractionType.modal_submit:
            await self._handle_modal(interaction, str(custom_id))
            return
        if interaction.type is not discord.InteractionType.component:
            return
        if not any(pattern.fullmatch(str(custom_id)) for pattern in COMPONENT_PATTERNS):
            entry = InteractionRecord(interaction, str(custom_id))
            entry.outcome = Outcome.REFUSED
            try:
                await reply_ephemeral(entry, wording.OLD_BUTTON)
            except REQUEST_FAILED as reason:
                record_no_response(entry, reason)
            self.log.add(entry)

    async def _handle_modal(self, interaction: discord.Interaction, custom_id: str) -> None:
        state = LineState.parse(custom_id)
        series = SeriesChoice.parse(custom_id)
        if state is not None:
            await self.creation.submit(interaction, state)
        elif series is not None:
            await self.series.submit(interaction, series)
        elif custom_id.startswith(SIGN_UP):
            await self.game_commands.submit(interaction, custom_id)
        else:
            await self.modals.handle_submit(interaction, custom_id)


def _record_heartbeat(shard: Shard, note: str, silence: float) -> None:
    record_heartbeat(bot_name(shard.number), DbNow(), note, last_event_at=DbNow() - timedelta(seconds=silence))


def _recheck_all_posts(shard: Shard) -> None:
    now = db_now()
    post_actions.recheck_all_posts(now, shard)
    poll_actions.recheck_posts(now, shard=shard)
    agenda_actions.recheck_all_agendas(now, shard)
    run_soon("games.scheduled_tasks.check_announcements")
    run_soon("games.scheduled_tasks.check_all_companions")


def _repost_deleted_posts(message_ids: set[int]) -> int:
    now = db_now()
    reposted = post_actions.repost_deleted_posts(message_ids, now) + poll_actions.recheck_posts(now, message_ids)
    return reposted + agenda_actions.repost_deleted_agendas(message_ids, now)


def _mark_guilds_present(guild_ids: list[int], shard: Shard) -> None:
    upsert.mark_guilds_present(guild_ids, db_now(), shard)


def _mark_bot_removed(guild_id: int) -> None:
    upsert.mark_bot_removed(guild_id, db_now())
