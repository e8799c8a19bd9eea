"""Reads a picture that came with a command."""

import asyncio

import discord

from games.pictures.encoding import BYTES_MAX, BadPicture, EncodedPicture, PictureProblem, encode_picture

FETCHED_WITHIN = 20.0  # seconds
# Seconds behind the pictures of others: Discord takes no answer to the command after 15 minutes.
WAITED_FOR = 600.0
_one_picture = asyncio.Semaphore(1)  # each is 8 MB at most while it waits


async def read_attachment(picture: discord.Attachment) -> EncodedPicture:
    """Fetch a picture from Discord and read it, one at a time.

    Raise BadPicture, TimeoutError, discord.HTTPException."""
    if picture.size > BYTES_MAX:
        raise BadPicture(PictureProblem.TOO_LARGE)
    async with asyncio.timeout(WAITED_FOR):
        await _one_picture.acquire()
    try:
        content = await asyncio.wait_for(picture.read(), FETCHED_WITHIN)
        # In a thread of its own: those of the database are for clicks.
        return await asyncio.to_thread(encode_picture, content)
    finally:
        _one_picture.release()
