"""Channels that somebody may not view: over the gateway only their id, type and place are told.

https://docs.discord.com/developers/resources/channel#channel-object-obfuscated-channels, since 16 November 2026
"""

from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.core import StateCore
from gamesched.local_discord.state.entities import CATEGORY, FORUM, Channel, Guild, Json
from gamesched.local_discord.state.permissions import Permission

HIDDEN_NAME = "___hidden___"
CHANNEL_OBFUSCATED = 1 << 17  # a channel's flag


def may_view(state: StateCore, channel: Channel, user_id: int) -> bool:
    """Return whether somebody views a channel; a category as soon as they view one channel in it."""
    if state.permissions(channel, user_id) & Permission.VIEW_CHANNEL:
        return True
    inside = (each for each in state.channels.values() if each.parent_id == channel.id)
    return channel.type == CATEGORY and any(may_view(state, each, user_id) for each in inside)


def visible_ids(state: StateCore, guild: Guild, user_id: int) -> set[int]:
    """Return which of a guild's channels, without threads, somebody views."""
    return {each.id for each in state.channels.of_guild(guild.id, threads=False) if may_view(state, each, user_id)}


def payload_for(state: StateCore, channel: Channel, user_id: int) -> Json:
    """Return a guild channel as the gateway sends it to this bot or person."""
    payload = payloads.channel(channel, [])
    return payload if may_view(state, channel, user_id) else hide(payload)


def hide(payload: Json) -> Json:
    """Return a channel's payload without what is only for those who view it."""
    nobody = {"id": payload["guild_id"], "type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
    hidden = payload | {
        "name": HIDDEN_NAME,
        "flags": CHANNEL_OBFUSCATED,
        "permission_overwrites": [nobody],
        "last_message_id": None,
        "rate_limit_per_user": 0,
    }
    if "topic" in payload:
        hidden["topic"] = None
    return hidden | ({"available_tags": []} if payload["type"] == FORUM else {})
