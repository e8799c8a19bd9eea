"""Looks up what a path names, or raises the error: unknown, hidden, or not allowed."""

from gamesched.local_discord.api.request import ApiRequest
from gamesched.local_discord.errors import (
    missing_access,
    missing_permissions,
    unknown_channel,
    unknown_guild,
    unknown_member,
    unknown_role,
    unknown_user,
)
from gamesched.local_discord.state.entities import Channel, Guild, Member, Role
from gamesched.local_discord.state.permissions import Permission


def guild_from_path(request: ApiRequest, required: int = 0) -> Guild:
    """Return the guild in the path. Raise 10004 for non-members, 50013 without one of the `required` permissions."""
    guild = request.state.guilds.get(request.path_id("guild_id"))
    if guild is None or request.user.id not in guild.members or guild.unavailable:
        raise unknown_guild()
    if request.state.guild_permissions(guild, request.user.id) & required != required:
        raise missing_permissions()
    return guild


def member_from_path(request: ApiRequest, guild: Guild) -> Member:
    """Return the member in the path. Raise 10013 for an unknown user, 10007 for one who is not in this guild."""
    user_id = request.path_id("user_id")
    if user_id not in request.state.users:
        raise unknown_user()
    if user_id not in guild.members:
        raise unknown_member()
    return guild.members[user_id]


def role_from_path(request: ApiRequest, guild: Guild) -> Role:
    """Return the role in the path. Raise 10011."""
    role = guild.roles.get(request.path_id("role_id"))
    if role is None:
        raise unknown_role()
    return role


def channel_from_path(request: ApiRequest, required: int = 0) -> Channel:
    """Return the channel in the path. Raise 10003, 50001 if hidden, 50013 without one of the `required` permissions."""
    channel = request.state.channels.get(request.path_id("channel_id"))
    if channel is None:
        raise unknown_channel()
    bits = request.state.permissions(channel, request.user.id)
    if not bits & Permission.VIEW_CHANNEL:
        raise missing_access()
    if bits & required != required:
        raise missing_permissions()
    return channel
