"""Application commands: https://docs.discord.com/developers/interactions/application-commands#endpoints"""

from typing import Any

from aiohttp import web

from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.api.request import ApiRequest, Route, json_response
from gamesched.local_discord.api.routes.path_lookup import channel_from_path, guild_from_path
from gamesched.local_discord.errors import invalid_form_body, missing_access, unauthorized
from gamesched.local_discord.state.entities import APPLICATION_ID, Json


def _scope(request: ApiRequest) -> int:
    if not request.user.bot or request.path_id("application_id") != request.user.id:
        raise unauthorized()
    if "guild_id" not in request.http_request.match_info:
        return commands.GLOBAL
    guild = request.state.guilds.get(request.path_id("guild_id"))
    if guild is None or APPLICATION_ID not in guild.members:
        raise missing_access()
    return guild.id


async def get_commands(request: ApiRequest) -> list[Json]:
    return commands.list_commands(request.state, _scope(request))


async def put_commands(request: ApiRequest) -> list[Json]:
    scope, body = _scope(request), await request.json_value()
    if not isinstance(body, list):
        raise invalid_form_body((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    return commands.bulk_overwrite(request.state, scope, body)


async def post_command(request: ApiRequest) -> web.Response:
    command, is_new = commands.create_or_overwrite(request.state, _scope(request), await request.json())
    return json_response(command, 201 if is_new else 200)


async def get_command(request: ApiRequest) -> Json:
    return commands.get_command(request.state, _scope(request), request.path_id("command_id"))


async def patch_command(request: ApiRequest) -> Json:
    return commands.edit_command(request.state, _scope(request), request.path_id("command_id"), await request.json())


async def delete_command(request: ApiRequest) -> None:
    commands.delete_command(request.state, _scope(request), request.path_id("command_id"))


async def get_command_permissions(request: ApiRequest) -> list[Json]:
    """Return who may use which command beyond its defaults: nothing can be set here, so none."""
    _scope(request)
    return []


async def get_guild_command_index(request: ApiRequest) -> Any:
    """Return what Discord's own client reads, as a person, to offer a guild's commands."""
    guild = guild_from_path(request)
    channels = request.state.channels_of(guild)
    usable_channels = [each for each in channels if commands.usable_commands(request.state, each, request.user.id)]
    if not channels or APPLICATION_ID not in guild.members:
        return {"applications": [], "application_commands": [], "version": "0"}
    return commands.command_index(request.state, (usable_channels or channels)[0], request.user.id)


async def get_channel_command_index(request: ApiRequest) -> Json:
    """Return the same for one channel, for direct messages too."""
    return commands.command_index(request.state, channel_from_path(request), request.user.id)


GLOBAL_COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES = [
    Route("GET", GUILD_COMMANDS + "/permissions", get_command_permissions),
    *(
        Route(method, path + end, handler)
        for path in (GLOBAL_COMMANDS, GUILD_COMMANDS)
        for method, end, handler in (
            ("GET", "", get_commands),
            ("PUT", "", put_commands),
            ("POST", "", post_command),
            ("GET", "/{command_id}", get_command),
            ("PATCH", "/{command_id}", patch_command),
            ("DELETE", "/{command_id}", delete_command),
        )
    ),
    Route("GET", "/guilds/{guild_id}/application-command-index", get_guild_command_index),
    Route("GET", "/channels/{channel_id}/application-command-index", get_channel_command_index),
]
