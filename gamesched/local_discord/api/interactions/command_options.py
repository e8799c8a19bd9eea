"""Checks a person's use of a command against its definition: https://docs.discord.com/developers/interactions/application-commands"""

from collections.abc import Iterable, Mapping
from typing import Any

from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.api.interactions.command_schema import (
    BOOLEAN,
    CHANNEL,
    CHAT_INPUT,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND_TYPES,
    USER,
    USER_COMMAND,
)
from gamesched.local_discord.api.resolved_data import ResolvedData
from gamesched.local_discord.api.uploads import Upload
from gamesched.local_discord.api.validation import BodyPath, check_length, parse_integer, parse_snowflake
from gamesched.local_discord.errors import DiscordError, invalid_form_body, unknown_command, unknown_message
from gamesched.local_discord.state.entities import Channel, Json
from gamesched.local_discord.state.state import State

OPTIONS_PATH: BodyPath = ("data", "options")
MAX_NUMBER = 1 << 53


def read_command_data(
    state: State, channel: Channel, user_id: int, data: Json, uploads: Iterable[Upload], autocomplete: bool
) -> Json:
    """Return the `data` that the bot gets. Raise 10063 for a command that is not offered, 50035 for wrong options.

    `autocomplete`: one option is being typed and is `focused`; others may be missing, and nothing is resolved.
    `uploads`: the files, of which an option says the number.
    """
    command = _find_command(commands.usable_commands(state, channel, user_id), data)
    command_data: Json = {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}
    if command["type"] != CHAT_INPUT:
        return command_data | _read_target(state, channel, user_id, command, data)
    resolved = ResolvedData(state, channel, user_id)
    reader = _OptionReader(resolved, {str(each.number): each for each in uploads}, autocomplete)
    options = reader.read_level(command.get("options", []), data.get("options") or [], OPTIONS_PATH)
    if autocomplete and reader.focused_count != 1:
        raise invalid_form_body(OPTIONS_PATH, "AUTOCOMPLETE_FOCUSED_INVALID", "Exactly one option must be focused")
    if options:
        command_data["options"] = options
    if resolved.payload and not autocomplete:
        command_data["resolved"] = resolved.payload
    return command_data


def _find_command(offered: list[Json], data: Json) -> Json:
    for command in offered:
        same = data.get("name") == command["name"] and data.get("type", CHAT_INPUT) == command["type"]
        if str(data["id"]) == command["id"] if data.get("id") else same:
            return command
    raise unknown_command()


def _read_target(state: State, channel: Channel, user_id: int, command: Json, data: Json) -> Json:
    """Resolve the person or message that a menu command is used on."""
    resolved, path = ResolvedData(state, channel, user_id), ("data", "target_id")
    if command["type"] == USER_COMMAND:
        target = resolved.add_user(data.get("target_id"), *path)
    else:
        message = state.visible_message(channel.id, parse_snowflake(data.get("target_id"), *path), user_id)
        if message is None:
            raise unknown_message()
        target = resolved.add_message(message)
    return {"target_id": target, "resolved": resolved.payload}


class _OptionReader:
    """Reads nested options, and counts those that are focused."""

    def __init__(self, resolved: ResolvedData, uploads: Mapping[str, Upload], autocomplete: bool) -> None:
        self._resolved = resolved
        self._uploads = uploads
        self._autocomplete = autocomplete
        self.focused_count = 0

    def read_level(self, known: list[Json], given: object, path: BodyPath) -> list[Json]:
        if not isinstance(given, list):
            raise invalid_form_body(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        if known and known[0]["type"] in SUBCOMMAND_TYPES and len(given) != 1:
            raise _option_error(path, "A subcommand is required")
        options: list[Json] = []
        for i, each in enumerate(given):
            if not isinstance(each, dict):
                raise invalid_form_body(
                    (*path, i), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"
                )
            option = next((option for option in known if option["name"] == each.get("name")), None)
            if option is None or option["name"] in [before["name"] for before in options]:
                raise _option_error((*path, i, "name"), "There is no such option, or it was given before")
            if parse_integer(each.get("type", option["type"]), *path, i, "type") != option["type"]:
                raise _option_error((*path, i, "type"), f"The option is of type {option['type']}")
            options.append(self._read_option(option, each, (*path, i)))
        missing = [each["name"] for each in known if each.get("required") and each["name"] not in _names(options)]
        if missing and not self._autocomplete:
            raise invalid_form_body((*path, missing[0]), "BASE_TYPE_REQUIRED", "This field is required")
        return options

    def _read_option(self, option: Json, given: Json, path: BodyPath) -> Json:
        result: Json = {"type": option["type"], "name": option["name"]}
        if option["type"] in SUBCOMMAND_TYPES:
            inside = self.read_level(option.get("options", []), given.get("options") or [], (*path, "options"))
            return result | {"options": inside}
        if self._autocomplete and given.get("focused"):
            if not option.get("autocomplete"):
                raise _option_error((*path, "focused"), "The option has no autocomplete")
            self.focused_count += 1
            return result | {"value": str(given.get("value", "")), "focused": True}
        return result | {"value": self._read_value(option, given.get("value"), (*path, "value"))}

    def _read_value(self, option: Json, value: Any, path: BodyPath) -> Any:
        kind = option["type"]
        if kind == STRING:
            return _check_choice(
                option, check_length(value, option.get("min_length", 0), option.get("max_length", 6000), *path), path
            )
        if kind in (INTEGER, NUMBER):
            return _check_choice(option, _check_number(option, value, path), path)
        if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise invalid_form_body(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
            return value
        if kind == USER:
            return self._resolved.add_user(value, *path)
        if kind == CHANNEL:
            return self._resolved.add_channel(value, option.get("channel_types"), *path)
        if kind == ROLE:
            return self._resolved.add_role(value, *path)
        if kind == MENTIONABLE:
            return self._resolved.add_mentionable(value, *path)
        upload = self._uploads.get(str(value))
        if upload is None:
            raise _option_error(path, "There is no such file in the form")
        return self._resolved.add_attachment(upload)


def _names(options: list[Json]) -> list[str]:
    return [each["name"] for each in options]


def _check_number(option: Json, value: Any, path: BodyPath) -> int | float:
    kinds = int if option["type"] == INTEGER else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or abs(value) > MAX_NUMBER:
        raise invalid_form_body(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')
    if not option.get("min_value", value) <= value <= option.get("max_value", value):
        raise invalid_form_body(path, "NUMBER_TYPE_MAX", "The number is not between min_value and max_value.")
    number: int | float = value
    return number


def _check_choice(option: Json, value: Any, path: BodyPath) -> Any:
    """Check that the value of an option with choices is one of them."""
    if option.get("choices") and value not in [each["value"] for each in option["choices"]]:
        raise _option_error(path, "The value is not one of the choices")
    return value


def _option_error(path: BodyPath, problem: str) -> DiscordError:
    return invalid_form_body(path, "APPLICATION_COMMAND_OPTION_INVALID", problem)


def find_focused_option(options: list[Json]) -> Json | None:
    """Return the option being typed."""
    for each in options:
        if each.get("focused"):
            return each
        if (inside := find_focused_option(each.get("options", []))) is not None:
            return inside
    return None
