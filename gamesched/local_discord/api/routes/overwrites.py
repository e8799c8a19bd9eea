"""What a role or a single member may in a channel.

https://docs.discord.com/developers/resources/channel#edit-channel-permissions
"""

from gamesched.local_discord.api.channels import MEMBER, ROLE, check_rights, check_target
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import channel_from_path
from gamesched.local_discord.api.validation import check_range, parse_integer
from gamesched.local_discord.errors import cannot_act_on_dm, missing_permissions, unknown_overwrite, wrong_channel_type
from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import Channel, Overwrite
from gamesched.local_discord.state.permissions import Permission


def _channel_from_path(request: ApiRequest) -> tuple[Channel, int]:
    """Return the channel with the actor's permissions. Raise 50013 without MANAGE_ROLES there."""
    channel = channel_from_path(request)
    if channel.guild_id is None:
        raise cannot_act_on_dm()
    if channel.thread is not None:
        raise wrong_channel_type()
    bits = request.state.permissions(channel, request.user.id)
    if not bits & Permission.MANAGE_ROLES:
        raise missing_permissions()
    return channel, bits


async def put_overwrite(request: ApiRequest) -> None:
    """Set an overwrite. Raise 50013 for permissions that the actor lacks, 10009 for somebody unknown."""
    channel, bits = _channel_from_path(request)
    body = await request.json()
    kind = check_range(parse_integer(body.get("type"), "type"), ROLE, MEMBER, "type")
    allow, deny = (parse_integer(body.get(key) or 0, key) & permissions.ALL_PERMISSIONS for key in ("allow", "deny"))
    new = Overwrite(request.path_id("overwrite_id"), kind, allow, deny)
    guild = request.state.guild_of(channel)
    assert guild is not None, "checked above"
    check_target(request.state, guild, new)
    check_rights(bits, next((each for each in channel.overwrites if each.id == new.id), Overwrite(new.id, kind)), new)
    request.state.set_overwrite(channel, new)


async def delete_overwrite(request: ApiRequest) -> None:
    channel, _ = _channel_from_path(request)
    if request.path_id("overwrite_id") not in {each.id for each in channel.overwrites}:
        raise unknown_overwrite()
    request.state.set_overwrite(channel, Overwrite(request.path_id("overwrite_id"), ROLE))


ROUTES = [
    Route("PUT", "/channels/{channel_id}/permissions/{overwrite_id}", put_overwrite),
    Route("DELETE", "/channels/{channel_id}/permissions/{overwrite_id}", delete_overwrite),
]
