"""Application commands: https://docs.discord.com/developers/interactions/application-commands"""

from discord_bot.sandbox import commands
from discord_bot.sandbox.call import Call, Route
from discord_bot.sandbox.errors import invalid, unauthorized
from discord_bot.sandbox.things import Json


def _scope(call: Call) -> int:
    if not call.user.bot or call.id("application_id") != call.user.id:
        raise unauthorized()
    return call.id("guild_id") if "guild_id" in call.request.match_info else 0


async def get_commands(call: Call) -> list[Json]:
    return call.world.commands.get(_scope(call), [])


async def put_commands(call: Call) -> list[Json]:
    scope, body = _scope(call), await call.json_list()
    if not isinstance(body, list) or len(body) > 100:
        raise invalid((), "BASE_TYPE_BAD_LENGTH", "Must be between 0 and 100 in length.")
    for i, command in enumerate(body):
        if not isinstance(command, dict) or not isinstance(command.get("name"), str):
            raise invalid((i, "name"), "BASE_TYPE_REQUIRED", "This field is required")
        if not 1 <= len(command["name"]) <= 32:
            raise invalid((i, "name"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
        if command.get("type", 1) == 1 and not 1 <= len(str(command.get("description") or "")) <= 100:
            raise invalid((i, "description"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    names = [(command["name"], command.get("type", 1)) for command in body]
    if len(set(names)) != len(names):
        raise invalid((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    return commands.replace(call.world, scope, body)


ROUTES = [
    Route("GET", "/applications/{application_id}/commands", get_commands),
    Route("PUT", "/applications/{application_id}/commands", put_commands),
    Route("GET", "/applications/{application_id}/guilds/{guild_id}/commands", get_commands),
    Route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", put_commands),
]
