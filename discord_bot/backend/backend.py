"""The notification backend that speaks to Discord: letters as requests, and what Discord's answers mean for them."""

import logging
import time
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import discord
from django.conf import settings

from discord_bot import render
from discord_bot.backend import forums, history
from discord_bot.http.client import Rest
from discord_bot.http.limits import KEPT, Pace
from discord_bot.patches.addresses import use_configured_addresses
from notifications.messages import Letter, NotYet, Passing, Permanent, Sent

log = logging.getLogger(__name__)
T = TypeVar("T")

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes
CODES = {
    50007: Permanent.CLOSED_DMS,
    50001: Permanent.MISSING_PERMISSION,
    50013: Permanent.MISSING_PERMISSION,
    50083: Permanent.MISSING_PERMISSION,  # a thread that is locked: one that is only archived is opened
    10003: Permanent.UNKNOWN_CHANNEL,
    10008: Permanent.UNKNOWN_MESSAGE,
}
NO_SERVER_IN_COMMON = 50278
OLD_EDITS_TOO_FAST = 30046  # of messages older than an hour
OPENING_TOO_FAST = 40003  # new direct-message channels; with which status, no document says
OPEN_AGAIN, OPEN_AGAIN_MOST = 30.0, 600.0  # seconds without opening after one refusal, twice that after the next
# A post is edited so often at most: in a rush of clicks each edit shows all of them. Of posts older than an hour a
# channel's edits count together, as clients observe; Discord does not say.
EDIT_EVERY = 2.0  # seconds
OLD = 3600.0  # seconds
DMS_KEPT = 10_000


class DiscordBackend:
    """Sends letters with the bot's token. Needs no gateway connection."""

    def __init__(self) -> None:
        use_configured_addresses()
        self.client: discord.Client | None = None
        self.rest: Rest | None = None
        self._edits: dict[int, Pace] = {}  # by message, or by channel for old messages
        self._dms: dict[int, int] = {}  # the channels opened here, by person: those of letters that then failed, too
        most = max(1, settings.DISCORD_NEW_DMS_IN_TEN_SECONDS)
        self._opening = Pace(most, 10.0, at_once=most)
        self._open_again = OPEN_AGAIN

    async def start(self) -> None:
        self.client = discord.Client(intents=discord.Intents.none(), allowed_mentions=discord.AllowedMentions.none())
        self.rest = Rest(self.client)
        try:
            await self.client.login(settings.DISCORD_BOT_TOKEN)
        except discord.HTTPException as reason:
            await self.stop()
            raise Passing(str(reason)) from None
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

    async def send(self, letter: Letter) -> Sent:
        return await self._meant(self._send(letter))

    async def newest_own(self, channel_ids: Sequence[int]) -> int | None:
        assert self.client is not None, "start() comes first"
        return await self._meant(history.newest_own(self.client, channel_ids))

    async def is_in(self, guild_id: int) -> bool:
        assert self.client is not None, "start() comes first"
        return await self._meant(is_in(self.client, guild_id))

    async def _meant(self, asking: Awaitable[T]) -> T:
        """What comes of it, with Discord's refusals as our own words for them."""
        try:
            return await asking
        except discord.HTTPException as reason:
            raise self._meaning(reason) from None

    async def _send(self, letter: Letter) -> Sent:
        assert self.client is not None, "start() comes first"
        if letter.message_id is not None and not letter.delete:
            # Nobody waits here: when the turn comes, the post is rendered as the game is by then.
            self._edit_pace(letter, letter.message_id).take("This post was edited a moment ago", in_line=False)
        if letter.forum is not None:
            return await forums.send(self.client, letter, letter.forum)
        channel = self.client.get_partial_messageable(letter.channel_id or await self._dm(letter.user_id))
        if letter.message_id is not None:
            message = channel.get_partial_message(letter.message_id)
            if letter.delete:
                await forums.opened(self.client, channel.id, message.delete)
            else:
                shown, none = render.message(letter.post), discord.AllowedMentions.none()
                await forums.opened(self.client, channel.id, lambda: message.edit(**shown, allowed_mentions=none))
            return Sent(channel.id, letter.message_id)
        if letter.doubt and (found := await history.sent_already(self.client, channel, letter)):
            return Sent(channel.id, found)
        shown = render.message(letter.post) if letter.post is not None else render.choices(letter.buttons)
        sent = await channel.send(
            letter.text or None,
            **shown,
            nonce=letter.nonce,
            allowed_mentions=render.pings(letter),
            silent=letter.silent,
        )
        return Sent(channel.id, sent.id)

    def _edit_pace(self, letter: Letter, message_id: int) -> Pace:
        if len(self._edits) > KEPT:
            now = time.monotonic()
            self._edits = {key: each for key, each in self._edits.items() if not each.at_rest(now)}
        old = discord.utils.snowflake_time(message_id).timestamp() < time.time() - OLD
        # A post in a forum is a channel of its own.
        key = letter.channel_id if old and letter.channel_id and letter.forum is None else message_id
        return self._edits.setdefault(key, Pace(1, EDIT_EVERY))

    async def _dm(self, user_id: int | None) -> int:
        """The person's direct-message channel, opened at a measured pace: who opens many quickly is taken for spam."""
        assert self.client is not None
        assert user_id is not None, "a letter goes to a channel or a person"
        if user_id in self._dms:
            return self._dms[user_id]
        self._opening.take("Direct messages are opened one by one")
        try:
            made = await self.client.create_dm(discord.Object(user_id))
        except discord.HTTPException as reason:
            if reason.code != OPENING_TOO_FAST:
                raise
            wait = max(_told_to_wait(reason), self._open_again)
            self._opening.pause(wait)
            self._open_again = min(self._open_again * 2, OPEN_AGAIN_MOST)
            log.warning("Discord wants direct messages opened more slowly. No new one for %.0f s.", wait)
            raise NotYet("Discord wants direct messages opened more slowly", wait) from None
        self._open_again = OPEN_AGAIN
        if len(self._dms) >= DMS_KEPT:
            self._dms.clear()
        self._dms[user_id] = made.id
        return made.id

    @staticmethod
    def _meaning(reason: discord.HTTPException) -> Exception:
        if reason.code == OLD_EDITS_TOO_FAST:
            return NotYet("Discord limits edits of old posts", _told_to_wait(reason) or EDIT_EVERY)
        if reason.status == 429:
            return NotYet("Discord limits us", _told_to_wait(reason) or 1.0)
        if reason.code == NO_SERVER_IN_COMMON:
            return Permanent("They are no longer in a server with the bot.", Permanent.LEFT)
        return Permanent(reason.text or f"Discord answered {reason.status}", CODES.get(reason.code, str(reason.code)))


def _told_to_wait(reason: discord.HTTPException) -> float:
    """The seconds that Discord said; 0 for none."""
    return float(reason.response.headers.get("Retry-After") or 0)


async def is_in(client: discord.Client, guild_id: int) -> bool:
    """Whether the bot is in a guild."""
    try:
        await client.http.get_guild(guild_id, with_counts=False)
    except (discord.Forbidden, discord.NotFound):
        return False
    return True
