"""Rows of buttons and selects: https://discord.com/developers/docs/components/reference"""

from typing import TYPE_CHECKING

from gamesched.local_discord.errors import invalid
from gamesched.local_discord.state.entities import Json

if TYPE_CHECKING:
    from gamesched.local_discord.api.resolved_data import Resolved

ROW, BUTTON, STRING_SELECT = 1, 2, 3
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = (3, 5, 6, 7, 8)  # string, user, role, mentionable, channel
LINK_STYLE = 5
ROWS_MOST, BUTTONS_MOST, OPTIONS_MOST = 5, 5, 25
CUSTOM_ID_LONGEST, LABEL_LONGEST, PLACEHOLDER_LONGEST = 100, 80, 150


def read_components(given: object) -> list[Json]:
    """Check the components of a message and give each its number, as Discord does. Raises 50035."""
    if not isinstance(given, list):
        raise invalid(("components",), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(given) > ROWS_MOST:
        raise invalid(("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {ROWS_MOST} in length.")
    seen: set[str] = set()
    rows = []
    number = 0
    for i, row in enumerate(given):
        path: tuple[str | int, ...] = ("components", i)
        if not isinstance(row, dict) or row.get("type") != ROW:
            raise invalid((*path, "type"), "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
        inside = row.get("components")
        if not isinstance(inside, list) or not 1 <= len(inside) <= BUTTONS_MOST:
            said = f"Must be between 1 and {BUTTONS_MOST} in length."
            raise invalid((*path, "components"), "BASE_TYPE_BAD_LENGTH", said)
        if len(inside) > 1 and any(isinstance(each, dict) and each.get("type") in SELECTS for each in inside):
            said = "The specified component exceeds the maximum width"
            raise invalid((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", said)
        number += 1
        shown: Json = {"type": ROW, "id": number, "components": []}
        for j, each in enumerate(inside):
            number += 1
            shown["components"].append({"id": number} | _component(each, (*path, "components", j), seen))
        rows.append(shown)
    return rows


def find(components: list[Json], custom_id: str) -> Json | None:
    """The button or select with this custom id."""
    for row in components:
        for each in row["components"]:
            if each.get("custom_id") == custom_id:
                found: Json = each
                return found
    return None


def _component(given: object, path: tuple[str | int, ...], seen: set[str]) -> Json:
    if not isinstance(given, dict):
        raise invalid(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    if given.get("type") == BUTTON:
        return _button(given, path, seen)
    if given.get("type") in SELECTS:
        return read_select(given, path, seen)
    raise invalid((*path, "type"), "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).')


def _button(given: Json, path: tuple[str | int, ...], seen: set[str]) -> Json:
    style = given.get("style")
    if style not in (1, 2, 3, 4, 5):
        raise invalid((*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
    shown: Json = {"type": BUTTON, "style": style}
    if style == LINK_STYLE:
        if not given.get("url"):
            raise invalid((*path, "url"), "BASE_TYPE_REQUIRED", "A url is required")
        if given.get("custom_id"):
            said = "A custom id and url cannot both be specified"
            raise invalid(path, "COMPONENT_CUSTOM_ID_AND_URL", said)
        if not str(given["url"]).startswith(("http://", "https://", "discord://")) or len(str(given["url"])) > 512:
            raise invalid((*path, "url"), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        shown["url"] = given["url"]
    else:
        shown["custom_id"] = read_custom_id(given, path, seen)
    label = given.get("label")
    if label is None and not given.get("emoji"):
        raise invalid(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
    if label is not None:
        if not isinstance(label, str) or len(label) > LABEL_LONGEST:
            raise invalid((*path, "label"), "BASE_TYPE_MAX_LENGTH", f"Must be {LABEL_LONGEST} or fewer in length.")
        shown["label"] = label
    if given.get("emoji"):
        shown["emoji"] = given["emoji"]
    if given.get("disabled"):
        shown["disabled"] = True
    return shown


def read_select(given: Json, path: tuple[str | int, ...], seen: set[str]) -> Json:
    shown: Json = {"type": given["type"], "custom_id": read_custom_id(given, path, seen)}
    if len(str(given.get("placeholder") or "")) > PLACEHOLDER_LONGEST:
        said = f"Must be {PLACEHOLDER_LONGEST} or fewer in length."
        raise invalid((*path, "placeholder"), "BASE_TYPE_MAX_LENGTH", said)
    if given["type"] == STRING_SELECT:
        options = given.get("options")
        if not isinstance(options, list) or not 1 <= len(options) <= OPTIONS_MOST:
            said = f"Must be between 1 and {OPTIONS_MOST} in length."
            raise invalid((*path, "options"), "BASE_TYPE_BAD_LENGTH", said)
        values = [option.get("value") for option in options]
        if len(set(values)) != len(values):
            said = "The specified option value is already used"
            raise invalid((*path, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", said)
    kept = ("placeholder", "options", "min_values", "max_values", "disabled", "channel_types", "default_values")
    shown |= {key: given[key] for key in kept if given.get(key) is not None}
    return {"min_values": 1, "max_values": 1} | shown


def read_custom_id(given: Json, path: tuple[str | int, ...], seen: set[str]) -> str:
    custom_id = given.get("custom_id")
    if custom_id is None or custom_id == "":
        raise invalid((*path, "custom_id"), "BASE_TYPE_REQUIRED", "A custom id is required")
    if not isinstance(custom_id, str) or len(custom_id) > CUSTOM_ID_LONGEST:
        said = f"Must be between 1 and {CUSTOM_ID_LONGEST} in length."
        raise invalid((*path, "custom_id"), "BASE_TYPE_BAD_LENGTH", said)
    if custom_id in seen:
        said = "Component custom id cannot be duplicated"
        raise invalid((*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", said)
    seen.add(custom_id)
    return custom_id


# --- what a person does with them ---------------------------------------------------------------------------


def pressed(shown: list[Json], data: Json, resolved: "Resolved") -> Json:
    """What was pressed of these components. Raises 50035 for one that is not there or disabled."""
    custom_id = str(data.get("custom_id", ""))
    found = find(shown, custom_id)
    if found is None or found.get("disabled"):
        raise invalid(("data", "custom_id"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    told: Json = {"component_type": found["type"], "custom_id": custom_id, "id": found["id"]}
    if found["type"] != BUTTON:
        told["values"] = choose(found, data.get("values") or [], resolved, ("data", "values"))
    return told | ({"resolved": resolved.told} if resolved.told else {})


def choose(select: Json, given: object, resolved: "Resolved", path: tuple[str | int, ...]) -> list[str]:
    """The values chosen in a select. Raises 50035 for too few, too many, or others than it offers."""
    values = [str(value) for value in given] if isinstance(given, list) else []
    if len(set(values)) != len(values) or not select["min_values"] <= len(values) <= select["max_values"]:
        raise invalid(path, "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    for i, value in enumerate(values):
        if select["type"] == STRING_SELECT:
            if value not in [option["value"] for option in select["options"]]:
                raise invalid(path, "COMPONENT_VALIDATION_FAILED", "Component validation failed")
        elif select["type"] == USER_SELECT:
            resolved.user(value, *path, i)
        elif select["type"] == ROLE_SELECT:
            resolved.role(value, *path, i)
        elif select["type"] == MENTIONABLE_SELECT:
            resolved.mentionable(value, *path, i)
        else:
            resolved.channel(value, select.get("channel_types"), *path, i)
    return values
