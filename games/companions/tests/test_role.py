"""The role of a game's players: who has it, and that nothing of it is left behind."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from discord_bot.tests.helpers import edit_game, send_due
from games.companions.actions import handle_deleted
from games.companions.role import role_name
from games.companions.tests.discord_rooms import (
    companion,
    discord,
    holders,
    join,
    leave,
    local,
    made_roles,
    requests_about,
    send_all,
)
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_viewer
from games.models import CompanionKind, CompanionProblem, Game
from games.models.settings import GuildDefaults
from games.scheduling.cancellation import cancel_game
from games.server_settings.actions import check_layer
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Role
from gamesched.local_discord.state.state import State
from guilds.directory.payloads import RolePayload
from guilds.directory.upsert import upsert_roles
from guilds.models import Role as StoredRole
from notifications.models import Notification

__all__ = ["discord", "local"]
pytestmark = pytest.mark.slow
ROLES = f"/guilds/{GUILD}/roles"
GIVEN = f"/guilds/{GUILD}/members"


@pytest.fixture
def game(world: World, local: LocalDiscord) -> Game:
    return world.create_game(player_role=True)


def only_role(local: LocalDiscord) -> Role:
    [role] = made_roles(local.state)
    return role


def test_it_is_given_with_a_seat_taken_with_it_and_gone_at_the_end(
    world: World, local: LocalDiscord, game: Game
) -> None:
    send_all(world.now)
    assert not made_roles(local.state), "nobody would have it"
    before = len(requests_about(local, f"/guilds/{GUILD}/"))
    for user in (world.charlie, world.alice):
        join(world, game, user)
    send_all(world.now + timedelta(seconds=3))
    role = only_role(local)
    assert (role.name, role.permissions, role.mentionable, role.hoist) == (game.title, 0, False, False)
    assert holders(local, role) == {world.charlie.pk, world.alice.pk}
    leave(world, game, world.alice)
    send_all(world.now + timedelta(seconds=6))
    assert holders(local, role) == {world.charlie.pk}
    edit_game(world, game, world.now, description="Another.")
    send_all(world.now + timedelta(seconds=9))
    send_all(game.ends_at + timedelta(seconds=1))
    assert not made_roles(local.state)
    sent = [each.partition(" ")[0] for each in requests_about(local, f"/guilds/{GUILD}/", before)]
    assert sent == ["POST", "PUT", "PUT", "DELETE", "DELETE"], "one for each change, and one for the end"
    assert companion(game, CompanionKind.ROLE).discord_id is None
    assert not Notification.objects.open().filter(kind=CompanionKind.ROLE).exists()


def test_it_goes_with_a_cancelled_game_and_with_the_setting(world: World, local: LocalDiscord, game: Game) -> None:
    join(world, game, world.charlie)
    send_all(world.now)
    other = world.create_game(player_role=True, title="Another")
    join(world, other, world.charlie)
    send_all(world.now + timedelta(seconds=3))
    assert len(made_roles(local.state)) == 2
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    send_all(world.now + timedelta(seconds=6))
    assert only_role(local).name == "Another"


def test_it_follows_the_title_with_one_request(world: World, local: LocalDiscord, game: Game) -> None:
    join(world, game, world.charlie)
    send_all(world.now)
    edit_game(world, game, world.now, title="Renamed")
    send_all(world.now + timedelta(seconds=3))
    assert only_role(local).name == "Renamed"
    assert len(requests_about(local, f"PATCH {ROLES}/")) == len(requests_about(local, f"PATCH {ROLES}"))


def test_who_left_the_server_is_passed_over(world: World, local: LocalDiscord, game: Game) -> None:
    stranger = world.add_member(77)  # whom Discord does not know here
    for user in (stranger, world.charlie):
        join(world, game, user)
    send_all(world.now)
    assert holders(local, only_role(local)) == {world.charlie.pk}
    assert companion(game, CompanionKind.ROLE).problem_code == ""
    leave(world, game, stranger)
    send_all(world.now + timedelta(seconds=3))
    assert companion(game, CompanionKind.ROLE).touched_ids == [world.charlie.pk]


def test_a_crowd_has_it_by_turns_and_nobody_is_asked_twice(world: World, local: LocalDiscord) -> None:
    game = world.create_game(player_role=True, seats=30)
    people = world.add_members(range(100, 130))
    users = [local.state.users.get(user.pk) for user in people]
    assert users == [None] * 30
    before = len(requests_about(local, GIVEN))
    for user in people:
        join(world, game, user)
    first = f"PUT {GIVEN}/{people[4].pk}/*"
    local.client.add_fault("status", match=first, status=429, retry_after=20.0)
    send_all(world.now, 2)
    assert len(companion(game, CompanionKind.ROLE).member_ids) == 4
    send_all(world.now + timedelta(seconds=25))
    assert len(companion(game, CompanionKind.ROLE).member_ids) == 30
    assert len(requests_about(local, GIVEN, before)) == 31, "one each, and the one that was limited"


def test_a_full_server_is_said_and_tried_again_when_there_is_room(
    world: World, local: LocalDiscord, game: Game
) -> None:
    def fill(state: State) -> None:
        roles = state.guilds[GUILD].roles
        roles |= {i: Role(i, f"r{i}", 0, 1) for i in range(1, 251 - len(roles))}

    def empty(state: State) -> None:
        guild = state.guilds[GUILD]
        guild.roles = {pk: role for pk, role in guild.roles.items() if pk > 250}

    local.run_in_loop(fill)
    join(world, game, world.charlie)
    before = len(requests_about(local, f"POST {ROLES}"))
    send_all(world.now)
    assert companion(game, CompanionKind.ROLE).problem_code == CompanionProblem.LIMIT_REACHED
    assert len(requests_about(local, f"POST {ROLES}", before)) == 1
    local.run_in_loop(empty)
    send_all(world.now + timedelta(minutes=61))
    made = companion(game, CompanionKind.ROLE)
    assert (made.problem_code, made.member_ids) == ("", [world.charlie.pk])


def test_what_the_bot_may_not_is_said_and_the_post_goes_on(world: World, local: LocalDiscord, game: Game) -> None:
    def lower(state: State) -> None:
        guild = state.guilds[GUILD]
        state.change_role(guild, guild.roles[fixtures.BOT_ROLE_ID], position=0)

    local.run_in_loop(lower)
    join(world, game, world.charlie)
    send_all(world.now)
    made = companion(game, CompanionKind.ROLE)
    assert made.problem_code == CompanionProblem.MISSING_PERMISSION
    assert made.discord_id is not None, "made, but to be given to nobody"
    assert Game.objects.get().announcement.problem_code == ""


@pytest.mark.parametrize("kind", ["lost", "timeout"])
@pytest.mark.parametrize("nth", [0, 1, 2, 3])
def test_cut_off_at_any_request_there_is_one_role_and_none_is_left(
    world: World, local: LocalDiscord, game: Game, kind: str, nth: int
) -> None:
    """Fault walk: making it, giving it, taking it and deleting it fail once, before or after Discord did it."""
    requests = [f"POST *{ROLES}", f"PUT *{GIVEN}/*", f"DELETE *{GIVEN}/*", f"DELETE *{ROLES}/*"]
    details: dict[str, Any] = {"seconds": 0.0} if kind == "timeout" else {}
    local.client.add_fault(kind, match=requests[nth], **details)
    for user in (world.charlie, world.alice):
        join(world, game, user)
    later = world.now
    for _ in range(4):
        later += timedelta(seconds=30)
        send_all(later)
    assert holders(local, only_role(local)) == {world.charlie.pk, world.alice.pk}
    leave(world, game, world.alice)
    for _ in range(3):
        later += timedelta(seconds=30)
        send_all(later)
    assert holders(local, only_role(local)) == {world.charlie.pk}
    later = game.ends_at
    for _ in range(3):
        later += timedelta(seconds=30)
        send_all(later)
    assert not made_roles(local.state)
    assert not local.client.faults(), "it was met"


def test_made_and_not_recorded_it_is_found_even_under_another_title(
    world: World, local: LocalDiscord, game: Game
) -> None:
    """Killed between the request and its record: what was made is found by its name then, and gets the new one."""
    join(world, game, world.charlie)
    send_due(world.now, lost=True)
    role = only_role(local)
    edit_game(world, game, world.now, title="Renamed")
    send_all(world.now + timedelta(seconds=5))
    assert (only_role(local).id, only_role(local).name) == (role.id, "Renamed")
    assert companion(game, CompanionKind.ROLE).discord_id == role.id


def test_two_games_of_one_title_have_a_role_each(world: World, local: LocalDiscord, game: Game) -> None:
    other = world.create_game(player_role=True)
    for each in (game, other):
        join(world, each, world.charlie)
    send_due(world.now, lost=True)
    send_all(world.now + timedelta(seconds=5))
    ids = {companion(each, CompanionKind.ROLE).discord_id for each in (game, other)}
    assert ids == {role.id for role in made_roles(local.state)}
    assert len(ids) == 2


@pytest.mark.parametrize("policy", ["put_back", "take_over"])
def test_deleted_by_hand_it_is_put_back_or_let_go(world: World, local: LocalDiscord, policy: str) -> None:
    game = world.create_game(player_role=True, discord_changes=policy)
    join(world, game, world.charlie)
    send_all(world.now)
    role = only_role(local)
    local.run_in_loop(lambda state: state.delete_role(state.guilds[GUILD], role))
    assert handle_deleted(CompanionKind.ROLE, [role.id], world.now) == 1
    send_all(world.now + timedelta(seconds=3))
    if policy == "put_back":
        assert holders(local, only_role(local)) == {world.charlie.pk}
    else:
        assert not made_roles(local.state)


def test_taken_from_somebody_by_hand_it_stays_taken(world: World, local: LocalDiscord, game: Game) -> None:
    join(world, game, world.charlie)
    send_all(world.now)
    role = only_role(local)

    def take(state: State) -> None:
        guild = state.guilds[GUILD]
        state.change_member(guild, guild.members[world.charlie.pk], roles=[])

    local.run_in_loop(take)
    join(world, game, world.alice)
    send_all(world.now + timedelta(seconds=3))
    assert holders(local, role) == {world.alice.pk}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("@everyone", "＠everyone (game)"),
        ("here", "here (game)"),
        ("Dungeon @ noon", "Dungeon ＠ noon"),
        ("x" * 200, "x" * 100),
        ("<@&5> **bold** \u202eevil", "<＠&5> **bold** \u202eevil"),
    ],
)
def test_a_title_mentions_nobody_as_a_role(title: str, name: str) -> None:
    assert role_name(title) == name


def test_it_is_no_role_to_choose_in_settings(world: World, local: LocalDiscord, game: Game, as_person: Any) -> None:
    """Whoever has a seat would else manage games, once somebody ticked it."""
    join(world, game, world.charlie)
    send_all(world.now)
    role = only_role(local)
    upsert_roles(GUILD, [RolePayload(role.id, role.name, 3, 0), RolePayload(fixtures.PLAYER_ID, "Player", 2, 0)])
    page = as_person(world.alice).get(reverse("guild-settings", args=[GUILD]), {"edit": "manager_role_ids"}).text
    assert f'value="{fixtures.PLAYER_ID}"' in page
    assert f'value="{role.id}"' not in page
    viewer = load_viewer(world.alice, GUILD)
    problems = check_layer(viewer, GuildDefaults.objects.get(guild=GUILD), {"manager_role_ids": (role.id,)})
    assert set(problems) == {"manager_role_ids"}
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    send_all(world.now + timedelta(seconds=3))
    assert not StoredRole.objects.filter(pk=role.id).exists(), "one row for each game would slow down every change"
