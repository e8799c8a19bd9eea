"""Roles that are written by name: names with commas, names of keywords, and the same name twice."""

import pytest
from django import forms

from games.core.settings import SETTINGS
from games.server_settings.fields import RolesInOrderField, parse_roles
from guilds.models import Role

NAMES = ["GM", "Raiders, East", "Raiders", "none", "Twin", "twin", "@Guests", "12345"]
ROLES = [Role(id=100 + n, guild_id=1, name=name) for n, name in enumerate(NAMES)]
GM, EAST, RAIDERS, NONE, TWIN, OTHER_TWIN, GUESTS, DIGITS = (role.pk for role in ROLES)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("gm", (GM,)),
        ("Raiders, East", (EAST,)),
        ("@GM, raiders,  east, Raiders", (GM, EAST, RAIDERS)),
        ("Raiders,, GM,", (RAIDERS, GM)),
        ("@Guests, Guests", (GUESTS,)),
        ("12345", (DIGITS,)),
        (f"{TWIN}, {OTHER_TWIN}", (TWIN, OTHER_TWIN)),
    ],
)
def test_how_names_of_roles_are_read(text: str, ids: tuple[int, ...]) -> None:
    assert parse_roles(text, ROLES) == ids


@pytest.mark.parametrize(("text", "sentence"), [("Twin", "2 roles here"), ("East", "No role"), ("GM; Raiders", "No")])
def test_what_names_no_role_or_several_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(forms.ValidationError, match=sentence):
        parse_roles(text, ROLES)


def test_what_a_form_shows_it_reads_again() -> None:
    setting = SETTINGS["priority_role_ids"]
    field = RolesInOrderField(max_length=1000, setting=setting)  # type: ignore[arg-type]
    field.roles = ROLES
    for ids in [(role.pk,) for role in ROLES] + [tuple(role.pk for role in ROLES)]:
        assert field.clean(field.prepare_value(ids)) == ids
