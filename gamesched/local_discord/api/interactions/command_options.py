"""A person's use of a command, held against the command: https://docs.discord.com/developers/interactions/application-commands"""

from typing import Any

from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.api.interactions.command_schema import (
    BOOLEAN,
    CHANNEL,
    INTEGER,
    MENTIONABLE,
    NESTED,
    NUMBER,
    ROLE,
    SLASH,
    STRING,
    USER,
    USER_MENU,
    Path,
)
from gamesched.local_discord.api.messages import integer, length, snowflake
from gamesched.local_discord.api.resolved_data import Resolved
from gamesched.local_discord.errors import DiscordError, invalid, unknown_command, unknown_message
from gamesched.local_discord.state.entities import Channel, Json
from gamesched.local_discord.state.state import World

OPTIONS: Path = ("data", "options")
BIGGEST = 1 << 53


def read(world: World, channel: Channel, user_id: int, data: Json, completing: bool) -> Json:
    """The `data` that the bot gets. Raises 10063 for a command that is not offered, 50035 for wrong options.

    `completing`: one option is being typed and marked `focused`; the others may be missing, and nothing is resolved.
    """
    command = _find(commands.usable(world, channel, user_id), data)
    told: Json = {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}
    if command["type"] != SLASH:
        return told | _target(world, channel, user_id, command, data)
    resolved = Resolved(world, channel, user_id)
    reader = _Options(resolved, completing)
    options = reader.level(command.get("options", []), data.get("options") or [], OPTIONS)
    if completing and reader.focused != 1:
        raise invalid(OPTIONS, "AUTOCOMPLETE_FOCUSED_INVALID", "Exactly one option must be focused")
    if options:
        told["options"] = options
    if resolved.told and not completing:
        told["resolved"] = resolved.told
    return told


def _find(offered: list[Json], data: Json) -> Json:
    for command in offered:
        same = data.get("name") == command["name"] and data.get("type", SLASH) == command["type"]
        if str(data["id"]) == command["id"] if data.get("id") else same:
            return command
    raise unknown_command()


def _target(world: World, channel: Channel, user_id: int, command: Json, data: Json) -> Json:
    """A menu entry is used on a person or a message."""
    resolved, path = Resolved(world, channel, user_id), ("data", "target_id")
    if command["type"] == USER_MENU:
        target = resolved.user(data.get("target_id"), *path)
    else:
        message = world.message(channel.id, snowflake(data.get("target_id"), *path), user_id)
        if message is None:
            raise unknown_message()
        target = resolved.message(message)
    return {"target_id": target, "resolved": resolved.told}


class _Options:
    """Reads options level by level; counts those that are focused."""

    def __init__(self, resolved: Resolved, completing: bool) -> None:
        self._resolved = resolved
        self._completing = completing
        self.focused = 0

    def level(self, known: list[Json], given: object, path: Path) -> list[Json]:
        if not isinstance(given, list):
            raise invalid(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        if known and known[0]["type"] in NESTED and len(given) != 1:
            raise _wrong(path, "A subcommand is required")
        told: list[Json] = []
        for i, each in enumerate(given):
            if not isinstance(each, dict):
                raise invalid((*path, i), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            option = next((option for option in known if option["name"] == each.get("name")), None)
            if option is None or option["name"] in [before["name"] for before in told]:
                raise _wrong((*path, i, "name"), "There is no such option, or it was given before")
            if integer(each.get("type", option["type"]), *path, i, "type") != option["type"]:
                raise _wrong((*path, i, "type"), f"The option is of type {option['type']}")
            told.append(self._one(option, each, (*path, i)))
        missing = [each["name"] for each in known if each.get("required") and each["name"] not in _names(told)]
        if missing and not self._completing:
            raise invalid((*path, missing[0]), "BASE_TYPE_REQUIRED", "This field is required")
        return told

    def _one(self, option: Json, given: Json, path: Path) -> Json:
        told: Json = {"type": option["type"], "name": option["name"]}
        if option["type"] in NESTED:
            inside = self.level(option.get("options", []), given.get("options") or [], (*path, "options"))
            return told | {"options": inside}
        if self._completing and given.get("focused"):
            if not option.get("autocomplete"):
                raise _wrong((*path, "focused"), "The option has no autocomplete")
            self.focused += 1
            return told | {"value": str(given.get("value", "")), "focused": True}
        return told | {"value": self._value(option, given.get("value"), (*path, "value"))}

    def _value(self, option: Json, value: Any, path: Path) -> Any:
        kind = option["type"]
        if kind == STRING:
            return _chosen(
                option, length(value, option.get("min_length", 0), option.get("max_length", 6000), *path), path
            )
        if kind in (INTEGER, NUMBER):
            return _chosen(option, _number(option, value, path), path)
        if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise invalid(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
            return value
        if kind == USER:
            return self._resolved.user(value, *path)
        if kind == CHANNEL:
            return self._resolved.channel(value, option.get("channel_types"), *path)
        if kind == ROLE:
            return self._resolved.role(value, *path)
        if kind == MENTIONABLE:
            return self._resolved.mentionable(value, *path)
        raise _wrong(path, "The local Discord keeps no files")


def _names(options: list[Json]) -> list[str]:
    return [each["name"] for each in options]


def _number(option: Json, value: Any, path: Path) -> int | float:
    kinds = int if option["type"] == INTEGER else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or abs(value) > BIGGEST:
        raise invalid(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')
    if not option.get("min_value", value) <= value <= option.get("max_value", value):
        raise invalid(path, "NUMBER_TYPE_MAX", "The number is not between min_value and max_value.")
    number: int | float = value
    return number


def _chosen(option: Json, value: Any, path: Path) -> Any:
    """A value of an option with choices is one of them."""
    if option.get("choices") and value not in [each["value"] for each in option["choices"]]:
        raise _wrong(path, "The value is not one of the choices")
    return value


def _wrong(path: Path, said: str) -> DiscordError:
    return invalid(path, "APPLICATION_COMMAND_OPTION_INVALID", said)


def focused(options: list[Json]) -> Json | None:
    """The option being typed."""
    for each in options:
        if each.get("focused"):
            return each
        if (inside := focused(each.get("options", []))) is not None:
            return inside
    return None
