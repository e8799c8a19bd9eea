"""The notification backend that speaks to Discord, through discord.py's REST client and its rate limits."""

import logging
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import aiohttp
import discord
from django.conf import settings

from discord_bot import forums, reading, render
from discord_bot.addresses import use_configured_addresses
from notifications.letter import Letter, Passing, Permanent, Sent, TokenRefused

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
OPENING_TOO_FAST = 40003  # new direct-message channels; with which status, no document says
OPEN_AGAIN = 30.0  # seconds
LONGEST_WAIT = 30.0  # seconds that discord.py may wait for a rate limit by itself; longer is for our schedule


class DiscordBackend:
    """Sends letters with the bot's token. Needs no gateway connection."""

    def __init__(self) -> None:
        use_configured_addresses()
        self.client: discord.Client | None = None

    async def start(self) -> None:
        client = discord.Client(
            intents=discord.Intents.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_WAIT,
        )
        try:
            await client.login(settings.DISCORD_BOT_TOKEN)
        except discord.LoginFailure:
            await client.close()
            raise TokenRefused("Discord refused DISCORD_BOT_TOKEN.") from None
        except (discord.HTTPException, aiohttp.ClientError, OSError) as reason:
            await client.close()
            raise Passing(str(reason)) from None
        self.client = client

    async def stop(self) -> None:
        if self.client is not None:
            await self.client.close()
            self.client = None

    async def send(self, letter: Letter) -> Sent:
        return await self._meant(self._send(letter))

    async def newest_own(self, channel_ids: Sequence[int]) -> int | None:
        assert self.client is not None, "start() comes first"
        return await self._meant(reading.newest_own(self.client, channel_ids))

    async def is_in(self, guild_id: int) -> bool:
        assert self.client is not None, "start() comes first"
        return await self._meant(reading.is_in(self.client, guild_id))

    async def _meant(self, asking: Awaitable[T]) -> T:
        """What comes of it, with Discord's refusals as our own words for them."""
        try:
            return await asking
        except discord.RateLimited as reason:
            raise Passing("Discord limits us", reason.retry_after) from None
        except discord.HTTPException as reason:
            raise self._meaning(reason) from None
        except (aiohttp.ClientError, OSError) as reason:
            raise Passing(f"Discord cannot be reached: {reason}") from None

    async def _send(self, letter: Letter) -> Sent:
        assert self.client is not None, "start() comes first"
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
        if letter.doubt and (found := await reading.sent_already(self.client, channel, letter)):
            return Sent(channel.id, found)
        shown = render.message(letter.post) if letter.post is not None else {}
        sent = await channel.send(
            letter.text or None,
            **shown,
            nonce=letter.nonce,
            allowed_mentions=render.pings(letter),
            silent=letter.silent,
        )
        return Sent(channel.id, sent.id)

    async def _dm(self, user_id: int | None) -> int:
        assert self.client is not None
        assert user_id is not None, "a letter goes to a channel or a person"
        return (await self.client.create_dm(discord.Object(user_id))).id

    @staticmethod
    def _meaning(reason: discord.HTTPException) -> Exception:
        if reason.status == 401:
            return TokenRefused("Discord refused DISCORD_BOT_TOKEN.")
        if reason.code == OPENING_TOO_FAST:
            return Passing("Discord wants direct messages opened more slowly", OPEN_AGAIN)
        if reason.status == 429 or reason.status >= 500:
            return Passing(f"Discord answered {reason.status}")
        if reason.code == NO_SERVER_IN_COMMON:
            return Permanent("They are no longer in a server with the bot.", Permanent.LEFT)
        return Permanent(reason.text or f"Discord answered {reason.status}", CODES.get(reason.code, str(reason.code)))
