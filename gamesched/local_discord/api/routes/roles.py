"""Roles of a guild: https://docs.discord.com/developers/topics/permissions#role-object"""

from gamesched.local_discord.api.messages import between, integer, length
from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.api.routes.path_lookup import the_guild, the_role
from gamesched.local_discord.errors import invalid_role, missing_permissions
from gamesched.local_discord.state import payloads, permissions
from gamesched.local_discord.state.entities import Guild, Json
from gamesched.local_discord.state.permissions import Permission


async def get_roles(call: Call) -> list[Json]:
    guild = the_guild(call)
    return [payloads.role(guild, each) for each in guild.roles.values()]


async def get_role(call: Call) -> Json:
    guild = the_guild(call)
    return payloads.role(guild, the_role(call, guild))


def _changes(call: Call, guild: Guild, body: Json) -> Json:
    """What the body names of a role. Nobody gives a permission that they do not have themselves: 50013."""
    changes: Json = {}
    if body.get("name") is not None:
        changes["name"] = length(body["name"], 1, 100, "name")
    if body.get("permissions") is not None:
        changes["bits"] = integer(body["permissions"], "permissions") & permissions.ALL
        if changes["bits"] & ~permissions.in_guild(guild, call.user.id):
            raise missing_permissions()
    if body.get("color") is not None:
        changes["color"] = between(integer(body["color"], "color"), 0, 0xFFFFFF, "color")
    for key in ("hoist", "mentionable"):
        if body.get(key) is not None:
            changes[key] = bool(body[key])
    return changes


async def post_role(call: Call) -> Json:
    """A new role is the lowest, above @everyone only."""
    guild, body = the_guild(call, Permission.MANAGE_ROLES), await call.json()
    everyone = guild.roles[guild.id]
    changes: Json = {"name": "new role", "bits": everyone.permissions} | _changes(call, guild, body)
    role = call.world.add_role(guild, changes.pop("name"), changes.pop("bits"), color=changes.pop("color", 0))
    for each in [*guild.roles.values()][1:-1]:
        call.world.change_role(guild, each, position=each.position + 1)
    changes["position"] = 1
    call.world.change_role(guild, role, **changes)
    return payloads.role(guild, role)


async def patch_role(call: Call) -> Json:
    guild, body = the_guild(call, Permission.MANAGE_ROLES), await call.json()
    role = the_role(call, guild)
    if not permissions.above(guild, call.user.id, role):
        raise missing_permissions()
    call.world.change_role(guild, role, **_changes(call, guild, body))
    return payloads.role(guild, role)


async def delete_role(call: Call) -> None:
    guild = the_guild(call, Permission.MANAGE_ROLES)
    role = the_role(call, guild)
    if role.id == guild.id or role.bot_id is not None:
        raise invalid_role()
    if not permissions.above(guild, call.user.id, role):
        raise missing_permissions()
    call.world.delete_role(guild, role)


ROUTES = [
    Route("GET", "/guilds/{guild_id}/roles", get_roles),
    Route("POST", "/guilds/{guild_id}/roles", post_role),
    Route("GET", "/guilds/{guild_id}/roles/{role_id}", get_role),
    Route("PATCH", "/guilds/{guild_id}/roles/{role_id}", patch_role),
    Route("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete_role),
]
