"""Makes, changes and deletes the voice channel of a game.

https://docs.discord.com/developers/resources/guild#create-guild-channel
"""

from collections.abc import Sequence
from typing import Any, cast

import discord
from django.utils.translation import gettext_noop

from discord_bot.backend.errors import INVALID_FORM
from discord_bot.backend.forums import CLOCK_TOLERANCE, UNKNOWN_CHANNEL
from games.companions.base import CompanionRequest, CompanionView, SentCompanion
from games.companions.voice import OWN_RIGHTS, Overwrite, VoiceView
from notifications.messages import OutgoingMessage, PermanentError

VOICE: Any = discord.ChannelType.voice.value


async def make(client: discord.Client, message: OutgoingMessage, wanted: CompanionView) -> SentCompanion:
    """Make the channel, in the category of the game's own channel if there is room."""
    view = cast("VoiceView", wanted)
    if message.first_attempt_at is None:
        parent_id = await _category_of(client, view.beside_id)
    else:
        channels = await client.http.get_all_guild_channels(view.guild_id)
        if (channel_id := _find_made(client, message, channels, view)) is not None:
            return SentCompanion(view.guild_id, channel_id, is_adopted=True)
        parent_id = next((each.get("parent_id") for each in channels if int(each["id"]) == view.beside_id), None)
    fields: dict[str, Any] = {"name": view.name, "permission_overwrites": _overwrites(view)}
    try:
        made = await client.http.create_channel(view.guild_id, VOICE, **fields, parent_id=parent_id)
    except discord.HTTPException as reason:
        if parent_id is None or reason.code != INVALID_FORM or "parent_id" not in reason.text:
            raise
        made = await client.http.create_channel(view.guild_id, VOICE, **fields)
    return SentCompanion(view.guild_id, int(made["id"]))


async def find(client: discord.Client, message: OutgoingMessage, wanted: CompanionView) -> int | None:
    """Return the channel that an earlier attempt made."""
    channels = await client.http.get_all_guild_channels(wanted.guild_id)
    return _find_made(client, message, channels, cast("VoiceView", wanted))


async def _category_of(client: discord.Client, channel_id: int) -> Any:
    """Return the id of the category of a channel; None without one, or if the bot may not see the channel."""
    try:
        channel: Any = await client.http.get_channel(channel_id)
    except (discord.Forbidden, discord.NotFound):
        return None
    return channel.get("parent_id")


def _find_made(
    client: discord.Client, message: OutgoingMessage, channels: Sequence[Any], view: VoiceView
) -> int | None:
    """Return the channel that an earlier attempt made: with the bot's own rights in it, and of no other game."""
    assert client.user is not None
    assert message.first_attempt_at is not None
    request: CompanionRequest = message.post
    since = discord.utils.time_snowflake(message.first_attempt_at - CLOCK_TOLERANCE)
    own = (client.user.id, OWN_RIGHTS, 0)
    ours = [
        each
        for each in channels
        if each["type"] == VOICE
        and int(each["id"]) >= since
        and int(each["id"]) not in request.taken_ids
        and own in {(int(one["id"]), int(one["allow"]), int(one["deny"])) for one in each["permission_overwrites"]}
    ]
    # It may have an older name of the game.
    ours.sort(key=lambda each: each["name"] != view.name)
    return int(ours[0]["id"]) if ours else None


def _overwrites(view: VoiceView) -> list[dict[str, Any]]:
    entries = [Overwrite(*one) for one in view.overwrites]
    return [{"id": str(one.id), "type": one.type, "allow": str(one.allow), "deny": str(one.deny)} for one in entries]


async def change(client: discord.Client, channel_id: int, wanted: CompanionView) -> None:
    """Rename the channel and change who may enter, in one request."""
    view = cast("VoiceView", wanted)
    fields: dict[str, Any] = {}
    if "name" in view.changed:
        fields["name"] = view.name
    if "overwrites" in view.changed:
        fields["permission_overwrites"] = _overwrites(view)
    if not fields:
        return
    try:
        await client.http.edit_channel(channel_id, **fields)
    except discord.NotFound as reason:
        raise _as_deleted(reason) from None


async def delete(client: discord.Client, channel_id: int, view: CompanionView) -> None:
    """Delete the channel."""
    try:
        await client.http.delete_channel(channel_id)
    except discord.NotFound as reason:
        raise _as_deleted(reason) from None


def _as_deleted(reason: discord.NotFound) -> Exception:
    if reason.code != UNKNOWN_CHANNEL:
        return reason
    return PermanentError(gettext_noop("The voice channel was deleted."), PermanentError.UNKNOWN_MESSAGE)
