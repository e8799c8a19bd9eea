"""Forms that a bot opens and a person fills in: https://docs.discord.com/developers/components/reference"""

from typing import Any

from gamesched.local_discord.api import components
from gamesched.local_discord.api.components import ROW
from gamesched.local_discord.api.messages import between, integer, length
from gamesched.local_discord.api.resolved_data import Resolved
from gamesched.local_discord.errors import DiscordError, invalid
from gamesched.local_discord.state.entities import Json

TEXT_INPUT, TEXT_DISPLAY, LABEL = 4, 10, 18
COMPONENTS_MOST = 5
VALUE_LONGEST = 4000

Path = tuple[str | int, ...]


def read_modal(given: object) -> Json:
    """Check a modal and number its components, as Discord does. Raises 50035."""
    if not isinstance(given, dict):
        raise invalid(("data",), "BASE_TYPE_REQUIRED", "This field is required")
    path: Path = ("data", "components")
    inside = given.get("components")
    if not isinstance(inside, list) or not 1 <= len(inside) <= COMPONENTS_MOST:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {COMPONENTS_MOST} in length.")
    reader = _Reader()
    return {
        "custom_id": length(given.get("custom_id"), 1, 100, "data", "custom_id"),
        "title": length(given.get("title"), 1, 45, "data", "title"),
        "components": [reader.top(each, (*path, i)) for i, each in enumerate(inside)],
    }


class _Reader:
    def __init__(self) -> None:
        self._number = 0
        self._seen: set[str] = set()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def top(self, given: object, path: Path) -> Json:
        if not isinstance(given, dict) or given.get("type") not in (ROW, TEXT_DISPLAY, LABEL):
            raise _wrong_type(path, (ROW, TEXT_DISPLAY, LABEL))
        shown: Json = {"type": given["type"], "id": self._next()}
        if given["type"] == TEXT_DISPLAY:
            return shown | {"content": length(given.get("content"), 1, VALUE_LONGEST, *path, "content")}
        if given["type"] == LABEL:
            shown["label"] = length(given.get("label"), 1, 45, *path, "label")
            if given.get("description") is not None:
                shown["description"] = length(given["description"], 1, 100, *path, "description")
            return shown | {"component": self._field(given.get("component"), (*path, "component"), labelled=True)}
        inside = given.get("components")
        if not isinstance(inside, list) or len(inside) != 1:
            raise invalid((*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 1 in length.")
        return shown | {"components": [self._field(inside[0], (*path, "components", 0), labelled=False)]}

    def _field(self, given: object, path: Path, labelled: bool) -> Json:
        allowed = (TEXT_INPUT, *components.SELECTS) if labelled else (TEXT_INPUT,)
        if not isinstance(given, dict) or given.get("type") not in allowed:
            raise _wrong_type(path, allowed)
        number = self._next()
        if given["type"] == TEXT_INPUT:
            return {"id": number} | self._text_input(given, path, labelled)
        return {"id": number, "required": given.get("required") is not False} | components.read_select(
            given, path, self._seen
        )

    def _text_input(self, given: Json, path: Path, labelled: bool) -> Json:
        custom_id = components.read_custom_id(given, path, self._seen)
        shown: Json = {"type": TEXT_INPUT, "custom_id": custom_id, "style": given.get("style")}
        if shown["style"] not in (1, 2):
            raise invalid((*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
        if not labelled:
            shown["label"] = length(given.get("label"), 1, 45, *path, "label")
        elif given.get("label") is not None:
            raise invalid((*path, "label"), "COMPONENT_LABEL_NOT_ALLOWED", "The label component has the label")
        for key, least in (("min_length", 0), ("max_length", 1)):
            if given.get(key) is not None:
                shown[key] = between(integer(given[key], *path, key), least, VALUE_LONGEST, *path, key)
        if shown.get("min_length", 0) > shown.get("max_length", VALUE_LONGEST):
            raise invalid((*path, "min_length"), "NUMBER_TYPE_MAX", "min_length is greater than max_length")
        if given.get("placeholder"):
            shown["placeholder"] = length(given["placeholder"], 0, 100, *path, "placeholder")
        if given.get("value"):
            most = shown.get("max_length", VALUE_LONGEST)
            shown["value"] = length(given["value"], shown.get("min_length", 0), most, *path, "value")
        shown["required"] = given.get("required") is not False
        return shown


def _wrong_type(path: Path, allowed: tuple[int, ...]) -> DiscordError:
    return invalid((*path, "type"), "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {allowed}.')


# --- what the person sends ----------------------------------------------------------------------------------


def read_submission(modal: Json, data: Json, resolved: Resolved) -> Json:
    """The `data` that the bot gets, held against the modal that was shown. Raises 50035."""
    given: dict[str, Json] = {}
    for each in data.get("components") or []:
        for field in _fields(each):
            given[str(field.get("custom_id"))] = field
    told = []
    for i, shown in enumerate(modal["components"]):
        path: Path = ("data", "components", i)
        outer: Json = {"type": shown["type"], "id": shown["id"]}
        if shown["type"] == LABEL:
            outer["component"] = _submitted(shown["component"], given, (*path, "component"), resolved)
        elif shown["type"] == ROW:
            outer["components"] = [_submitted(shown["components"][0], given, (*path, "components", 0), resolved)]
        told.append(outer)
    body: Json = {"custom_id": modal["custom_id"], "components": told}
    return body | ({"resolved": resolved.told} if resolved.told else {})


def _fields(outer: object) -> list[Json]:
    if not isinstance(outer, dict):
        return []
    inside: list[Any] = [*(outer.get("components") or []), outer.get("component")]
    return [each for each in inside if isinstance(each, dict)]


def _submitted(shown: Json, given: dict[str, Json], path: Path, resolved: Resolved) -> Json:
    field = given.get(shown["custom_id"], {})
    told: Json = {"type": shown["type"], "id": shown["id"], "custom_id": shown["custom_id"]}
    if shown["type"] != TEXT_INPUT:
        values = field.get("values") or []
        if values or shown["required"]:
            values = components.choose(shown, values, resolved, (*path, "values"))
        return told | {"values": values}
    value = field.get("value") or ""
    if not value and shown["required"]:
        raise invalid((*path, "value"), "BASE_TYPE_REQUIRED", "This field is required")
    if value:
        value = length(value, shown.get("min_length", 0), shown.get("max_length", VALUE_LONGEST), *path, "value")
    return told | {"value": value}
