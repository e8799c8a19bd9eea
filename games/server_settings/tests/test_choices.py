"""What is chosen from lists: channels of the same name, roles of the same name, and very many of them."""

from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, PERMISSIONS, World
from games.models.settings import GuildDefaults
from gamesched.local_discord import fixtures
from guilds.directory import upsert
from guilds.directory.payloads import ChannelPayload, RolePayload
from guilds.models import Channel

ROLE_BASE = GUILD + 1000


def channel(number: int, name: str, category: str = "", **changes: Any) -> ChannelPayload:
    return ChannelPayload(fixtures.RAIDS_ID + number, name, 0, 20, PERMISSIONS, category=category, **changes)


def add_roles(count: int, name: str = "Role {}") -> list[RolePayload]:
    roles = [RolePayload(ROLE_BASE + n, name.format(n), 10 + n, 0) for n in range(count)]
    upsert.upsert_roles(GUILD, roles)
    return roles


@pytest.mark.parametrize(
    ("channels", "shown"),
    [
        (
            [channel(101, "schedule", "D&D"), channel(102, "schedule", "Raids")],
            ["#schedule (D&D)", "#schedule (Raids)"],
        ),
        ([channel(101, "schedule", "D&D"), channel(102, "schedule")], ["#schedule (D&D)", "#schedule (no category)"]),
        ([channel(101, "schedule", "D&D"), channel(102, "other", "D&D")], ["#schedule", "#other"]),
        (
            [channel(101, "schedule", "D&D"), channel(102, "schedule", "D&D")],
            [f"#schedule (D&D, …{str(fixtures.RAIDS_ID + n)[-4:]})" for n in (101, 102)],
        ),
        (
            [channel(101, "schedule", "D&D"), channel(102, "ｓchedule", "Raids")],
            ["#schedule (D&D)", "#ｓchedule (Raids)"],
        ),
    ],
)
def test_channels_of_the_same_name_are_told_apart(
    world: World, as_person: Any, channels: list[ChannelPayload], shown: list[str]
) -> None:
    upsert.upsert_channels(GUILD, channels)
    assert [str(Channel.objects.get(pk=one.id)) for one in channels] == shown
    client = as_person(world.alice)
    names = ("game-new", "guild-setup", "guild-channels", "template-new", "guild-settings")
    for name in names:
        page = client.get(reverse(name, args=[GUILD]), {"edit": "all"}).text.replace("&amp;", "&")
        assert all(one in page for one in shown), name


def test_a_channel_that_is_alone_again_needs_no_category(world: World) -> None:
    upsert.upsert_channels(GUILD, [channel(101, "schedule", "D&D"), channel(102, "schedule", "Raids")])
    upsert.upsert_channels(GUILD, [channel(102, "renamed", "Raids")])
    assert str(Channel.objects.get(pk=fixtures.RAIDS_ID + 101)) == "#schedule"


def test_roles_of_the_same_name_are_told_apart(world: World, as_person: Any) -> None:
    roles = add_roles(2, "GM")
    page = as_person(world.alice).get(reverse("guild-settings", args=[GUILD]), {"edit": "all"}).text
    assert all(f"GM (…{str(role.id)[-4:]})" in page for role in roles)


def test_very_many_roles_are_one_list_each(world: World, as_person: Any) -> None:
    roles = add_roles(240)
    client = as_person(world.alice)
    page = client.get(reverse("guild-settings", args=[GUILD]), {"edit": "all"}).text
    assert page.count('type="checkbox"') < 40
    assert page.count("<select ") >= 5
    assert "data-searched" in page
    assert len(page) < 200_000
    data = {
        "manager_role_ids": [str(roles[3].id), str(roles[200].id)],
        "own_host_roles": "on",
        "host_role_ids": [str(roles[7].id)],
        "edition": str(GuildDefaults.objects.get(pk=GUILD).edit_version),
    }
    assert client.post(reverse("guild-settings", args=[GUILD]), data).status_code == 302
    assert GuildDefaults.objects.get(pk=GUILD).manager_role_ids == [roles[3].id, roles[200].id]
    assert client.get(reverse("guild-setup", args=[GUILD])).text.count('type="checkbox"') < 40
    page = client.get(reverse("guild-settings", args=[GUILD]), {"edit": "all"}).text
    assert f'<option value="{roles[3].id}" selected>' in page


def test_few_roles_stay_checkboxes(world: World, as_person: Any) -> None:
    add_roles(10)
    assert (
        "data-searched" not in as_person(world.alice).get(reverse("guild-settings", args=[GUILD]), {"edit": "all"}).text
    )
