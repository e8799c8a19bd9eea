"""Rows of buttons and selects: https://discord.com/developers/docs/components/reference"""

import itertools
from collections.abc import Iterator

from gamesched.local_discord.api.resolved_data import ResolvedData
from gamesched.local_discord.api.validation import BodyPath, check_length, check_object, check_range, parse_integer
from gamesched.local_discord.errors import invalid_form_body
from gamesched.local_discord.state.entities import Json

ACTION_ROW, BUTTON, STRING_SELECT = 1, 2, 3
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
LINK_STYLE = 5
MAX_ROWS, MAX_BUTTONS_PER_ROW, MAX_SELECT_OPTIONS = 5, 5, 25
MAX_CUSTOM_ID_LENGTH, MAX_LABEL_LENGTH, MAX_PLACEHOLDER_LENGTH = 100, 80, 150
MAX_OPTION_LENGTH = 100  # of each of its texts
MAX_COMPONENT_ID = (1 << 31) - 1


def read_components(given: object) -> list[Json]:
    """Validate a message's rows and number their components, as Discord does. Raise 50035."""
    if not isinstance(given, list):
        raise invalid_form_body(("components",), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(given) > MAX_ROWS:
        raise invalid_form_body(("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_ROWS} in length.")
    custom_ids: set[str] = set()
    rows = []
    for i, row in enumerate(given):
        if not isinstance(row, dict) or row.get("type") != ACTION_ROW:
            problem = 'Value of field "type" must be one of (1,).'
            raise invalid_form_body(("components", i, "type"), "UNION_TYPE_CHOICES", problem)
        rows.append(read_row(row, ("components", i), custom_ids))
    return number(rows)


def read_row(given: Json, path: BodyPath, custom_ids: set[str]) -> Json:
    """Validate a row of buttons, or of one select. Raise 50035."""
    inside = given.get("components")
    if not isinstance(inside, list) or not 1 <= len(inside) <= MAX_BUTTONS_PER_ROW:
        problem = f"Must be between 1 and {MAX_BUTTONS_PER_ROW} in length."
        raise invalid_form_body((*path, "components"), "BASE_TYPE_BAD_LENGTH", problem)
    if len(inside) > 1 and any(isinstance(each, dict) and each.get("type") in SELECTS for each in inside):
        problem = "The specified component exceeds the maximum width"
        raise invalid_form_body((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", problem)
    components = [_read_component(each, (*path, "components", j), custom_ids) for j, each in enumerate(inside)]
    return own_id(given, path) | {"type": ACTION_ROW, "components": components}


def own_id(given: Json, path: BodyPath) -> Json:
    """Return the `id` that a request gives a component; nothing without one, or for 0."""
    if not given.get("id"):
        return {}
    return {"id": check_range(parse_integer(given["id"], *path, "id"), 0, MAX_COMPONENT_ID, *path, "id")}


def number(components: list[Json]) -> list[Json]:
    """Give each component that has no id the next free one. Raise 50035 for an id that is there twice."""
    every = list(walk(components))
    used = [each["id"] for each in every if each.get("id")]
    if len(set(used)) != len(used):
        raise invalid_form_body(("components",), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
    free_ids = (each for each in itertools.count(1) if each not in used)
    for each in every:
        if not each.get("id"):
            each["id"] = next(free_ids)
    return components


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield each component, the outer one before those in it."""
    for each in components:
        yield each
        yield from walk(each.get("components", []))
        if "accessory" in each:
            yield each["accessory"]


def find_component(components: list[Json], custom_id: str) -> Json | None:
    """Return the button or select with this custom id."""
    return next((each for each in walk(components) if each.get("custom_id") == custom_id), None)


def _read_component(given: object, path: BodyPath, custom_ids: set[str]) -> Json:
    if not isinstance(given, dict):
        raise invalid_form_body(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    if given.get("type") == BUTTON:
        return read_button(given, path, custom_ids)
    if given.get("type") in SELECTS:
        return own_id(given, path) | read_select(given, path, custom_ids)
    raise invalid_form_body(
        (*path, "type"), "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).'
    )


def read_button(given: Json, path: BodyPath, custom_ids: set[str]) -> Json:
    """Validate a button. Raise 50035."""
    style = given.get("style")
    if style not in (1, 2, 3, 4, 5):
        raise invalid_form_body((*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
    button: Json = own_id(given, path) | {"type": BUTTON, "style": style}
    if style == LINK_STYLE:
        if not given.get("url"):
            raise invalid_form_body((*path, "url"), "BASE_TYPE_REQUIRED", "A url is required")
        if given.get("custom_id"):
            problem = "A custom id and url cannot both be specified"
            raise invalid_form_body(path, "COMPONENT_CUSTOM_ID_AND_URL", problem)
        if not str(given["url"]).startswith(("http://", "https://", "discord://")) or len(str(given["url"])) > 512:
            raise invalid_form_body((*path, "url"), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        button["url"] = given["url"]
    else:
        button["custom_id"] = read_custom_id(given, path, custom_ids)
    label = given.get("label")
    if label is None and not given.get("emoji"):
        raise invalid_form_body(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
    if label is not None:
        if not isinstance(label, str) or len(label) > MAX_LABEL_LENGTH:
            raise invalid_form_body(
                (*path, "label"), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_LABEL_LENGTH} or fewer in length."
            )
        button["label"] = label
    if given.get("emoji"):
        button["emoji"] = check_object(given["emoji"], *path, "emoji")
    if given.get("disabled"):
        button["disabled"] = True
    return button


def read_select(given: Json, path: BodyPath, custom_ids: set[str]) -> Json:
    select: Json = {"type": given["type"], "custom_id": read_custom_id(given, path, custom_ids)}
    if len(str(given.get("placeholder") or "")) > MAX_PLACEHOLDER_LENGTH:
        problem = f"Must be {MAX_PLACEHOLDER_LENGTH} or fewer in length."
        raise invalid_form_body((*path, "placeholder"), "BASE_TYPE_MAX_LENGTH", problem)
    if given["type"] == STRING_SELECT:
        options = given.get("options")
        if not isinstance(options, list) or not 1 <= len(options) <= MAX_SELECT_OPTIONS:
            problem = f"Must be between 1 and {MAX_SELECT_OPTIONS} in length."
            raise invalid_form_body((*path, "options"), "BASE_TYPE_BAD_LENGTH", problem)
        values = [_read_option_value(each, (*path, "options", i)) for i, each in enumerate(options)]
        if len(set(values)) != len(values):
            problem = "The specified option value is already used"
            raise invalid_form_body((*path, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", problem)
    for key, least in (("min_values", 0), ("max_values", 1)):
        if given.get(key) is not None:
            check_range(parse_integer(given[key], *path, key), least, MAX_SELECT_OPTIONS, *path, key)
    kept_keys = ("placeholder", "options", "min_values", "max_values", "disabled", "channel_types", "default_values")
    select |= {key: given[key] for key in kept_keys if given.get(key) is not None}
    return {"min_values": 1, "max_values": 1} | select


def _read_option_value(given: object, path: BodyPath) -> str:
    """Validate a select's option and return its value."""
    option = check_object(given, *path)
    check_length(option.get("label"), 1, MAX_OPTION_LENGTH, *path, "label")
    if option.get("description") is not None:
        check_length(option["description"], 0, MAX_OPTION_LENGTH, *path, "description")
    if option.get("emoji") is not None:
        check_object(option["emoji"], *path, "emoji")
    return check_length(option.get("value"), 1, MAX_OPTION_LENGTH, *path, "value")


def read_custom_id(given: Json, path: BodyPath, custom_ids: set[str]) -> str:
    custom_id = given.get("custom_id")
    if custom_id is None or custom_id == "":
        raise invalid_form_body((*path, "custom_id"), "BASE_TYPE_REQUIRED", "A custom id is required")
    if not isinstance(custom_id, str) or len(custom_id) > MAX_CUSTOM_ID_LENGTH:
        problem = f"Must be between 1 and {MAX_CUSTOM_ID_LENGTH} in length."
        raise invalid_form_body((*path, "custom_id"), "BASE_TYPE_BAD_LENGTH", problem)
    if custom_id in custom_ids:
        problem = "Component custom id cannot be duplicated"
        raise invalid_form_body((*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", problem)
    custom_ids.add(custom_id)
    return custom_id


# --- what a person does with them ---------------------------------------------------------------------------


def read_component_data(components: list[Json], data: Json, resolved: ResolvedData) -> Json:
    """Validate a click or a selection against these components. Raise 50035 if it is missing or disabled."""
    custom_id = str(data.get("custom_id", ""))
    component = find_component(components, custom_id)
    if component is None or component.get("disabled"):
        raise invalid_form_body(("data", "custom_id"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    component_data: Json = {"component_type": component["type"], "custom_id": custom_id, "id": component["id"]}
    if component["type"] != BUTTON:
        component_data["values"] = check_selected_values(
            component, data.get("values") or [], resolved, ("data", "values")
        )
    return component_data | ({"resolved": resolved.payload} if resolved.payload else {})


def check_selected_values(select: Json, given: object, resolved: ResolvedData, path: BodyPath) -> list[str]:
    """Return the values chosen in a select. Raise 50035 for too few, too many, or unknown ones."""
    values = [str(value) for value in given] if isinstance(given, list) else []
    if len(set(values)) != len(values) or not select["min_values"] <= len(values) <= select["max_values"]:
        raise invalid_form_body(path, "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    for i, value in enumerate(values):
        if select["type"] == STRING_SELECT:
            if value not in [option["value"] for option in select["options"]]:
                raise invalid_form_body(path, "COMPONENT_VALIDATION_FAILED", "Component validation failed")
        elif select["type"] == USER_SELECT:
            resolved.add_user(value, *path, i)
        elif select["type"] == ROLE_SELECT:
            resolved.add_role(value, *path, i)
        elif select["type"] == MENTIONABLE_SELECT:
            resolved.add_mentionable(value, *path, i)
        else:
            resolved.add_channel(value, select.get("channel_types"), *path, i)
    return values
