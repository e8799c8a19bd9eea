"""Makes, changes and deletes what stands beside a game's post: one module for each kind.

Each has `make`, `change` and `delete`, which raise discord.py's exceptions and those of `notifications.messages`.
`make` returns the id in Discord; after an earlier attempt it first looks for what that made.
"""

from types import ModuleType

import discord

from games.companions.base import CompanionRequest
from games.models import CompanionKind
from notifications.messages import OutgoingMessage, SentMessage

MODULES: dict[CompanionKind, ModuleType] = {}


async def send_companion(client: discord.Client, message: OutgoingMessage, request: CompanionRequest) -> SentMessage:
    """Make, change or delete a companion; return its id, with its guild's in place of a channel's."""
    module, view = MODULES[request.kind], request.view
    companion_id = message.message_id
    if companion_id is None:
        companion_id = await module.make(client, message, view)
    elif message.delete:
        await module.delete(client, companion_id, view)
    else:
        await module.change(client, companion_id, view)
    return SentMessage(view.guild_id, companion_id)
