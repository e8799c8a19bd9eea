"""Reading back what the bot itself said, to be certain of what its ledger cannot know."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from discord.utils import time_snowflake

from discord_bot.rest import Declined, Rest
from notifications.letter import Letter, Permanent

MESSAGES = "/channels/{channel_id}/messages"
AT_A_TIME = 5
PAGE = 100  # messages that one request may ask for
FURTHEST = 1000  # messages back to a letter's first try; in a busier channel it stays uncertain
CLOCKS = timedelta(minutes=1)  # between the database's clock and Discord's


async def sent_already(rest: Rest, bot_id: int, channel_id: int, letter: Letter) -> int | None:
    """The message of ours that bears the letter's mark, made since its first try.

    Raises Permanent, uncertain, where the channel may not be read or is too long to.
    """
    since = time_snowflake(letter.tried_at - CLOCKS) if letter.tried_at else 0
    read = 0
    try:
        async for message in _history(rest, channel_id, FURTHEST):
            if int(message["id"]) < since:
                return None
            read += 1
            if int(message["author"]["id"]) == bot_id and letter.mark in said(message):
                return int(message["id"])
    except Declined as reason:
        if reason.status != 403:
            raise
        raise Permanent(
            "It may have been sent, and the bot may not read the channel's history to find out.", Permanent.UNCERTAIN
        ) from None
    if read == FURTHEST:
        raise Permanent("It may have been sent, and the channel is too busy to find out.", Permanent.UNCERTAIN)
    return None


def said(message: dict[str, Any]) -> str:
    """All of a message in which a mark may be."""
    return " ".join([message["content"], *(embed.get("url", "") for embed in message["embeds"])])


async def newest_own(rest: Rest, bot_id: int, channel_ids: Sequence[int]) -> int | None:
    """The newest message of ours among the last fifty of each channel; what cannot be read is left out."""
    at_a_time = asyncio.Semaphore(AT_A_TIME)
    found = await asyncio.gather(*(_newest(rest, at_a_time, bot_id, pk) for pk in channel_ids))
    return max(filter(None, found), default=None)


async def _newest(rest: Rest, at_a_time: asyncio.Semaphore, bot_id: int, channel_id: int) -> int | None:
    async with at_a_time:
        try:
            async for message in _history(rest, channel_id, 50):
                if int(message["author"]["id"]) == bot_id:
                    return int(message["id"])
        except Declined as reason:
            if reason.status not in (403, 404):
                raise
    return None


async def is_in(rest: Rest, guild_id: int) -> bool:
    """Whether the bot is in a guild."""
    try:
        await rest.request("GET", "/guilds/{guild_id}", guild_id=guild_id)
    except Declined as reason:
        if reason.status not in (403, 404):
            raise
        return False
    return True


async def _history(rest: Rest, channel_id: int, most: int) -> AsyncIterator[dict[str, Any]]:
    """The channel's messages, the newest first."""
    before: dict[str, str] = {}
    while most > 0:
        size = min(most, PAGE)
        query = {"limit": str(size), **before}
        page = await rest.request("GET", MESSAGES, channel_id=channel_id, query=query)
        for message in page:
            yield message
        if len(page) < size:
            return
        before, most = {"before": page[-1]["id"]}, most - size
