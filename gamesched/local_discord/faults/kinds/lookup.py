"""The parameters that several kinds share, and looking up what they name."""

from gamesched.local_discord.faults.registry import FaultParameter, InvalidFault
from gamesched.local_discord.state.entities import Channel, Guild, Json, Role
from gamesched.local_discord.state.state import State

CHANNEL = FaultParameter("channel_id", "channel", "channel", required=True)
PERSON = FaultParameter("user_id", "person", "person", required=True)
SERVER = FaultParameter("guild_id", "guild", "server (the only one)")


def find_guild(state: State, given: Json) -> Guild:
    """Return the fault's guild, or the only one if none is given."""
    if given["guild_id"] is not None:
        return state.guilds[given["guild_id"]]
    if len(state.guilds) != 1:
        raise InvalidFault("Say in which server: guild_id.")
    return next(iter(state.guilds.values()))


def guild_of_member(state: State, given: Json) -> Guild:
    guild = find_guild(state, given)
    if given["user_id"] not in guild.members:
        raise InvalidFault(f"{person_name(state, given)} is not in {guild.name}.")
    return guild


def refuse_owner(guild: Guild, given: Json) -> None:
    if guild.owner_id == given["user_id"]:
        raise InvalidFault(f"An owner cannot be removed. First, change_owner of {guild.name}.")


def role_ids(guild: Guild, given: Json) -> list[int]:
    """The named roles, which must be the guild's. @everyone is no one's in particular."""
    if unknown := [each for each in given["role_ids"] if each not in guild.roles]:
        raise InvalidFault(f"role_ids: {unknown[0]} is no role of {guild.name}.")
    return [each for each in given["role_ids"] if each != guild.id]


def lift_ban(state: State, guild: Guild, user_id: int) -> None:
    if user_id in guild.bans:
        state.unban(guild, user_id)


def require_guild_channel(channel: Channel) -> Channel:
    if channel.guild_id is None:
        raise InvalidFault("That is not possible in direct messages.")
    return channel


def channel_with_overwrites(state: State, given: Json) -> Channel:
    """Return the channel with the permissions that apply: for a thread, its parent."""
    channel = require_guild_channel(state.channels[given["channel_id"]])
    return channel if channel.thread is None else state.channels[channel.parent_id or 0]


def find_role(state: State, role_id: int) -> tuple[Guild, Role]:
    return next((guild, guild.roles[role_id]) for guild in state.guilds.values() if role_id in guild.roles)


def person_name(state: State, given: Json) -> str:
    user = state.users[given["user_id"]]
    return user.global_name or user.username


def channel_name(channel: Channel) -> str:
    return f"#{channel.name}" if channel.guild_id is not None else "the direct messages"
