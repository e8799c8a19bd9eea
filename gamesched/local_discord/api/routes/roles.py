"""Roles of a guild: https://docs.discord.com/developers/topics/permissions#role-object"""

from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path, role_from_path
from gamesched.local_discord.api.validation import (
    check_length,
    check_list,
    check_object,
    check_range,
    parse_integer,
    parse_snowflake,
)
from gamesched.local_discord.errors import invalid_role, missing_permissions, too_many_roles, unknown_role
from gamesched.local_discord.state import payloads, permissions
from gamesched.local_discord.state.entities import Guild, Json, Role
from gamesched.local_discord.state.permissions import Permission

MAX_ROLES = 250  # in a guild, with @everyone


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
    if len(guild.roles) >= MAX_ROLES:
        raise too_many_roles()
    everyone = guild.roles[guild.id]
    changes: Json = {"name": "new role", "bits": everyone.permissions} | _read_changes(request, guild, body)
    role = request.state.add_role(guild, changes.pop("name"), changes.pop("bits"), color=changes.pop("color", 0))
    for each in [*guild.roles.values()][1:-1]:
        request.state.change_role(guild, each, position=each.position + 1)
    changes["position"] = 1
    request.state.change_role(guild, role, **changes)
    return payloads.role(guild, role)


async def patch_roles(request: ApiRequest) -> list[Json]:
    """Sort roles. Raise 50013 for one at or above the actor's highest, or that would get there."""
    guild, body = guild_from_path(request, Permission.MANAGE_ROLES), await request.json_value()
    steps: list[tuple[Role, int]] = []
    for i, each in enumerate(check_list(body)):
        given = check_object(each, i)
        role = guild.roles.get(parse_snowflake(given.get("id"), i, "id"))
        if role is None:
            raise unknown_role()
        if given.get("position") is None:
            continue
        position = check_range(parse_integer(given["position"], i, "position"), 1, MAX_ROLES, i, "position")
        if position == role.position:
            continue
        higher = Role(role.id, role.name, 0, max(position, role.position))
        if role.id == guild.id or not permissions.outranks_role(guild, request.user.id, higher):
            raise missing_permissions()
        steps.append((role, position))
    for role, position in steps:
        request.state.change_role(guild, role, position=position)
    return [payloads.role(guild, each) for each in guild.roles.values()]


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
    Route("PATCH", "/guilds/{guild_id}/roles", patch_roles),
    Route("GET", "/guilds/{guild_id}/roles/member-counts", get_member_counts),
    Route("GET", "/guilds/{guild_id}/roles/{role_id}", get_role),
    Route("PATCH", "/guilds/{guild_id}/roles/{role_id}", patch_role),
    Route("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete_role),
]
