"""The notification backend for Discord: sends messages as requests, and translates Discord's errors."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import discord
from discord.http import handle_message_parameters
from django.conf import settings
from django.utils.translation import gettext_noop

from discord_bot import render
from discord_bot.backend import forums, history
from discord_bot.backend.companions import send_companion
from discord_bot.backend.errors import EDIT_INTERVAL as EDIT_INTERVAL
from discord_bot.backend.errors import (
    NO_MEMBER,
    NOT_IN_GUILD,
    OPENING_TOO_FAST,
    PUBLISHED_EDITS,
    PUBLISHED_EDITS_WITHIN,
    retry_after,
    translate_error,
)
from discord_bot.backend.message_requests import send_message_request
from discord_bot.http.client import RestClient
from discord_bot.http.limits import MAX_KEPT, SlidingWindowLimiter
from discord_bot.patches.addresses import use_configured_addresses
from games.agenda.post import PinRequest
from games.companions.base import CompanionRequest
from games.posts.publishing import PublishRequest
from notifications.messages import OutgoingMessage, PermanentError, RateLimited, SentMessage, TemporaryError

log = logging.getLogger(__name__)
T = TypeVar("T")

REOPEN_DELAY, MAX_REOPEN_DELAY = 30.0, 600.0  # seconds without opening after one refusal, doubled after the next
OLD_POST_AGE = 3600.0  # seconds
MAX_DM_CHANNELS = 10_000


class DiscordBackend:
    """Sends messages with the bot's token. Needs no gateway connection."""

    def __init__(self) -> None:
        use_configured_addresses()
        self.client: discord.Client | None = None
        self.rest: RestClient | None = None
        self._edit_limiters: dict[int, SlidingWindowLimiter] = {}  # by message, or by channel for old messages
        self._published_edit_limiters: dict[int, SlidingWindowLimiter] = {}  # by channel
        # Channels opened here, by user; also those for a message that then failed.
        self._dm_channel_ids: dict[int, int] = {}
        self._dm_openings: dict[int, asyncio.Task[int]] = {}  # by user, while they are opened
        self._dm_turns: dict[int, float] = {}  # by user, when a channel may be opened; in monotonic seconds
        most = max(1, settings.DISCORD_NEW_DMS_IN_TEN_SECONDS)
        self._dm_opening_limiter = SlidingWindowLimiter(most, 10.0, at_once=most)
        self._reopen_delay = REOPEN_DELAY

    async def start(self) -> None:
        self.client = discord.Client(intents=discord.Intents.none(), allowed_mentions=render.NO_PINGS)
        self.rest = RestClient(self.client)
        try:
            await self.client.login(settings.DISCORD_BOT_TOKEN)
        except discord.HTTPException as reason:
            await self.stop()
            raise TemporaryError(str(reason)) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        if self.rest is not None:
            await self.rest.close()
            self.rest = None
        if self.client is not None:
            await self.client.close()
            self.client = None

    async def send(self, message: OutgoingMessage) -> SentMessage:
        return await self._translating_errors(self._send(message))

    async def newest_own_message_id(self, channel_ids: Sequence[int]) -> int | None:
        assert self.client is not None, "start() comes first"
        return await self._translating_errors(history.find_newest_own_message(self.client, channel_ids))

    async def is_in_guild(self, guild_id: int) -> bool:
        assert self.client is not None, "start() comes first"
        return await self._translating_errors(is_in_guild(self.client, guild_id))

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        assert self.client is not None, "start() comes first"
        return await self._translating_errors(is_member(self.client, guild_id, user_id))

    async def _translating_errors(self, call: Awaitable[T]) -> T:
        """Await a call, and raise Discord's errors as those of `notifications.messages`."""
        try:
            return await call
        except discord.HTTPException as reason:
            raise translate_error(reason) from None

    async def _send(self, outgoing: OutgoingMessage) -> SentMessage:
        assert self.client is not None, "start() comes first"
        if isinstance(outgoing.post, CompanionRequest):
            return await send_companion(self.client, outgoing, outgoing.post)
        if outgoing.fallback_channel_id is not None:
            return await self._send_with_fallback(outgoing, outgoing.fallback_channel_id)
        if isinstance(outgoing.post, PinRequest | PublishRequest):
            assert outgoing.channel_id is not None
            assert outgoing.message_id is not None, "it is about a message"
            channel = self.client.get_partial_messageable(outgoing.channel_id)
            await send_message_request(channel.get_partial_message(outgoing.message_id), outgoing.post)
            return SentMessage(channel.id, outgoing.message_id)
        if outgoing.message_id is not None and not outgoing.delete:
            # No waiting here: at the next turn, the post is rendered from the game's state by then.
            self._edit_limiter(outgoing, outgoing.message_id).try_acquire(
                gettext_noop("This post was edited a moment ago"), reserve=False
            )
            # Last: an edit that is turned away uses up none of the few.
            if outgoing.is_published and outgoing.channel_id is not None:
                self._published_edit_limiter(outgoing.channel_id).try_acquire(
                    gettext_noop("Published posts are edited seldom"), reserve=False
                )
        if outgoing.forum is not None:
            return await forums.send_forum_post(self.client, outgoing, outgoing.forum)
        channel = self.client.get_partial_messageable(outgoing.channel_id or await self._open_dm(outgoing.user_id))
        if outgoing.message_id is not None:
            message = channel.get_partial_message(outgoing.message_id)
            if outgoing.delete:
                await forums.change_unarchiving(self.client, channel.id, message.delete)
            else:
                content = render.post_message(outgoing.post)
                await forums.change_unarchiving(
                    self.client, channel.id, lambda: message.edit(**content, allowed_mentions=render.NO_PINGS)
                )
            return SentMessage(channel.id, outgoing.message_id)
        if outgoing.maybe_sent and (message_id := await history.find_sent_message(self.client, channel, outgoing)):
            return SentMessage(channel.id, message_id)
        content = (
            render.post_message(outgoing.post) if outgoing.post is not None else render.button_message(outgoing.buttons)
        )
        # By the request itself: discord.py would make a `Message` and all that belongs to it, of which we need the id.
        with handle_message_parameters(
            outgoing.text or None,
            **content,
            nonce=outgoing.nonce,
            allowed_mentions=render.allowed_mentions(outgoing),
            previous_allowed_mentions=self.client.allowed_mentions,
            # Its own each time: discord.py sets the flag of a layout on the one that it is given.
            flags=discord.MessageFlags(suppress_notifications=True) if outgoing.silent else discord.utils.MISSING,
        ) as params:
            sent = await self.client.http.send_message(channel.id, params=params)
        return SentMessage(channel.id, int(sent["id"]))

    async def _send_with_fallback(self, outgoing: OutgoingMessage, channel_id: int) -> SentMessage:
        outgoing = replace(outgoing, fallback_channel_id=None)
        try:
            return await self._send(outgoing)
        except discord.HTTPException as reason:
            if not isinstance(translate_error(reason), PermanentError):
                raise
        return await self._send(replace(outgoing, channel_id=channel_id))

    def _edit_limiter(self, message: OutgoingMessage, message_id: int) -> SlidingWindowLimiter:
        if len(self._edit_limiters) > MAX_KEPT:
            now = time.monotonic()
            self._edit_limiters = {key: each for key, each in self._edit_limiters.items() if not each.is_idle(now)}
        old = discord.utils.snowflake_time(message_id).timestamp() < time.time() - OLD_POST_AGE
        # A forum post is its own channel.
        key = message.channel_id if old and message.channel_id and message.forum is None else message_id
        return self._edit_limiters.setdefault(key, SlidingWindowLimiter(1, EDIT_INTERVAL))

    def _published_edit_limiter(self, channel_id: int) -> SlidingWindowLimiter:
        limiter = SlidingWindowLimiter(PUBLISHED_EDITS, PUBLISHED_EDITS_WITHIN, at_once=PUBLISHED_EDITS)
        return self._published_edit_limiters.setdefault(channel_id, limiter)

    async def _open_dm(self, user_id: int | None) -> int:
        """Return the person's DM channel, opened once and at a limited pace: Discord takes many new ones for spam."""
        assert user_id is not None, "a message goes to a channel or a person"
        if user_id in self._dm_channel_ids:
            return self._dm_channel_ids[user_id]
        if user_id not in self._dm_openings:
            opening = asyncio.ensure_future(self._open_new_dm(user_id))
            self._dm_openings[user_id] = opening
            opening.add_done_callback(partial(self._end_opening, user_id))
        # Whoever gives up waiting ends it for nobody else.
        return await asyncio.shield(self._dm_openings[user_id])

    def _end_opening(self, user_id: int, opening: "asyncio.Task[int]") -> None:
        del self._dm_openings[user_id]
        if not opening.cancelled():
            opening.exception()  # read, or asyncio logs it where nobody waits any more

    async def _open_new_dm(self, user_id: int) -> int:
        """Open a person's DM channel. Raise RateLimited until its turn, which all messages to the person share.

        With a turn each, those to a few people waited for minutes after the channel was open.
        """
        assert self.client is not None
        text, now = gettext_noop("Direct messages are opened one by one"), time.monotonic()
        if (turn := self._dm_turns.get(user_id, 0.0)) > now:
            raise RateLimited(text, turn - now)
        try:
            self._dm_opening_limiter.try_acquire(text)
        except RateLimited as limited:
            if len(self._dm_turns) >= MAX_DM_CHANNELS:
                self._dm_turns.clear()
            self._dm_turns[user_id] = now + limited.retry_after
            raise
        try:
            channel = await self.client.create_dm(discord.Object(user_id))
        except discord.HTTPException as reason:
            if reason.code != OPENING_TOO_FAST:
                raise
            wait = max(retry_after(reason), self._reopen_delay)
            self._dm_opening_limiter.pause(wait)
            self._reopen_delay = min(self._reopen_delay * 2, MAX_REOPEN_DELAY)
            log.warning("Discord wants direct messages opened more slowly. No new one for %.0f s.", wait)
            raise RateLimited(gettext_noop("Discord wants direct messages opened more slowly"), wait) from None
        self._reopen_delay = REOPEN_DELAY
        if len(self._dm_channel_ids) >= MAX_DM_CHANNELS:
            self._dm_channel_ids.clear()
        self._dm_channel_ids[user_id] = channel.id
        self._dm_turns.pop(user_id, None)
        return channel.id


async def is_in_guild(client: discord.Client, guild_id: int) -> bool:
    """Return whether the bot is in a guild."""
    try:
        await client.http.get_guild(guild_id, with_counts=False)
    except (discord.Forbidden, discord.NotFound) as reason:
        if reason.code not in NOT_IN_GUILD:
            raise
        return False
    return True


async def is_member(client: discord.Client, guild_id: int, user_id: int) -> bool:
    """Return whether a person is a member of a guild that the bot is in."""
    try:
        await client.http.get_member(guild_id, user_id)
    except discord.NotFound as reason:
        if reason.code not in NO_MEMBER:
            raise
        return False
    return True
