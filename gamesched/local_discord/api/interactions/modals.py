"""Modals that a bot opens and a person submits: https://docs.discord.com/developers/components/reference"""

from typing import Any

from gamesched.local_discord.api import components
from gamesched.local_discord.api.components import ACTION_ROW
from gamesched.local_discord.api.resolved_data import ResolvedData
from gamesched.local_discord.api.validation import BodyPath, check_length, check_range, parse_integer
from gamesched.local_discord.errors import DiscordError, invalid_form_body, not_modelled
from gamesched.local_discord.state.entities import Json

TEXT_INPUT, TEXT_DISPLAY, LABEL = 4, 10, 18
LACKING = {19: "file uploads", 21: "radio groups", 22: "checkbox groups", 23: "checkboxes"}  # in modals, by type
MAX_COMPONENTS = 5
MAX_VALUE_LENGTH = 4000


def read_modal(given: object) -> Json:
    """Validate a modal and number its components, as Discord does. Raise 50035."""
    if not isinstance(given, dict):
        raise invalid_form_body(("data",), "BASE_TYPE_REQUIRED", "This field is required")
    path: BodyPath = ("data", "components")
    inside = given.get("components")
    if not isinstance(inside, list) or not 1 <= len(inside) <= MAX_COMPONENTS:
        raise invalid_form_body(path, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_COMPONENTS} in length.")
    reader = _ModalReader()
    return {
        "custom_id": check_length(given.get("custom_id"), 1, 100, "data", "custom_id"),
        "title": check_length(given.get("title"), 1, 45, "data", "title"),
        "components": [reader.read_top_level(each, (*path, i)) for i, each in enumerate(inside)],
    }


class _ModalReader:
    def __init__(self) -> None:
        self._last_id = 0
        self._custom_ids: set[str] = set()

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def read_top_level(self, given: object, path: BodyPath) -> Json:
        if not isinstance(given, dict) or given.get("type") not in (ACTION_ROW, TEXT_DISPLAY, LABEL):
            raise _wrong_type(path, (ACTION_ROW, TEXT_DISPLAY, LABEL))
        component: Json = {"type": given["type"], "id": self._next_id()}
        if given["type"] == TEXT_DISPLAY:
            return component | {"content": check_length(given.get("content"), 1, MAX_VALUE_LENGTH, *path, "content")}
        if given["type"] == LABEL:
            component["label"] = check_length(given.get("label"), 1, 45, *path, "label")
            if given.get("description") is not None:
                component["description"] = check_length(given["description"], 1, 100, *path, "description")
            return component | {
                "component": self._read_field(given.get("component"), (*path, "component"), labelled=True)
            }
        inside = given.get("components")
        if not isinstance(inside, list) or len(inside) != 1:
            raise invalid_form_body((*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 1 in length.")
        return component | {"components": [self._read_field(inside[0], (*path, "components", 0), labelled=False)]}

    def _read_field(self, given: object, path: BodyPath, labelled: bool) -> Json:
        allowed = (TEXT_INPUT, *components.SELECTS) if labelled else (TEXT_INPUT,)
        if isinstance(given, dict) and labelled and given.get("type") in LACKING:
            raise not_modelled((*path, "type"), LACKING[given["type"]])
        if not isinstance(given, dict) or given.get("type") not in allowed:
            raise _wrong_type(path, allowed)
        component_id = self._next_id()
        if given["type"] == TEXT_INPUT:
            return {"id": component_id} | self._read_text_input(given, path, labelled)
        return {"id": component_id, "required": given.get("required") is not False} | components.read_select(
            given, path, self._custom_ids
        )

    def _read_text_input(self, given: Json, path: BodyPath, labelled: bool) -> Json:
        custom_id = components.read_custom_id(given, path, self._custom_ids)
        text_input: Json = {"type": TEXT_INPUT, "custom_id": custom_id, "style": given.get("style")}
        if text_input["style"] not in (1, 2):
            raise invalid_form_body((*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
        if not labelled:
            text_input["label"] = check_length(given.get("label"), 1, 45, *path, "label")
        elif given.get("label") is not None:
            raise invalid_form_body(
                (*path, "label"), "COMPONENT_LABEL_NOT_ALLOWED", "The label component has the label"
            )
        for key, least in (("min_length", 0), ("max_length", 1)):
            if given.get(key) is not None:
                text_input[key] = check_range(
                    parse_integer(given[key], *path, key), least, MAX_VALUE_LENGTH, *path, key
                )
        if text_input.get("min_length", 0) > text_input.get("max_length", MAX_VALUE_LENGTH):
            raise invalid_form_body((*path, "min_length"), "NUMBER_TYPE_MAX", "min_length is greater than max_length")
        if given.get("placeholder"):
            text_input["placeholder"] = check_length(given["placeholder"], 0, 100, *path, "placeholder")
        if given.get("value"):
            most = text_input.get("max_length", MAX_VALUE_LENGTH)
            text_input["value"] = check_length(given["value"], text_input.get("min_length", 0), most, *path, "value")
        text_input["required"] = given.get("required") is not False
        return text_input


def _wrong_type(path: BodyPath, allowed: tuple[int, ...]) -> DiscordError:
    return invalid_form_body((*path, "type"), "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {allowed}.')


# --- what the person sends ----------------------------------------------------------------------------------


def read_submission(modal: Json, data: Json, resolved: ResolvedData) -> Json:
    """Return the `data` that the bot gets, checked against the opened modal. Raise 50035."""
    fields: dict[str, Json] = {}
    for each in data.get("components") or []:
        for field in _fields_of(each):
            fields[str(field.get("custom_id"))] = field
    submitted = []
    for i, component in enumerate(modal["components"]):
        path: BodyPath = ("data", "components", i)
        outer: Json = {"type": component["type"], "id": component["id"]}
        if component["type"] == LABEL:
            outer["component"] = _read_submitted_field(component["component"], fields, (*path, "component"), resolved)
        elif component["type"] == ACTION_ROW:
            outer["components"] = [
                _read_submitted_field(component["components"][0], fields, (*path, "components", 0), resolved)
            ]
        submitted.append(outer)
    body: Json = {"custom_id": modal["custom_id"], "components": submitted}
    return body | ({"resolved": resolved.payload} if resolved.payload else {})


def _fields_of(outer: object) -> list[Json]:
    if not isinstance(outer, dict):
        return []
    inside: list[Any] = [*(outer.get("components") or []), outer.get("component")]
    return [each for each in inside if isinstance(each, dict)]


def _read_submitted_field(component: Json, fields: dict[str, Json], path: BodyPath, resolved: ResolvedData) -> Json:
    field = fields.get(component["custom_id"], {})
    submitted: Json = {"type": component["type"], "id": component["id"], "custom_id": component["custom_id"]}
    if component["type"] != TEXT_INPUT:
        values = field.get("values") or []
        if values or component["required"]:
            values = components.check_selected_values(component, values, resolved, (*path, "values"))
        return submitted | {"values": values}
    value = field.get("value") or ""
    if not value and component["required"]:
        raise invalid_form_body((*path, "value"), "BASE_TYPE_REQUIRED", "This field is required")
    if value:
        value = check_length(
            value, component.get("min_length", 0), component.get("max_length", MAX_VALUE_LENGTH), *path, "value"
        )
    return submitted | {"value": value}
