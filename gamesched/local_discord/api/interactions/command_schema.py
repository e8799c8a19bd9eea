"""What a command and its options may be.

https://docs.discord.com/developers/interactions/application-commands#application-command-object
"""

import unicodedata
from typing import Any

from gamesched.local_discord.api.messages import between, integer, length
from gamesched.local_discord.errors import DiscordError, invalid
from gamesched.local_discord.state.entities import Json

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
NESTED = (SUBCOMMAND, GROUP)
WITH_CHOICES = (STRING, INTEGER, NUMBER)
OPTIONS_MOST, CHOICES_MOST = 25, 25
LONGEST = 8000  # characters of names, descriptions and choices together
CONTEXTS, INSTALLS = (0, 1, 2), (0, 1)

Path = tuple[str | int, ...]


def read_command(given: object, path: Path = ()) -> Json:
    """A command as it is kept, without id and version. Raises 50035."""
    body = _object(given, path)
    kind = SLASH if body.get("type") is None else integer(body["type"], *path, "type")
    if kind not in (SLASH, USER_MENU, MESSAGE_MENU):
        raise invalid((*path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    kept: Json = {
        "type": kind,
        "name": _name(body, path, any_case=kind != SLASH),
        "name_localizations": body.get("name_localizations"),
        "description": "",
        "description_localizations": body.get("description_localizations"),
        "default_member_permissions": None,
        "nsfw": bool(body.get("nsfw") or False),
        "integration_types": _some_of(INSTALLS, body, "integration_types", path) or [0],
        "contexts": _some_of(CONTEXTS, body, "contexts", path),
    }
    if body.get("default_member_permissions") is not None:
        bits = integer(body["default_member_permissions"], *path, "default_member_permissions")
        kept["default_member_permissions"] = str(bits)
    if body.get("dm_permission") is not None:
        kept["dm_permission"] = bool(body["dm_permission"])
    if kind == SLASH:
        kept["description"] = _description(body, path)
        if body.get("options"):
            kept["options"] = _options(body["options"], (*path, "options"), (SUBCOMMAND, GROUP))
    elif body.get("description"):
        said = "Context menu commands cannot have description"
        raise invalid((*path, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID", said)
    if _size(kept) > LONGEST:
        raise invalid(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({LONGEST})")
    return kept


def _object(given: object, path: Path) -> Json:
    if not isinstance(given, dict):
        raise invalid(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    return given


def _list(given: object, most: int, path: Path) -> list[Any]:
    if not isinstance(given, list):
        raise invalid(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(given) > most:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    return given


def _name(body: Json, path: Path, any_case: bool = False) -> str:
    """Like ^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$, in lower case; a menu entry may be anything."""
    if body.get("name") is None:
        raise invalid((*path, "name"), "BASE_TYPE_REQUIRED", "This field is required")
    name = length(body["name"], 1, 32, *path, "name")
    if any_case:
        return name
    if name != name.lower() or not all(_fits(each) for each in name):
        raise invalid((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    return name


def _fits(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(("DEVANAGARI ", "THAI "))


def _description(body: Json, path: Path) -> str:
    if body.get("description") is None:
        raise invalid((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
    return length(body["description"], 1, 100, *path, "description")


def _some_of(known: tuple[int, ...], body: Json, key: str, path: Path) -> list[int] | None:
    if body.get(key) is None:
        return None
    given = _list(body[key], len(known), (*path, key))
    if not given or len(set(given)) != len(given):
        raise invalid((*path, key), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {len(known)} in length.")
    for i, each in enumerate(given):
        if each not in known:
            raise invalid((*path, key, i), "BASE_TYPE_CHOICES", f"Value must be one of {set(known)}.")
    return given


def _options(given: object, path: Path, nested: tuple[int, ...]) -> list[Json]:
    """The options at one level; `nested` are the kinds of subcommands allowed there."""
    kept: list[Json] = []
    names: set[str] = set()
    for i, each in enumerate(_list(given, OPTIONS_MOST, path)):
        option = _option(_object(each, (*path, i)), (*path, i), nested)
        if option["name"] in names:
            raise _option_error((*path, i), "NAME_ALREADY_EXISTS", "Option name already exists")
        if (option["type"] in NESTED) != (kept[0]["type"] in NESTED if kept else option["type"] in NESTED):
            said = "Sub-command and sub-command group option types are mutually exclusive to all other types"
            raise _option_error((*path, i), "TYPE_INVALID", said)
        if option.get("required") and any(not before.get("required") for before in kept):
            said = "Required options must be placed before non-required options"
            raise _option_error((*path, i), "REQUIRED_INVALID", said)
        names.add(option["name"])
        kept.append(option)
    return kept


def _option_error(path: Path, code: str, said: str) -> DiscordError:
    return invalid(path, f"APPLICATION_COMMAND_OPTIONS_{code}", said)


def _option(body: Json, path: Path, nested: tuple[int, ...]) -> Json:
    kind = integer(body.get("type"), *path, "type")
    if kind not in (*nested, *range(STRING, ATTACHMENT + 1)):
        raise invalid((*path, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {set(range(1, 12))}.")
    option: Json = {"type": kind, "name": _name(body, path), "description": _description(body, path)}
    for key in ("name_localizations", "description_localizations"):
        if body.get(key) is not None:
            option[key] = body[key]
    if kind in NESTED:
        inside = (SUBCOMMAND,) if kind == GROUP else ()
        if body.get("options"):
            option["options"] = _options(body["options"], (*path, "options"), inside)
        if kind == GROUP and any(each["type"] != SUBCOMMAND for each in option.get("options", [])):
            raise _option_error((*path, "options"), "TYPE_INVALID", "A group has subcommands only")
        return option
    option["required"] = bool(body.get("required") or False)
    if kind in WITH_CHOICES:
        option |= _limits(body, kind, path)
    if kind == CHANNEL and body.get("channel_types"):
        option["channel_types"] = [integer(each, *path, "channel_types") for each in body["channel_types"]]
    return option


def _limits(body: Json, kind: int, path: Path) -> Json:
    """Choices, autocomplete and bounds of a text or a number."""
    kept: Json = {}
    if body.get("choices"):
        kept["choices"] = read_choices(body["choices"], kind, (*path, "choices"))
    if body.get("autocomplete"):
        if "choices" in kept:
            said = "Choices are not allowed with autocomplete enabled"
            raise invalid((*path, "autocomplete"), "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID", said)
        kept["autocomplete"] = True
    bounds = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    for key in bounds:
        if body.get(key) is None:
            continue
        if kind == NUMBER and isinstance(body[key], int | float):
            kept[key] = body[key]
        else:
            kept[key] = integer(body[key], *path, key)
        if kind == STRING:
            between(kept[key], 0 if key == "min_length" else 1, 6000, *path, key)
    return kept


def read_choices(given: object, kind: int, path: Path) -> list[Json]:
    """Choices of an option of this kind, or answers of an autocomplete. Raises 50035."""
    kept = []
    for i, each in enumerate(_list(given, CHOICES_MOST, path)):
        choice = _object(each, (*path, i))
        name, value = length(choice.get("name"), 1, 100, *path, i, "name"), choice.get("value")
        if kind == STRING:
            value = length(value, 0, 100, *path, i, "value")
        elif isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else int | float):
            raise invalid((*path, i, "value"), "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')
        kept.append({"name": name, "value": value})
        if choice.get("name_localizations"):
            kept[-1]["name_localizations"] = choice["name_localizations"]
    names = [each["name"] for each in kept]
    if len(set(names)) != len(names):
        raise invalid(path, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", "Option choice name already exists")
    return kept


def _size(part: Json) -> int:
    own = len(part["name"]) + len(part.get("description", ""))
    choices = sum(len(each["name"]) + len(str(each["value"])) for each in part.get("choices", []))
    return own + choices + sum(_size(each) for each in part.get("options", []))
