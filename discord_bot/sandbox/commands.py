"""The commands of the application, global and of guilds.

https://docs.discord.com/developers/interactions/application-commands
"""

from discord_bot.sandbox.things import APPLICATION_ID, Json
from discord_bot.sandbox.world import World


def replace(world: World, scope: int, commands: list[Json]) -> list[Json]:
    """Replace the commands of a guild, or with scope 0 the global ones."""
    known = {(old["name"], old["type"]): old["id"] for old in world.commands.get(scope, [])}
    kept = []
    for command in commands:
        kind = command.get("type", 1)
        own = {
            "id": known.get((command["name"], kind)) or str(world.new_id()),
            "application_id": str(APPLICATION_ID),
        }
        own |= {"version": str(world.new_id()), "default_member_permissions": None, "description": "", "type": kind}
        kept.append(own | {name: value for name, value in command.items() if name != "id"})
    world.commands[scope] = kept
    world.store.put("commands", scope, {"scope": scope, "commands": kept})
    return kept
