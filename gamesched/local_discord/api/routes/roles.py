"""Roles of a guild: https://docs.discord.com/developers/topics/permissions#role-object"""

from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path, role_from_path
from gamesched.local_discord.api.validation import check_length, check_object, check_range, parse_integer
from gamesched.local_discord.errors import invalid_role, missing_permissions
from gamesched.local_discord.state import payloads, permissions
from gamesched.local_discord.state.entities import Guild, Json
from gamesched.local_discord.state.permissions import Permission


async def get_roles(request: ApiRequest) -> list[Json]:
    guild = guild_from_path(request)
    return [payloads.role(guild, each) for each in guild.roles.values()]


async def get_role(request: ApiRequest) -> Json:
    guild = guild_from_path(request)
    return payloads.role(guild, role_from_path(request, guild))


async def get_member_counts(request: ApiRequest) -> dict[str, int]:
    """Return how many members have each role; @everyone is not counted."""
    guild = guild_from_path(request)
    roles = [each for each in guild.roles if each != guild.id]
    return {str(role): sum(role in member.roles for member in guild.members.values()) for role in roles}


def _read_changes(request: ApiRequest, guild: Guild, body: Json) -> Json:
    """Return the role's fields in the body. Raise 50013 for permissions that the actor lacks."""
    changes: Json = {}
    if body.get("name") is not None:
        changes["name"] = check_length(body["name"], 1, 100, "name")
    if body.get("permissions") is not None:
        changes["bits"] = parse_integer(body["permissions"], "permissions") & permissions.ALL_PERMISSIONS
        if changes["bits"] & ~request.state.guild_permissions(guild, request.user.id):
            raise missing_permissions()
    colors = check_object(body.get("colors") or {}, "colors")
    color = colors.get("primary_color", body.get("color"))  # the latter is deprecated
    if color is not None:
        changes["color"] = check_range(parse_integer(color, "color"), 0, 0xFFFFFF, "color")
    for key in ("hoist", "mentionable"):
        if body.get(key) is not None:
            changes[key] = bool(body[key])
    return changes


async def post_role(request: ApiRequest) -> Json:
    """Create a role, lowest of all but @everyone."""
    guild, body = guild_from_path(request, Permission.MANAGE_ROLES), await request.json()
    everyone = guild.roles[guild.id]
    changes: Json = {"name": "new role", "bits": everyone.permissions} | _read_changes(request, guild, body)
    role = request.state.add_role(guild, changes.pop("name"), changes.pop("bits"), color=changes.pop("color", 0))
    for each in [*guild.roles.values()][1:-1]:
        request.state.change_role(guild, each, position=each.position + 1)
    changes["position"] = 1
    request.state.change_role(guild, role, **changes)
    return payloads.role(guild, role)


async def patch_role(request: ApiRequest) -> Json:
    guild, body = guild_from_path(request, Permission.MANAGE_ROLES), await request.json()
    role = role_from_path(request, guild)
    if not permissions.outranks_role(guild, request.user.id, role):
        raise missing_permissions()
    request.state.change_role(guild, role, **_read_changes(request, guild, body))
    return payloads.role(guild, role)


async def delete_role(request: ApiRequest) -> None:
    guild = guild_from_path(request, Permission.MANAGE_ROLES)
    role = role_from_path(request, guild)
    if role.id == guild.id or role.bot_id is not None:
        raise invalid_role()
    if not permissions.outranks_role(guild, request.user.id, role):
        raise missing_permissions()
    request.state.delete_role(guild, role)


ROUTES = [
    Route("GET", "/guilds/{guild_id}/roles", get_roles),
    Route("POST", "/guilds/{guild_id}/roles", post_role),
    Route("GET", "/guilds/{guild_id}/roles/member-counts", get_member_counts),
    Route("GET", "/guilds/{guild_id}/roles/{role_id}", get_role),
    Route("PATCH", "/guilds/{guild_id}/roles/{role_id}", patch_role),
    Route("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete_role),
]
