"""People in stored changes: kept by id, and named only when an entry is shown.

A name written into the audit log outlived the person's account, their nick and their wish to be forgotten.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from games.models import Signup
from guilds.display_names import DisplayName, DisplayNames
from guilds.models import SOMEBODY_NAME
from guilds.names import shown_name

_KEY = "users"


def stored_people(participants: Iterable[int | str]) -> dict[str, list[int | str]]:
    """Return people as changes store them: users by id, placeholders by name."""
    return {_KEY: list(participants)}


def stored_person(user_id: int) -> dict[str, list[int | str]]:
    """Return one user as changes store them."""
    return stored_people([user_id])


def stored_participant(signup: Signup) -> dict[str, list[int | str]]:
    """Return the user or placeholder of a sign-up as changes store them."""
    return stored_people([signup.user_id or signup.placeholder])


def user_ids(value: Any) -> set[int]:
    """Return the ids of all users that stored changes name, at any depth."""
    if _is_people(value):
        return {one for one in value[_KEY] if isinstance(one, int)}
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return set().union(*map(user_ids, parts))


def with_names(value: Any, names: Mapping[int, DisplayName]) -> Any:
    """Return stored changes with names in place of people; whoever is not known any more is somebody."""
    if _is_people(value):
        return ", ".join(_name(one, names) for one in value[_KEY])
    if isinstance(value, Mapping):
        return {key: with_names(part, names) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_names(part, names) for part in value]
    return value


def named(value: Any, names: DisplayNames) -> Any:
    """Return stored changes with names in place of people, read where there are any."""
    ids = user_ids(value)
    return with_names(value, names.read(ids) if ids else {})


def _is_people(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {_KEY}


def _name(one: int | str, names: Mapping[int, DisplayName]) -> str:
    if isinstance(one, str):
        return shown_name(one)
    return names[one].text if one in names else gettext(SOMEBODY_NAME)
