"""Nobody is refused for a missing role before their roles were ever read."""

from typing import Any

from django.urls import reverse

from conftest import GUILD, MANAGE_GUILD, World
from guilds.directory import upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload, RolePayload, UserPayload
from guilds.models import Member


class OrganiserDirectory:
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        return MemberPayload(UserPayload(user_id, "charlie"), role_ids=(GUILD + 20,))


class UnavailableDirectory:
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        raise DirectoryUnavailable("Discord answered 502")


def test_roles_are_read_for_the_first_page_after_login(world: World, as_person: Any, settings: Any) -> None:
    upsert.upsert_roles(GUILD, [RolePayload(GUILD + 20, "Organiser", 1, MANAGE_GUILD)])
    Member.objects.filter(user=world.charlie).update(roles_read_at=None, role_ids=[])
    client = as_person(world.charlie)
    settings.DISCORD_DIRECTORY = f"{__name__}.UnavailableDirectory"
    url = reverse("guild-settings", args=[GUILD])
    assert client.get(url).status_code == 403
    settings.DISCORD_DIRECTORY = f"{__name__}.OrganiserDirectory"
    assert client.get(url).status_code == 200
