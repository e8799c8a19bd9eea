"""Whoever leaves takes their guest along, and is told so in the same answer, however they leave."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.confirmations import actions as confirmations
from games.core.base import Actor, EntryPoint
from games.core.seating import assign_seats
from games.hosts import actions as host_actions
from games.models import Game
from games.offers.schedule_conflicts import ConflictPolicy
from games.signups import actions as signups
from games.signups import responses, standby, swaps
from games.signups.notification_wording import their_guest_left, your_guest_left
from games.signups.wording import with_guest_waiting
from guilds.directory.upsert import mark_member_left
from guilds.models import Member
from notifications.daemon import steps
from notifications.messages import OutgoingMessage

GUEST = "Ann"


@pytest.fixture
def game(world: World) -> Game:
    """A game of Bob's, to which Charlie brings Ann."""
    created = world.create_game(seats=5, plus_one=True, answers=True, reminders=())
    by = Actor(world.charlie, EntryPoint.BUTTON)
    signups.join(created.pk, world.charlie, by, world.now)
    responses.add_guest(created.pk, world.charlie, GUEST, by, world.now)
    return created


def own(world: World) -> Actor:
    return Actor(world.charlie, EntryPoint.BUTTON)


def leave(world: World, game: Game) -> str:
    return signups.leave(game.pk, world.charlie, own(world), world.now).text


def maybe(world: World, game: Game) -> str:
    return responses.respond_maybe(game.pk, world.charlie, own(world), world.now).text


def cant(world: World, game: Game) -> str:
    return responses.respond_absent(game.pk, world.charlie, own(world), world.now).text


def no_longer_comes(world: World, game: Game) -> str:
    confirmations.request_confirmation(game, game.signups.filter(user=world.charlie), False, world.now)
    return confirmations.answer_confirmation(game.pk, 1, "no", own(world), world.now).text


def swap(world: World, game: Game) -> str:
    other = world.create_game(reminders=())
    return swaps.swap_games(other.pk, own(world), world.now).text


@pytest.mark.parametrize("action", [leave, maybe, cant, no_longer_comes, swap])
def test_the_answer_names_the_guest_who_is_out_too(
    world: World, game: Game, action: Callable[[World, Game], str]
) -> None:
    assert your_guest_left(GUEST) in action(world, game)
    assert not game.signups.current().exists()


@pytest.mark.parametrize("action", [leave, maybe, cant, no_longer_comes])
def test_without_a_guest_the_answer_names_nobody(
    world: World, game: Game, action: Callable[[World, Game], str]
) -> None:
    responses.remove_guest(game.pk, world.charlie, own(world), world.now)
    assert "brought" not in action(world, game)


def test_on_standby_the_guest_stays_and_waits(world: World, game: Game) -> None:
    text = standby.set_standby(game.pk, world.charlie, True, own(world), world.now).text
    assert with_guest_waiting("", [GUEST]) in text
    assert set(game.signups.current().values_list("seated_at", flat=True)) == {None}
    standby.set_standby(game.pk, world.charlie, False, own(world), world.now)
    assert game.signups.current().seated().count() == 2


@pytest.mark.parametrize("become", ["host", "co-host"])
def test_who_becomes_a_host_keeps_the_guest(world: World, game: Game, become: str) -> None:
    if become == "host":
        host_actions.make_host(
            Game.objects.get(), world.charlie, Actor(None, EntryPoint.COMMAND, operator=True), world.now
        )
    else:
        host_actions.set_cohosts(game.pk, [world.charlie], Actor(world.bob, EntryPoint.PAGE), world.now)
    assert game.signups.current().seated().count() == 2


def messages(world: World) -> list[OutgoingMessage]:
    now = world.now + timedelta(minutes=2)
    steps.create_due_deliveries(now)
    return [job.message for job in steps.lease_jobs(now, 50) if job.post is None]


def text_to(world: World, who: Any) -> str:
    return "\n".join(message.text for message in messages(world) if message.user_id == who.pk)


def test_a_host_who_removes_somebody_reads_who_else_is_out_and_so_do_they(world: World, game: Game) -> None:
    signup = game.signups.get(user=world.charlie)
    text = signups.remove_signup(game.pk, signup.pk, Actor(world.bob, EntryPoint.PAGE), world.now).text
    assert their_guest_left(GUEST) in text
    assert your_guest_left(GUEST) in text_to(world, world.charlie)


def test_when_a_member_leaves_the_server_the_host_reads_who_else_is_out(world: World, game: Game) -> None:
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    assert their_guest_left(GUEST) in text_to(world, world.bob)


def test_who_did_not_answer_reads_who_else_is_out(world: World, game: Game) -> None:
    confirmations.request_confirmation(game, game.signups.filter(user=world.charlie), True, world.now)
    game.save()
    confirmations.end_confirmation(Game.objects.get(), 1, [world.charlie.pk], world.now)
    assert Member.objects.filter(user=world.charlie, left_at=None).exists()
    assert your_guest_left(GUEST) in text_to(world, world.charlie)


def test_the_page_says_it_before(world: World, game: Game, as_person: Any) -> None:
    assert f"You bring {GUEST}. They leave when you do." in as_person(world.charlie).get(game.get_absolute_url()).text


def test_an_earlier_guest_is_not_named_again(world: World, game: Game) -> None:
    leave(world, game)
    later = world.now + timedelta(minutes=1)
    signups.join(game.pk, world.charlie, own(world), later, overlap=ConflictPolicy.ANYWAY)
    assign_seats(Game.objects.get(), later)
    signup = game.signups.current().get(user=world.charlie)
    signups.remove_signup(game.pk, signup.pk, Actor(world.bob, EntryPoint.PAGE), later)
    assert GUEST not in text_to(world, world.charlie)
