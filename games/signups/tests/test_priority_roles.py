"""Priority by role: who has a better role comes first."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import EVERYONE, GUILD, World
from games.models import Game, Signup
from games.scheduling import actions as scheduling
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from games.signups.tests.test_responses import actor_for, fields, join, names, send_due_messages
from guilds.directory import upsert
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Role, User
from notifications.models import Notification

pytestmark = pytest.mark.slow

FIRST, SECOND = GUILD + 41, GUILD + 42


@pytest.fixture
def ranked(world: World) -> dict[str, User]:
    """A user with each role, in order, and two with none."""
    for pk, name in ((FIRST, "Veteran"), (SECOND, "Player")):
        Role.objects.create(pk=pk, guild=world.guild, name=name)
    users = {"none": world.add_member(100, "none"), "other": world.add_member(101, "other")}
    for number, (name, role) in enumerate((("second", SECOND), ("first", FIRST)), 102):
        payload = MemberPayload(UserPayload(1300000000000000000 + number, name), name, role_ids=(role, EVERYONE))
        users[name] = upsert.upsert_member(GUILD, payload, world.now).user
    return users


def create_priority_game(world: World, **changes: Any) -> Game:
    return world.create_game(method="priority", priority_role_ids=(FIRST, SECOND), **changes)


def test_a_better_role_displaces_the_last_player_who_signed_up_themselves(
    world: World, ranked: dict[str, User]
) -> None:
    game = create_priority_game(world, seats=3)
    signups.join(game.pk, world.charlie, actor_for(world.bob), world.now)  # put in, with no role
    join(game, ranked["none"], ranked["other"])
    Notification.objects.exclude(kind="moved").delete()
    later = world.now + timedelta(seconds=1)
    assert join(game, ranked["second"], now=later) == ["You're in, seat 2 of 3."]
    assert names(game) == (["charlie", "second", "none"], ["other"])
    assert join(game, ranked["first"], now=later) == ["You're in, seat 2 of 3."]
    assert names(game) == (["charlie", "first", "second"], ["none", "other"])
    messages = send_due_messages(world, game, timedelta(minutes=2))
    assert sorted(who or 0 for who, _ in messages) == [ranked["none"].pk, ranked["other"].pk], (
        "the others by the answer"
    )
    assert all("Other roles come first" in text for _, text in messages)
    assert send_due_messages(world, game, timedelta(minutes=9)) == []
    assert "First <@&" in fields(world, game)["Sign-ups"]


def test_a_rank_is_kept_when_the_role_is_lost(world: World, ranked: dict[str, User]) -> None:
    game = create_priority_game(world, seats=1)
    join(game, ranked["first"])
    payload = MemberPayload(UserPayload(ranked["first"].pk, "first"), "first", role_ids=(EVERYONE,))
    upsert.upsert_member(GUILD, payload, world.now)
    join(game, ranked["second"])
    assert names(game) == (["first"], ["second"])
    assert Signup.objects.get(user=ranked["first"]).rank == 1


def test_nobody_is_displaced_by_a_role_once_offers_begin(world: World, ranked: dict[str, User]) -> None:
    game = create_priority_game(world, seats=1, offer_within=120)
    join(game, ranked["none"])
    Game.objects.update(starts_at=world.now + timedelta(minutes=90))
    join(game, ranked["first"])
    assert names(game) == (["none"], ["first"])


def test_ranks_begin_and_end_with_the_method(world: World, ranked: dict[str, User]) -> None:
    game = world.create_game(seats=1)
    join(game, ranked["none"], ranked["first"])
    plan = scheduling.plan_from_game(game)
    changed: dict[str, Any] = {"method": "priority", "priority_role_ids": (FIRST, SECOND)}
    scheduling.edit_game(game.pk, change_plan(plan, **changed), actor_for(world.bob), world.now + timedelta(seconds=1))
    assert names(game) == (["first"], ["none"])
    scheduling.edit_game(game.pk, change_plan(plan, method="open"), actor_for(world.bob), world.now)
    join(game, ranked["other"])
    assert names(game) == (["first"], ["none", "other"])
