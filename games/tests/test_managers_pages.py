"""What a game's page shows those who manage it follows from the roles that Discord gives them this minute."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.models import Game
from games.tests import directories
from games.tests.cast import HOST, MANAGER_ROLE, Cast, cast, client_of, db, module_cast, module_world, world
from games.tests.test_lost_rights import stored_roles
from guilds.models import Member

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures
pytestmark = pytest.mark.slow


FOR_MANAGERS = ("game-history", "game-hosts", "game-tell", "game-add", "game-rewards", "game-edit", "game-again")


@pytest.mark.parametrize("minutes_ago", [2, 59])
def test_a_games_page_is_a_managers_by_the_roles_of_this_minute(
    cast: Cast, world: World, settings: Any, minutes_ago: float
) -> None:
    Game.objects.filter(pk=cast.game.pk).update(instructions="door code 7")
    client, manager = client_of(cast, "manager"), cast.people["manager"]
    page = cast.game.get_absolute_url()
    stored_roles(manager, MANAGER_ROLE, world=world, minutes_ago=minutes_ago)
    shown = client.get(page)
    assert "door code 7" in shown.text
    assert shown.context["history"]
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    for headers in ({}, {"HX-Request": "true"}):
        stored_roles(manager, MANAGER_ROLE, world=world, minutes_ago=minutes_ago)
        shown = client.get(page, headers=headers)
        assert shown.status_code == 200
        assert cast.game.title in shown.text
        assert "door code 7" not in shown.text
        assert 'id="history"' not in shown.text
    for route in FOR_MANAGERS:
        stored_roles(manager, MANAGER_ROLE, world=world, minutes_ago=minutes_ago)
        assert client.get(reverse(route, args=[cast.game.pk])).status_code == 403, route


@pytest.mark.parametrize(("who", "role"), [("manager", MANAGER_ROLE), ("host", HOST), ("co-host", HOST)])
def test_nobody_searches_members_by_a_role_that_was_taken(
    cast: Cast, world: World, settings: Any, who: str, role: int
) -> None:
    Game.objects.filter(pk=cast.game.pk).update(host=world.alice)
    cast.game.cohosts.clear()
    client, address = client_of(cast, who), reverse("members", args=[GUILD]) + "?q=p"
    assert client.get(address).status_code == 200
    stored_roles(cast.people[who], role, world=world, minutes_ago=2)
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(("minutes_ago", "manages"), [(50, True), (70, False)])
def test_while_discord_is_away_a_manager_sees_what_members_see_after_an_hour(
    cast: Cast, world: World, settings: Any, minutes_ago: int, manages: bool
) -> None:
    stored_roles(cast.people["manager"], MANAGER_ROLE, world=world, minutes_ago=minutes_ago)
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.Away"
    shown = client_of(cast, "manager").get(cast.game.get_absolute_url())
    assert shown.status_code == 200
    assert bool(shown.context["history"]) is manages


def test_who_hosts_or_owns_needs_no_role_for_it(cast: Cast, world: World, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.NoRoles"
    for who in ("host", "co-host", "owner"):
        Member.objects.filter(user=cast.people[who]).update(roles_read_at=world.now - timedelta(minutes=30))
        assert client_of(cast, who).get(cast.game.get_absolute_url()).context["history"], who


def test_a_manager_who_was_put_out_sees_nothing(cast: Cast, world: World, settings: Any) -> None:
    stored_roles(cast.people["manager"], MANAGER_ROLE, world=world, minutes_ago=2)
    settings.DISCORD_DIRECTORY = f"{directories.__name__}.Nobody"
    assert client_of(cast, "manager").get(cast.game.get_absolute_url()).status_code == 404
