"""Validates commands and their options.

https://docs.discord.com/developers/interactions/application-commands#application-command-object
"""

import unicodedata
from typing import Any

from gamesched.local_discord.api.validation import BodyPath, check_length, check_range, parse_integer
from gamesched.local_discord.errors import DiscordError, invalid_form_body
from gamesched.local_discord.state.entities import Json

CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND = 1, 2, 3
SUBCOMMAND, SUBCOMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(
    1, 12
)
SUBCOMMAND_TYPES = (SUBCOMMAND, SUBCOMMAND_GROUP)
TYPES_WITH_CHOICES = (STRING, INTEGER, NUMBER)
MAX_OPTIONS, MAX_CHOICES = 25, 25
MAX_COMMAND_LENGTH = 8000  # characters of names, descriptions and choices together
CONTEXTS, INTEGRATION_TYPES = (0, 1, 2), (0, 1)


def read_command(given: object, path: BodyPath = ()) -> Json:
    """Return a command as it is stored, without id and version. Raise 50035."""
    body = _check_object(given, path)
    kind = CHAT_INPUT if body.get("type") is None else parse_integer(body["type"], *path, "type")
    if kind not in (CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND):
        raise invalid_form_body((*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    command: Json = {
        "type": kind,
        "name": _read_name(body, path, any_case=kind != CHAT_INPUT),
        "name_localizations": body.get("name_localizations"),
        "description": "",
        "description_localizations": body.get("description_localizations"),
        "default_member_permissions": None,
        "nsfw": bool(body.get("nsfw") or False),
        "integration_types": _read_subset(INTEGRATION_TYPES, body, "integration_types", path) or [0],
        "contexts": _read_subset(CONTEXTS, body, "contexts", path),
    }
    if body.get("default_member_permissions") is not None:
        bits = parse_integer(body["default_member_permissions"], *path, "default_member_permissions")
        command["default_member_permissions"] = str(bits)
    if body.get("dm_permission") is not None:
        command["dm_permission"] = bool(body["dm_permission"])
    if kind == CHAT_INPUT:
        command["description"] = _read_description(body, path)
        if body.get("options"):
            command["options"] = _read_options(body["options"], (*path, "options"), (SUBCOMMAND, SUBCOMMAND_GROUP))
    elif body.get("description"):
        problem = "Context menu commands cannot have description"
        raise invalid_form_body((*path, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID", problem)
    if _text_length(command) > MAX_COMMAND_LENGTH:
        raise invalid_form_body(
            path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MAX_COMMAND_LENGTH})"
        )
    return command


def _check_object(given: object, path: BodyPath) -> Json:
    if not isinstance(given, dict):
        raise invalid_form_body(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    return given


def _check_list(given: object, most: int, path: BodyPath) -> list[Any]:
    if not isinstance(given, list):
        raise invalid_form_body(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(given) > most:
        raise invalid_form_body(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    return given


def _read_name(body: Json, path: BodyPath, any_case: bool = False) -> str:
    """Like ^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$, in lower case; a menu entry may be anything."""
    if body.get("name") is None:
        raise invalid_form_body((*path, "name"), "BASE_TYPE_REQUIRED", "This field is required")
    name = check_length(body["name"], 1, 32, *path, "name")
    if any_case:
        return name
    if name != name.lower() or not all(_is_name_character(each) for each in name):
        raise invalid_form_body((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    return name


def _is_name_character(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(("DEVANAGARI ", "THAI "))


def _read_description(body: Json, path: BodyPath) -> str:
    if body.get("description") is None:
        raise invalid_form_body((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
    return check_length(body["description"], 1, 100, *path, "description")


def _read_subset(known: tuple[int, ...], body: Json, key: str, path: BodyPath) -> list[int] | None:
    if body.get(key) is None:
        return None
    given = _check_list(body[key], len(known), (*path, key))
    if not given or any(each in given[:i] for i, each in enumerate(given)):
        raise invalid_form_body((*path, key), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {len(known)} in length.")
    for i, each in enumerate(given):
        if each not in known:
            raise invalid_form_body((*path, key, i), "BASE_TYPE_CHOICES", f"Value must be one of {set(known)}.")
    return given


def _read_options(given: object, path: BodyPath, nested: tuple[int, ...]) -> list[Json]:
    """Return the options at one nesting depth; `nested` are the types of subcommands allowed there."""
    options: list[Json] = []
    names: set[str] = set()
    for i, each in enumerate(_check_list(given, MAX_OPTIONS, path)):
        option = _read_option(_check_object(each, (*path, i)), (*path, i), nested)
        if option["name"] in names:
            raise _option_error((*path, i), "NAME_ALREADY_EXISTS", "Option name already exists")
        if (option["type"] in SUBCOMMAND_TYPES) != (
            options[0]["type"] in SUBCOMMAND_TYPES if options else option["type"] in SUBCOMMAND_TYPES
        ):
            problem = "Sub-command and sub-command group option types are mutually exclusive to all other types"
            raise _option_error((*path, i), "TYPE_INVALID", problem)
        if option.get("required") and any(not before.get("required") for before in options):
            problem = "Required options must be placed before non-required options"
            raise _option_error((*path, i), "REQUIRED_INVALID", problem)
        names.add(option["name"])
        options.append(option)
    return options


def _option_error(path: BodyPath, code: str, problem: str) -> DiscordError:
    return invalid_form_body(path, f"APPLICATION_COMMAND_OPTIONS_{code}", problem)


def _read_option(body: Json, path: BodyPath, nested: tuple[int, ...]) -> Json:
    kind = parse_integer(body.get("type"), *path, "type")
    if kind not in (*nested, *range(STRING, ATTACHMENT + 1)):
        raise invalid_form_body((*path, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {set(range(1, 12))}.")
    option: Json = {"type": kind, "name": _read_name(body, path), "description": _read_description(body, path)}
    for key in ("name_localizations", "description_localizations"):
        if body.get(key) is not None:
            option[key] = body[key]
    if kind in SUBCOMMAND_TYPES:
        inside = (SUBCOMMAND,) if kind == SUBCOMMAND_GROUP else ()
        if body.get("options"):
            option["options"] = _read_options(body["options"], (*path, "options"), inside)
        if kind == SUBCOMMAND_GROUP and any(each["type"] != SUBCOMMAND for each in option.get("options", [])):
            raise _option_error((*path, "options"), "TYPE_INVALID", "A group has subcommands only")
        return option
    option["required"] = bool(body.get("required") or False)
    if kind in TYPES_WITH_CHOICES:
        option |= _read_constraints(body, kind, path)
    if kind == CHANNEL and body.get("channel_types"):
        option["channel_types"] = [parse_integer(each, *path, "channel_types") for each in body["channel_types"]]
    return option


def _read_constraints(body: Json, kind: int, path: BodyPath) -> Json:
    """Return choices, autocomplete and bounds of a text or a number."""
    constraints: Json = {}
    if body.get("choices"):
        constraints["choices"] = read_choices(body["choices"], kind, (*path, "choices"))
    if body.get("autocomplete"):
        if "choices" in constraints:
            problem = "Choices are not allowed with autocomplete enabled"
            raise invalid_form_body((*path, "autocomplete"), "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID", problem)
        constraints["autocomplete"] = True
    bounds = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    for key in bounds:
        if body.get(key) is None:
            continue
        if kind == NUMBER and isinstance(body[key], int | float):
            constraints[key] = body[key]
        else:
            constraints[key] = parse_integer(body[key], *path, key)
        if kind == STRING:
            check_range(constraints[key], 0 if key == "min_length" else 1, 6000, *path, key)
    return constraints


def read_choices(given: object, kind: int, path: BodyPath) -> list[Json]:
    """Return the choices of an option of this type, or of an autocomplete response. Raise 50035."""
    choices = []
    for i, each in enumerate(_check_list(given, MAX_CHOICES, path)):
        choice = _check_object(each, (*path, i))
        name, value = check_length(choice.get("name"), 1, 100, *path, i, "name"), choice.get("value")
        if kind == STRING:
            value = check_length(value, 0, 100, *path, i, "value")
        elif isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else int | float):
            raise invalid_form_body((*path, i, "value"), "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')
        choices.append({"name": name, "value": value})
        if choice.get("name_localizations"):
            choices[-1]["name_localizations"] = choice["name_localizations"]
    names = [each["name"] for each in choices]
    if len(set(names)) != len(names):
        raise invalid_form_body(
            path, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", "Option choice name already exists"
        )
    return choices


def _text_length(part: Json) -> int:
    own = len(part["name"]) + len(part.get("description", ""))
    choices = sum(len(each["name"]) + len(str(each["value"])) for each in part.get("choices", []))
    return own + choices + sum(_text_length(each) for each in part.get("options", []))
