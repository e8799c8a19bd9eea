"""What a path names, or the error that says it is not there, not seen, or not allowed."""

from gamesched.local_discord.api.request import Call
from gamesched.local_discord.errors import (
    missing_access,
    missing_permissions,
    unknown_channel,
    unknown_guild,
    unknown_member,
    unknown_role,
    unknown_user,
)
from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import Channel, Guild, Member, Role
from gamesched.local_discord.state.permissions import Permission


def the_guild(call: Call, needs: int = 0) -> Guild:
    """The guild in the path. Raises 10004 for strangers, 50013 for who lacks one of the permissions in `needs`."""
    found = call.world.guilds.get(call.id("guild_id"))
    if found is None or call.user.id not in found.members or found.unavailable:
        raise unknown_guild()
    if permissions.in_guild(found, call.user.id) & needs != needs:
        raise missing_permissions()
    return found


def the_member(call: Call, guild: Guild) -> Member:
    """The member in the path. Raises 10013 for nobody, 10007 for someone who is not in this guild."""
    user_id = call.id("user_id")
    if user_id not in call.world.users:
        raise unknown_user()
    if user_id not in guild.members:
        raise unknown_member()
    return guild.members[user_id]


def the_role(call: Call, guild: Guild) -> Role:
    """The role in the path. Raises 10011."""
    found = guild.roles.get(call.id("role_id"))
    if found is None:
        raise unknown_role()
    return found


def the_channel(call: Call, needs: int = 0) -> Channel:
    """The channel in the path. Raises 10003, 50001 where it is hidden, 50013 for who lacks one of `needs`."""
    found = call.world.channels.get(call.id("channel_id"))
    if found is None:
        raise unknown_channel()
    bits = call.world.permissions(found, call.user.id)
    if not bits & Permission.VIEW_CHANNEL:
        raise missing_access()
    if bits & needs != needs:
        raise missing_permissions()
    return found
