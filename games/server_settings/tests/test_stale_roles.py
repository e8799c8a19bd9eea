"""Rights end with the role: Discord is asked before a manager's page is shown, and before everything they change."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, StoredDirectory, World
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models.settings import GuildDefaults
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Block, Member, Role

KEEPER = GUILD + 33
PAGES = (
    "guild-settings", "guild-channels", "guild-templates", "guild-setup", "guild-history", "guild-blocks",
    "guild-messages", "guild-attendance", "guild-people", "guild-health",
)  # fmt: skip


class RoleTaken(StoredDirectory):
    """Discord, where the person has no role any more."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        return MemberPayload(UserPayload(user_id, "charlie"))


@pytest.fixture
def manager(world: World, settings: Any) -> None:
    """Make Charlie a manager by a role that was read a moment ago, and that Discord has since taken away."""
    Role.objects.create(pk=KEEPER, guild=world.guild, name="Keeper")
    GuildDefaults.objects.update(manager_role_ids=[KEEPER])
    Member.objects.filter(user=world.charlie).update(role_ids=[KEEPER], roles_read_at=world.now)
    settings.DISCORD_DIRECTORY = f"{__name__}.RoleTaken"


def age_roles(world: World, minutes: int) -> None:
    Member.objects.filter(user=world.charlie).update(roles_read_at=world.now - timedelta(minutes=minutes))


@pytest.mark.parametrize("page", PAGES)
def test_a_managers_pages(world: World, manager: None, as_person: Any, page: str) -> None:
    client, address = as_person(world.charlie), reverse(page, args=[GUILD])
    assert client.get(address).status_code == 200, "read less than a minute ago"
    age_roles(world, 2)
    assert client.get(address).status_code == 403


def test_a_draft_and_the_admin(world: World, manager: None, as_person: Any) -> None:
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    game = scheduling.create_game(
        GUILD, world.make_plan(), Actor(world.bob, EntryPoint.PAGE), world.now, announce=draft
    ).game
    client = as_person(world.charlie)
    addresses = [reverse(name, args=[game.pk]) for name in ("game", "game-edit", "game-calendar")]
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]
    age_roles(world, 2)
    assert [client.get(address).status_code for address in addresses] == [404, 404, 404]
    Member.objects.filter(user=world.charlie).update(role_ids=[KEEPER])
    age_roles(world, 2)
    assert client.get(reverse("admin:games_game_changelist")).status_code == 403


def test_changes_ask_discord_even_a_moment_later(world: World, manager: None, as_person: Any) -> None:
    host_actions.block_user(GUILD, world.bob, None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    client = as_person(world.charlie)
    assert client.post(reverse("guild-unblock", args=[GUILD, world.bob.pk])).status_code == 403
    assert Block.objects.exists()
