"""What is done to a message besides editing it: pinning it, and publishing it to the servers that follow."""

import discord

from games.agenda.post import PinRequest
from games.posts.publishing import PublishRequest

ALREADY_CROSSPOSTED = 40033


async def send_message_request(message: discord.PartialMessage, request: PinRequest | PublishRequest) -> None:
    """Pin, unpin or publish a message. What is so already is done."""
    match request:
        case PinRequest(pinned=True):
            await message.pin()
        case PinRequest():
            await message.unpin()
        case PublishRequest():
            try:
                await message.publish()
            except discord.HTTPException as reason:
                if reason.code != ALREADY_CROSSPOSTED:
                    raise
