"""The application's commands, global and per guild.

https://docs.discord.com/developers/interactions/application-commands
"""

from collections.abc import Sequence

from gamesched.local_discord.api.interactions.command_schema import CHAT_INPUT, read_command
from gamesched.local_discord.errors import (
    invalid_form_body,
    too_many_command_creates,
    too_many_commands,
    unknown_command,
)
from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State

MAX_COMMANDS = {1: 100, 2: 15, 3: 15}  # by type, in each guild and of the global ones
MAX_CREATES_PER_DAY, DAY = 200, 24 * 3600.0  # in each guild, and of global ones; seconds
GLOBAL = 0


def list_commands(state: State, scope: int) -> list[Json]:
    return state.commands.get(scope, [])


def get_command(state: State, scope: int, command_id: int) -> Json:
    """Return a command. Raise 10063."""
    for command in list_commands(state, scope):
        if command["id"] == str(command_id):
            return command
    raise unknown_command()


def bulk_overwrite(state: State, scope: int, given: Sequence[object]) -> list[Json]:
    """Replace all commands. Those with the same name and type keep their id."""
    commands = [read_command(each, (i,)) for i, each in enumerate(given)]
    names = [(each["name"], each["type"]) for each in commands]
    if len(set(names)) != len(names):
        raise invalid_form_body((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for kind, most in MAX_COMMANDS.items():
        if sum(each["type"] == kind for each in commands) > most:
            raise too_many_commands(most)
    known = {(old["name"], old["type"]): old["id"] for old in list_commands(state, scope)}
    _count_creates(state, scope, sum(name not in known for name in names))
    stored = [_with_ids(state, scope, each, known.get(name)) for name, each in zip(names, commands, strict=True)]
    return _save(state, scope, stored)


def create_or_overwrite(state: State, scope: int, given: object) -> tuple[Json, bool]:
    """Create a command, or replace the one of the same name and type. Return it, and whether it is new."""
    command = read_command(given)
    others = [
        each
        for each in list_commands(state, scope)
        if (each["name"], each["type"]) != (command["name"], command["type"])
    ]
    old = next((each for each in list_commands(state, scope) if each not in others), None)
    if old is None:
        if sum(each["type"] == command["type"] for each in others) >= MAX_COMMANDS[command["type"]]:
            raise too_many_commands(MAX_COMMANDS[command["type"]])
        _count_creates(state, scope, 1)
    stored = _with_ids(state, scope, command, None if old is None else old["id"])
    _save(state, scope, [*others, stored])
    return stored, old is None


def edit_command(state: State, scope: int, command_id: int, body: Json) -> Json:
    """Change the fields in the body. Raise 10063, 50035."""
    old = get_command(state, scope, command_id)
    command = read_command(old | body | {"type": old["type"]})
    others = [each for each in list_commands(state, scope) if each is not old]
    if any((each["name"], each["type"]) == (command["name"], command["type"]) for each in others):
        raise invalid_form_body((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    stored = _with_ids(state, scope, command, old["id"])
    _save(state, scope, [stored if each is old else each for each in list_commands(state, scope)])
    return stored


def delete_command(state: State, scope: int, command_id: int) -> None:
    deleted = get_command(state, scope, command_id)
    _save(state, scope, [each for each in list_commands(state, scope) if each is not deleted])


def _with_ids(state: State, scope: int, command: Json, command_id: str | None) -> Json:
    own = {"id": command_id or str(state.new_id()), "application_id": str(APPLICATION_ID)}
    own["version"] = str(state.new_id())
    return own | command | ({"guild_id": str(scope)} if scope != GLOBAL else {})


def _save(state: State, scope: int, commands: list[Json]) -> list[Json]:
    state.commands[scope] = commands
    state.store.put("commands", scope, {"scope": scope, "commands": commands})
    return commands


def _count_creates(state: State, scope: int, created: int) -> None:
    now = state.clock()
    recent = [at for at in state.command_creation_times.get(scope, []) if at > now - DAY]
    if len(recent) + created > MAX_CREATES_PER_DAY:
        raise too_many_command_creates()
    state.command_creation_times[scope] = recent + [now] * created


# --- who may use which --------------------------------------------------------------------------------------


def usable_commands(state: State, channel: Channel, user_id: int) -> list[Json]:
    """Return the commands that Discord offers this person in this channel."""
    guild = state.guild_of(channel)
    candidates = list_commands(state, GLOBAL) + (list_commands(state, guild.id) if guild is not None else [])
    if guild is None:
        return [
            each for each in candidates if each.get("dm_permission") is not False and 1 in (each.get("contexts") or [1])
        ]
    bits = state.guild_permissions(guild, user_id)
    if not state.permissions(channel, user_id) & Permission.USE_APPLICATION_COMMANDS:
        return []
    allowed = [each for each in candidates if 0 in (each.get("contexts") or [0])]
    needed = [(each, int(each["default_member_permissions"] or 0)) for each in allowed]
    return [
        each
        for each, need in needed
        if bits & need == need and (bits == permissions.ALL_PERMISSIONS or need or _is_open_to_members(each))
    ]


def _is_open_to_members(command: Json) -> bool:
    """Return whether members may use a command; permissions "0" restrict it to administrators."""
    return bool(command["default_member_permissions"] != "0")


def command_index(state: State, channel: Channel, user_id: int) -> Json:
    """Return what Discord's own client reads to offer commands."""
    bot = state.bot
    commands = usable_commands(state, channel, user_id)
    application = {
        "id": str(APPLICATION_ID),
        "name": bot.global_name or bot.username,
        "description": "",
        "icon": None,
        "bot_id": str(bot.id),
        "flags": 0,
    }
    newest = max((int(each["version"]) for each in commands), default=0)
    return {"applications": [application], "application_commands": commands, "version": str(newest)}


def qualified_name(data: Json) -> str:
    """Return the name with those of the subcommand and its group, as in "game list"."""
    names, options = [str(data["name"])], data.get("options") or []
    while data.get("type", CHAT_INPUT) == CHAT_INPUT and options and options[0].get("type") in (1, 2):
        names.append(str(options[0]["name"]))
        options = options[0].get("options") or []
    return " ".join(names)
