"""Reads the bot's own messages back, to learn whether one was sent that the database has not recorded."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import discord
from django.utils.translation import gettext_noop

from discord_bot import render
from notifications.messages import OutgoingMessage, PermanentError, TemporaryError

UNREADABLE_TEXT = gettext_noop("We can't tell whether it was sent: the bot can't read the history there.")
MAX_CONCURRENT = 5
MAX_ATTEMPTS = 6  # at reading one channel, while Discord has trouble
MAX_MESSAGES = 1000  # messages to read back to the first attempt; in a busier channel it stays uncertain
UNKNOWN_MESSAGE = 10008  # error code for an id without a message
CLOCK_TOLERANCE = timedelta(minutes=1)  # between the database's clock and Discord's


async def find_sent_message(
    client: discord.Client, channel: discord.PartialMessageable, outgoing: OutgoingMessage
) -> int | None:
    """Return the id of our message with the dedupe marker, sent since its first attempt; None if there is none.

    Raise PermanentError (UNCERTAIN) if the channel may not be read or has too many messages.
    """
    assert client.user is not None
    since = outgoing.first_attempt_at - CLOCK_TOLERANCE if outgoing.first_attempt_at else None
    read = 0
    try:
        async for message in channel.history(limit=MAX_MESSAGES, after=since, oldest_first=False):
            read += 1
            if message.author.id == client.user.id and render.has_marker(message, outgoing):
                return message.id
        if not read:
            # Without the permission to read its history, a channel looks empty; only fetching one message is refused.
            await channel.fetch_message(channel.id)
    except discord.NotFound as reason:
        if reason.code != UNKNOWN_MESSAGE:
            raise
    except discord.Forbidden:
        raise PermanentError(UNREADABLE_TEXT, PermanentError.UNCERTAIN) from None
    if read == MAX_MESSAGES:
        raise PermanentError(
            gettext_noop("We can't tell whether it was sent: the channel is too busy."), PermanentError.UNCERTAIN
        )
    return None


async def find_newest_own_message(client: discord.Client, channel_ids: Sequence[int]) -> int | None:
    """Return the id of our newest message among the last fifty of each channel, skipping unreadable channels.

    Lines that Discord writes in our name, as for a new thread, are none.
    """
    at_a_time = asyncio.Semaphore(MAX_CONCURRENT)
    return max(
        filter(None, await asyncio.gather(*(_newest(client, at_a_time, pk) for pk in channel_ids))), default=None
    )


async def _newest(client: discord.Client, at_a_time: asyncio.Semaphore, channel_id: int) -> int | None:
    assert client.user is not None
    for left in reversed(range(MAX_ATTEMPTS)):
        try:
            async with at_a_time:
                async for message in client.get_partial_messageable(channel_id).history(limit=50):
                    # Discord's notice that we pinned something has a later id, and is in no ledger.
                    if message.author.id == client.user.id and message.type is discord.MessageType.default:
                        return message.id
            return None
        except (discord.Forbidden, discord.NotFound):
            return None
        except TemporaryError as reason:
            # Each channel retries alone: if a third of all requests fail, forty that must all succeed never do.
            if not left:
                raise
            await asyncio.sleep(min(reason.retry_after or 0.2, 3.0))
    return None
