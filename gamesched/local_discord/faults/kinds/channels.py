"""Channels and roles that are deleted, renamed, or in which something else is allowed."""

from gamesched.local_discord.faults.kinds.lookup import (
    CHANNEL,
    channel_name,
    channel_with_overwrites,
    find_role,
    guild_of_member,
    require_guild_channel,
)
from gamesched.local_discord.faults.registry import FaultContext, FaultParameter, InvalidFault, fault_kind
from gamesched.local_discord.state.entities import APPLICATION_ID, Json, Overwrite

GROUP = "Channels and roles"
TARGET = FaultParameter("user_id", "member", "of whom", APPLICATION_ID, seldom=True)
TARGET_ROLE = FaultParameter("role_id", "any_role", "or of which role", seldom=True)


@fault_kind(GROUP, CHANNEL)
def delete_channel(context: FaultContext, given: Json) -> str:
    """A channel is deleted, with all in it."""
    channel = require_guild_channel(context.state.channels[given["channel_id"]])
    context.state.delete_channel(channel)
    return f"{channel_name(channel)} is deleted."


@fault_kind(GROUP, FaultParameter("role_id", "role", "role", required=True))
def delete_role(context: FaultContext, given: Json) -> str:
    """A role is deleted, and all lose it."""
    guild, role = find_role(context.state, given["role_id"])
    if role.id == guild.id:
        raise InvalidFault("Discord lets nobody delete @everyone.")
    context.state.delete_role(guild, role)
    return f"The role {role.name} is deleted."


@fault_kind(
    GROUP,
    CHANNEL,
    FaultParameter("take", "permissions", "what is taken (none: all is given back)", required=True),
    TARGET,
    TARGET_ROLE,
)
def permissions(context: FaultContext, given: Json) -> str:
    """In a channel, the bot, someone or a role may no longer do some things."""
    bits = sum(set(given["take"]))
    channel = channel_with_overwrites(context.state, given)
    target = _overwrite_target(given)
    context.state.set_overwrite(channel, Overwrite(target.id, target.type, 0, bits))
    return f"Permissions are {'taken' if bits else 'given back'} in {channel_name(channel)}."


def _overwrite_target(given: Json) -> Overwrite:
    return Overwrite(given["user_id"], 1) if given["role_id"] is None else Overwrite(given["role_id"], 0)


@fault_kind(
    GROUP, CHANNEL, FaultParameter("permissions", "permissions", "what (none: as at first)", ()), TARGET, TARGET_ROLE
)
def give(context: FaultContext, given: Json) -> str:
    """In a channel, the bot, someone or a role is allowed some things, or is as before any were taken."""
    channel, none = channel_with_overwrites(context.state, given), _overwrite_target(given)
    bits = sum(set(given["permissions"]))
    old = next((each for each in channel.overwrites if each.id == none.id), none)
    new = Overwrite(none.id, none.type, old.allow | bits, old.deny & ~bits) if bits else none
    context.state.set_overwrite(channel, new)
    return f"Permissions are given in {channel_name(channel)}."


@fault_kind(
    GROUP,
    FaultParameter("channel_id", "channel", "channel", one_of="what"),
    FaultParameter("role_id", "role", "role", one_of="what"),
    FaultParameter("user_id", "member", "person; with a server, their nick there", one_of="what"),
    FaultParameter("guild_id", "guild", "server", one_of="what"),
    FaultParameter("name", "text", "new name", required=True),
)
def rename(context: FaultContext, given: Json) -> str:
    """A channel, a role, a person or a server gets another name."""
    state, name, user_id = context.state, given["name"], given["user_id"]
    if not name and (user_id is None or given["guild_id"] is None):
        raise InvalidFault("Only a nick may be empty.")
    if given["channel_id"] is not None:
        state.rename_channel(require_guild_channel(state.channels[given["channel_id"]]), name)
    elif given["role_id"] is not None:
        guild, role = find_role(state, given["role_id"])
        state.change_role(guild, role, name=name)
    elif user_id is not None and given["guild_id"] is not None:
        guild = guild_of_member(state, given)
        state.change_member(guild, guild.members[user_id], nick=name or None)
    elif user_id is not None:
        state.rename_user(state.users[user_id], name)
    elif given["guild_id"] is not None:
        state.change_guild(state.guilds[given["guild_id"]], name=name)
    else:
        raise InvalidFault("Say what to rename: channel_id, role_id, user_id or guild_id.")
    return f"The name is {name} now."
