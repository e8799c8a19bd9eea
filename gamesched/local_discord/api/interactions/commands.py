"""The commands of the application, global and of guilds.

https://docs.discord.com/developers/interactions/application-commands
"""

from collections.abc import Sequence

from gamesched.local_discord.api.interactions.command_schema import SLASH, read_command
from gamesched.local_discord.errors import invalid, too_many_command_creates, too_many_commands, unknown_command
from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import World

MOST = {1: 100, 2: 15, 3: 15}  # by type, in each guild and of the global ones
CREATES_A_DAY, DAY = 200, 24 * 3600.0  # in each guild, and of global ones; seconds
GLOBAL = 0


def of(world: World, scope: int) -> list[Json]:
    return world.commands.get(scope, [])


def one(world: World, scope: int, command_id: int) -> Json:
    """Raises 10063."""
    for command in of(world, scope):
        if command["id"] == str(command_id):
            return command
    raise unknown_command()


def put(world: World, scope: int, given: Sequence[object]) -> list[Json]:
    """Replace all. Those whose name and type were there before keep their id."""
    commands = [read_command(each, (i,)) for i, each in enumerate(given)]
    names = [(each["name"], each["type"]) for each in commands]
    if len(set(names)) != len(names):
        raise invalid((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for kind, most in MOST.items():
        if sum(each["type"] == kind for each in commands) > most:
            raise too_many_commands(most)
    known = {(old["name"], old["type"]): old["id"] for old in of(world, scope)}
    _count_creates(world, scope, sum(name not in known for name in names))
    made = [_finished(world, scope, each, known.get(name)) for name, each in zip(names, commands, strict=True)]
    return _keep(world, scope, made)


def upsert(world: World, scope: int, given: object) -> tuple[Json, bool]:
    """Make a command, or replace that of the same name and type. Returns it, and whether it is new."""
    command = read_command(given)
    others = [each for each in of(world, scope) if (each["name"], each["type"]) != (command["name"], command["type"])]
    old = next((each for each in of(world, scope) if each not in others), None)
    if old is None:
        if sum(each["type"] == command["type"] for each in others) >= MOST[command["type"]]:
            raise too_many_commands(MOST[command["type"]])
        _count_creates(world, scope, 1)
    made = _finished(world, scope, command, None if old is None else old["id"])
    _keep(world, scope, [*others, made])
    return made, old is None


def change(world: World, scope: int, command_id: int, body: Json) -> Json:
    """Change what the body names. Raises 10063, 50035."""
    old = one(world, scope, command_id)
    command = read_command(old | body | {"type": old["type"]})
    others = [each for each in of(world, scope) if each is not old]
    if any((each["name"], each["type"]) == (command["name"], command["type"]) for each in others):
        raise invalid((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    made = _finished(world, scope, command, old["id"])
    _keep(world, scope, [made if each is old else each for each in of(world, scope)])
    return made


def delete(world: World, scope: int, command_id: int) -> None:
    gone = one(world, scope, command_id)
    _keep(world, scope, [each for each in of(world, scope) if each is not gone])


def _finished(world: World, scope: int, command: Json, command_id: str | None) -> Json:
    own = {"id": command_id or str(world.new_id()), "application_id": str(APPLICATION_ID)}
    own["version"] = str(world.new_id())
    return own | command | ({"guild_id": str(scope)} if scope != GLOBAL else {})


def _keep(world: World, scope: int, commands: list[Json]) -> list[Json]:
    world.commands[scope] = commands
    world.store.put("commands", scope, {"scope": scope, "commands": commands})
    return commands


def _count_creates(world: World, scope: int, new: int) -> None:
    now = world.clock()
    lately = [at for at in world.command_creates.get(scope, []) if at > now - DAY]
    if len(lately) + new > CREATES_A_DAY:
        raise too_many_command_creates()
    world.command_creates[scope] = lately + [now] * new


# --- who may use which --------------------------------------------------------------------------------------


def usable(world: World, channel: Channel, user_id: int) -> list[Json]:
    """The commands that Discord offers this person in this channel."""
    guild = world.guild_of(channel)
    found = of(world, GLOBAL) + (of(world, guild.id) if guild is not None else [])
    if guild is None:
        return [each for each in found if each.get("dm_permission") is not False and 1 in (each.get("contexts") or [1])]
    bits = permissions.in_guild(guild, user_id)
    if not world.permissions(channel, user_id) & Permission.USE_APPLICATION_COMMANDS:
        return []
    allowed = [each for each in found if 0 in (each.get("contexts") or [0])]
    needed = [(each, int(each["default_member_permissions"] or 0)) for each in allowed]
    return [each for each, need in needed if bits & need == need and (bits == permissions.ALL or need or _open(each))]


def _open(command: Json) -> bool:
    """Permissions "0" leave a command to administrators."""
    return bool(command["default_member_permissions"] != "0")


def index(world: World, channel: Channel, user_id: int) -> Json:
    """What Discord's own client reads to offer commands."""
    bot = world.bot
    found = usable(world, channel, user_id)
    application = {
        "id": str(APPLICATION_ID),
        "name": bot.global_name or bot.username,
        "description": "",
        "icon": None,
        "bot_id": str(bot.id),
        "flags": 0,
    }
    newest = max((int(each["version"]) for each in found), default=0)
    return {"applications": [application], "application_commands": found, "version": str(newest)}


def full_name(data: Json) -> str:
    """The name with those of the subcommand and its group, as in "game list"."""
    names, options = [str(data["name"])], data.get("options") or []
    while data.get("type", SLASH) == SLASH and options and options[0].get("type") in (1, 2):
        names.append(str(options[0]["name"]))
        options = options[0].get("options") or []
    return " ".join(names)
