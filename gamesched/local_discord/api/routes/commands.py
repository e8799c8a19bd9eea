"""Application commands: https://docs.discord.com/developers/interactions/application-commands#endpoints"""

from typing import Any

from aiohttp import web

from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.api.request import Call, Route, answer
from gamesched.local_discord.api.routes.path_lookup import the_channel, the_guild
from gamesched.local_discord.errors import invalid, missing_access, unauthorized
from gamesched.local_discord.state.entities import APPLICATION_ID, Json


def _scope(call: Call) -> int:
    if not call.user.bot or call.id("application_id") != call.user.id:
        raise unauthorized()
    if "guild_id" not in call.request.match_info:
        return commands.GLOBAL
    guild = call.world.guilds.get(call.id("guild_id"))
    if guild is None or APPLICATION_ID not in guild.members:
        raise missing_access()
    return guild.id


async def get_commands(call: Call) -> list[Json]:
    return commands.of(call.world, _scope(call))


async def put_commands(call: Call) -> list[Json]:
    scope, body = _scope(call), await call.json_list()
    if not isinstance(body, list):
        raise invalid((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    return commands.put(call.world, scope, body)


async def post_command(call: Call) -> web.Response:
    made, new = commands.upsert(call.world, _scope(call), await call.json())
    return answer(made, 201 if new else 200)


async def get_command(call: Call) -> Json:
    return commands.one(call.world, _scope(call), call.id("command_id"))


async def patch_command(call: Call) -> Json:
    return commands.change(call.world, _scope(call), call.id("command_id"), await call.json())


async def delete_command(call: Call) -> None:
    commands.delete(call.world, _scope(call), call.id("command_id"))


async def get_index(call: Call) -> Any:
    """What Discord's own client reads, as a person, to offer the commands of a guild."""
    guild = the_guild(call)
    channels = call.world.channels_of(guild)
    seen = [each for each in channels if commands.usable(call.world, each, call.user.id)]
    if not channels or APPLICATION_ID not in guild.members:
        return {"applications": [], "application_commands": [], "version": "0"}
    return commands.index(call.world, (seen or channels)[0], call.user.id)


async def get_channel_index(call: Call) -> Json:
    """The same in one channel, for direct messages too."""
    return commands.index(call.world, the_channel(call), call.user.id)


GLOBAL = "/applications/{application_id}/commands"
OF_A_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES = [
    *(
        Route(method, path + end, handler)
        for path in (GLOBAL, OF_A_GUILD)
        for method, end, handler in (
            ("GET", "", get_commands),
            ("PUT", "", put_commands),
            ("POST", "", post_command),
            ("GET", "/{command_id}", get_command),
            ("PATCH", "/{command_id}", patch_command),
            ("DELETE", "/{command_id}", delete_command),
        )
    ),
    Route("GET", "/guilds/{guild_id}/application-command-index", get_index),
    Route("GET", "/channels/{channel_id}/application-command-index", get_channel_index),
]
