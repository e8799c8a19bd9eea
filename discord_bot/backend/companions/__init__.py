"""Makes, changes and deletes what stands beside a game's post: one module for each kind.

Each has `make`, `change` and `delete`, which raise discord.py's exceptions and those of `notifications.messages`.
`make` returns the id in Discord; after an earlier attempt it first looks for what that made. Both `make` and `change`
may return a `SentCompanion` instead, which says more. `find(client, message, view)` returns the id of what an earlier
attempt made, and None if there is none; what is wanted no more is then deleted.
"""

from types import ModuleType

import discord

from discord_bot.backend.companions import events, roles, threads, voices
from games.companions.base import CompanionRequest, SentCompanion
from games.models import CompanionKind
from notifications.messages import OutgoingMessage, SentMessage

MODULES: dict[CompanionKind, ModuleType] = {
    CompanionKind.THREAD: threads,
    CompanionKind.VOICE: voices,
    CompanionKind.ROLE: roles,
    CompanionKind.EVENT: events,
}


async def send_companion(client: discord.Client, message: OutgoingMessage, request: CompanionRequest) -> SentMessage:
    """Make, change or delete a companion; return its id, with its guild's in place of a channel's."""
    module, view = MODULES[request.kind], request.view
    companion_id = message.message_id
    if companion_id is None and message.delete:
        companion_id = await module.find(client, message, view) if hasattr(module, "find") else None
        if companion_id is None:
            return SentMessage(view.guild_id, 0)
    if companion_id is None:
        made = await module.make(client, message, view)
        return made if isinstance(made, SentCompanion) else SentMessage(view.guild_id, made)
    if message.delete:
        await module.delete(client, companion_id, view)
        return SentMessage(view.guild_id, companion_id)
    changed = await module.change(client, companion_id, view)
    return changed if isinstance(changed, SentCompanion) else SentMessage(view.guild_id, companion_id)
