"""Checks of single values in a request's body; each raises 50035, Invalid Form Body."""

import json
import re
from typing import Any

from gamesched.local_discord.errors import invalid_form_body
from gamesched.local_discord.state.entities import Json

BodyPath = tuple[str | int, ...]
"""Where a value stands in the body, as Discord's errors name it: `("components", 0, "label")`."""


def parse_json(text: str | bytes) -> Any:
    """Return the JSON. Raise ValueError for what is none, or nests deeper than can be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None


def read_text(body: Json, key: str, max_length: int, path: BodyPath = (), required: bool = False) -> str | None:
    """Return a text of at most `max_length` characters under `key`; None if it is absent or null."""
    value = body.get(key)
    if value is None or (required and value == ""):
        if required:
            raise invalid_form_body((*path, key), "BASE_TYPE_REQUIRED", "This field is required")
        return None
    if not isinstance(value, str):
        raise invalid_form_body((*path, key), "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
    if len(value) > max_length:
        raise invalid_form_body((*path, key), "BASE_TYPE_MAX_LENGTH", f"Must be {max_length} or fewer in length.")
    return value


def check_length(value: object, least: int, most: int, *path: str | int) -> str:
    """Return the text if its length is in the range. Raise 50035."""
    if not isinstance(value, str):
        raise invalid_form_body(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
    if not least <= len(value) <= most:
        raise invalid_form_body(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
    return value


def check_object(value: object, *path: str | int) -> Json:
    """Return the object. Raise 50035 for anything else."""
    if not isinstance(value, dict):
        raise invalid_form_body(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    return value


def check_list(value: object, *path: str | int) -> list[Any]:
    """Return the list. Raise 50035 for anything else."""
    if not isinstance(value, list):
        raise invalid_form_body(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    return value


def check_range(value: int, least: int, most: int, *path: str | int) -> int:
    """Return the number if it is in the range. Raise 50035."""
    if not least <= value <= most:
        code = "NUMBER_TYPE_MAX" if value > most else "NUMBER_TYPE_MIN"
        raise invalid_form_body(path, code, f"int value should be between {least} and {most}.")
    return value


def parse_integer(value: object, *path: str | int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(r"-?[0-9]{1,30}", str(value)):
        raise invalid_form_body(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    return int(value)


def parse_snowflake(value: object, *path: str | int) -> int:
    """Return an id, given as text or (by discord.py) as a number. Raise 50035."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,20}", str(value)) or int(str(value)) >= 1 << 63:
        raise invalid_form_body(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    return int(str(value))


def check_url(value: object, *path: str | int) -> str:
    """Return an http(s) URL. Raise 50035 for any other."""
    if not isinstance(value, str) or not re.match(r"(https?|discord|attachment)://\S+$", value) or len(value) > 2048:
        raise invalid_form_body(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    return value
