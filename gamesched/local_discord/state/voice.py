"""Who is in which voice channel: https://docs.discord.com/developers/resources/voice

Nobody talks here; people are in a channel or not.
"""

import secrets

from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.core import StateCore
from gamesched.local_discord.state.entities import STAGE, VOICE, Channel, Guild, VoiceState
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.permissions import Permission

CHANNEL_TYPES = (VOICE, STAGE)


class CannotJoin(ValueError):
    """Raised when a person may not enter a voice channel, with the reason."""


def people_in(guild: Guild, channel_id: int) -> list[int]:
    """Return who is in a voice channel, by when they came."""
    return [each.user_id for each in guild.voice.values() if each.channel_id == channel_id]


def join(state: StateCore, channel: Channel, user_id: int) -> None:
    """Enter a voice channel as a person does. Raise CannotJoin without the permission, or if it is full."""
    guild = state.guild_of(channel)
    bits = state.permissions(channel, user_id)
    if guild is None or channel.type not in CHANNEL_TYPES or not bits & Permission.VIEW_CHANNEL:
        raise CannotJoin("That is no voice channel of theirs.")
    if not bits & Permission.CONNECT:
        raise CannotJoin("They lack the permission to connect.")
    here = people_in(guild, channel.id)
    is_full = 0 < channel.user_limit <= len(here)
    if is_full and user_id not in here and not bits & Permission.MOVE_MEMBERS:
        raise CannotJoin("The channel is full.")
    move(state, guild, user_id, channel)


def move(state: StateCore, guild: Guild, user_id: int, channel: Channel) -> None:
    """Put a member into a voice channel, from another or from none."""
    before = guild.voice.pop(user_id, None)
    if before is not None and before.channel_id == channel.id:
        guild.voice[user_id] = before
        return
    session_id = secrets.token_hex(16) if before is None else before.session_id
    guild.voice[user_id] = VoiceState(user_id, channel.id, session_id, suppress=channel.type == STAGE)
    if before is not None:
        _mark_emptied(state, guild, before.channel_id)
    publish(state, guild, guild.voice[user_id])


def leave(state: StateCore, guild: Guild, user_id: int) -> None:
    """Leave the voice channel, if in one."""
    before = guild.voice.pop(user_id, None)
    if before is not None:
        _mark_emptied(state, guild, before.channel_id)
        publish(state, guild, before, left=True)


def publish(state: StateCore, guild: Guild, voice_state: VoiceState, left: bool = False) -> None:
    """Save and tell where a member is."""
    state.save_guild(guild)
    payload = payloads.voice_state(guild, voice_state, state.users, left)
    state.publish(Event("VOICE_STATE_UPDATE", payload, guild.id))


def _mark_emptied(state: StateCore, guild: Guild, channel_id: int) -> None:
    if not people_in(guild, channel_id):
        for event in guild.scheduled.values():
            if event.channel_id == channel_id:
                event.empty_since = state.clock()
