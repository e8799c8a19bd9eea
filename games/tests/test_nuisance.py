"""What a plain host could do to annoy people, and what bounds it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode
from games.core.settings import SETTINGS
from games.hosts import actions as host_actions
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.models import Game, Signup
from games.scheduling import actions as scheduling
from games.scheduling import cloning, publishing, rules
from games.scheduling.cloning import CarryPlayers
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, Plan
from games.signups import actions as signups
from games.signups import manual_seating, responses, standby
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery

MINUTE = timedelta(minutes=1)


def bob(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def sent(world: World, now: Any = None) -> list[OutgoingMessage]:
    now = now or world.now
    steps.create_due_deliveries(now)
    jobs = [job for job in steps.lease_jobs(now, 200) if job.post is None]
    steps.record([(job, SentMessage(5, job.pk)) for job in jobs], now)
    return [job.message for job in jobs]


def to(who: User, messages: list[OutgoingMessage]) -> list[OutgoingMessage]:
    return [message for message in messages if message.user_id == who.pk or who.pk in message.ping_users]


def add(world: World, game: Game, who: User) -> None:
    signups.join(game.pk, who, bob(world), world.now)


def remove(world: World, game: Game, who: User, actor: Actor | None = None) -> None:
    signup = game.signups.current().get(user=who)
    signups.remove_signup(game.pk, signup.pk, actor or bob(world), world.now, reason="free words")


# --- adding and removing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 8, 9])
def test_added_and_removed_before_it_is_told_nobody_hears(world: World, times: int) -> None:
    game = world.create_game(reminders=())
    for _ in range(times):
        add(world, game, world.charlie)
        remove(world, game, world.charlie)
    assert sent(world) == []
    add(world, game, world.charlie)
    assert len(to(world.charlie, sent(world))) == 1


@pytest.mark.parametrize("closed_dms", [False, True])
def test_added_and_removed_by_turns_few_messages_are_sent(world: World, closed_dms: bool) -> None:
    if closed_dms:
        User.objects.filter(pk=world.charlie.pk).update(dm_closed_at=world.now)
    game, messages = world.create_game(reminders=()), list[OutgoingMessage]()
    for _ in range(8):
        add(world, game, world.charlie)
        messages += sent(world)
        remove(world, game, world.charlie)
        messages += sent(world)
    assert len(to(world.charlie, messages)) == 6
    withheld = Delivery.objects.filter(recipient=world.charlie).exclude(status="sent")
    assert set(withheld.values_list("status", "error_code")) == {("dropped", GameSkipCode.TOO_MANY)}
    assert withheld.count() == 10, "each has its reason"


def test_the_limit_counts_over_all_games_of_the_same_sender_for_a_day(world: World) -> None:
    people = [world.charlie, world.add_member(100)]
    for number in range(8):
        game = world.create_game(title=str(number), reminders=())
        add(world, game, people[0])
        if number < 3:
            add(world, game, people[1])
    messages = sent(world)
    assert [len(to(who, messages)) for who in people] == [6, 3]
    later = world.now + timedelta(days=1, seconds=1)
    signups.join(world.create_game(reminders=()).pk, people[0], bob(world), later)
    assert len(to(people[0], sent(world, later))) == 1


@pytest.mark.parametrize("by", ["manager", "operator"])
def test_who_manages_the_server_is_not_limited(world: World, by: str) -> None:
    actor = Actor(world.alice, EntryPoint.PAGE) if by == "manager" else Actor(None, EntryPoint.COMMAND, operator=True)
    for number in range(9):
        signups.join(world.create_game(title=str(number), reminders=()).pk, world.charlie, actor, world.now)
    assert len(to(world.charlie, sent(world))) == 9


def test_who_is_removed_and_added_again_unheard_learns_of_the_seat_only(world: World) -> None:
    game = world.create_game(seats=1, reminders=())
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    remove(world, game, world.charlie)
    add(world, game, world.charlie)
    assert to(world.charlie, sent(world)) == []
    assert Signup.objects.current().get(user=world.charlie).seated_at is None
    [message] = to(world.charlie, sent(world, world.now + 2 * MINUTE))
    assert "on the wait list" in message.text


def test_who_is_removed_and_added_again_unheard_learns_of_a_seat_that_was_free(world: World) -> None:
    game = world.create_game(seats=1, reminders=())
    for who in (world.alice, world.charlie):
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    remove(world, game, world.charlie)
    signups.leave(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    add(world, game, world.charlie)
    assert to(world.charlie, sent(world)) == []
    [message] = to(world.charlie, sent(world, world.now + 2 * MINUTE))
    assert "A seat is yours" in message.text


def _standby_and_back(world: World, game: Game) -> None:
    for on in (True, False):
        standby.set_standby(game.pk, world.charlie, on, Actor(world.charlie, EntryPoint.PAGE), world.now)


def _bring_guest(world: World, game: Game) -> None:
    responses.add_guest(game.pk, world.charlie, "Zed", Actor(world.charlie, EntryPoint.PAGE), world.now)


def _write_note(world: World, game: Game) -> None:
    responses.set_note(game.pk, world.charlie, "Late", Actor(world.charlie, EntryPoint.PAGE), world.now)


def _leave_and_join(world: World, game: Game) -> None:
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)


def _join_again(world: World, game: Game) -> None:
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)


@pytest.mark.parametrize("act", [_standby_and_back, _bring_guest, _write_note, _leave_and_join, _join_again])
@pytest.mark.parametrize("created", [False, True])
def test_who_saw_the_game_after_being_added_hears_of_a_removal(
    world: World, act: Callable[[World, Game], None], created: bool
) -> None:
    game = world.create_game(reminders=(), plus_one=True)
    add(world, game, world.charlie)
    if created:
        steps.create_due_deliveries(world.now)
    act(world, game)
    remove(world, game, world.charlie)
    [message] = to(world.charlie, sent(world))
    assert "free words" in message.text


def test_who_came_back_and_left_after_a_removal_hears_of_being_added(world: World) -> None:
    game, charlie = world.create_game(reminders=()), Actor(world.charlie, EntryPoint.PAGE)
    signups.join(game.pk, world.charlie, charlie, world.now)
    remove(world, game, world.charlie)
    signups.join(game.pk, world.charlie, charlie, world.now)
    signups.leave(game.pk, world.charlie, charlie, world.now)
    add(world, game, world.charlie)
    assert len(to(world.charlie, sent(world))) == 1


def test_what_may_have_arrived_is_not_folded(world: World) -> None:
    game = world.create_game(reminders=())
    add(world, game, world.charlie)
    steps.create_due_deliveries(world.now)
    steps.lease_jobs(world.now, 10)  # being sent at this moment
    remove(world, game, world.charlie)
    assert Delivery.objects.get(recipient=world.charlie).status == "pending"
    assert len(to(world.charlie, sent(world, world.now + 5 * MINUTE))) >= 1


def test_players_are_written_to_so_often_a_day_about_all_games_together(world: World) -> None:
    for number in range(5):
        game = world.create_game(title=str(number), reminders=())
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
        for _ in range(3):
            host_messages.message_players(game.pk, "Hello", Audience.ALL, bob(world), world.now)
            sent(world)
    told = Delivery.objects.filter(recipient=world.charlie, notification__kind="told")
    assert told.filter(status="sent").count() == 12
    assert told.filter(status="dropped", error_code=GameSkipCode.TOO_MANY).count() == 3


def test_looking_for_the_limit_takes_one_statement_for_a_crowd(
    world: World, django_assert_max_num_queries: Any
) -> None:
    game = world.create_game(seats=0, reminders=())
    for number in range(30):
        who = world.add_member(100 + number)
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    sent(world)
    host_messages.message_players(game.pk, "Hello", Audience.ALL, bob(world), world.now)
    with django_assert_max_num_queries(20):
        steps.create_due_deliveries(world.now)
    assert Delivery.objects.filter(notification__kind="told").count() == 30


def test_a_seat_given_and_taken_every_two_minutes_is_told_by_the_hour(world: World) -> None:
    game, now = world.create_game(seats=1, reminders=()), world.now
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), now)
    messages = list[OutgoingMessage]()
    for _ in range(30):
        now += 2 * MINUTE
        signup = game.signups.get(user=world.charlie)
        change = manual_seating.move_to_wait_list if signup.seated_at else manual_seating.give_seat
        change(game.pk, signup.pk, bob(world), now)
        messages += sent(world, now + MINUTE)
    assert 6 <= len(to(world.charlie, messages)) <= 8
    last = to(world.charlie, sent(world, now + timedelta(hours=2)))
    seated = game.signups.get(user=world.charlie).seated_at is not None
    told = [*to(world.charlie, messages), *last][-1].text
    assert ("A seat is yours" in told) is seated, "what holds in the end is told"


def test_an_edit_every_two_minutes_is_told_by_the_hour(world: World) -> None:
    game, now = world.create_game(reminders=()), world.now
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), now)
    messages = list[OutgoingMessage]()
    for number in range(30):
        now += 2 * MINUTE
        plan = rules.change_plan(scheduling.plan_from_game(Game.objects.get()), location=f"Room {number}")
        scheduling.edit_game(game.pk, plan, bob(world), now)
        messages += sent(world, now + MINUTE)
    assert 6 <= len(to(world.charlie, messages)) <= 8
    messages += sent(world, now + timedelta(hours=2))
    assert "Room 29" in to(world.charlie, messages)[-1].text


@pytest.mark.parametrize("closed_dms", [False, True])
def test_asked_to_host_over_and_over_few_messages_are_sent(world: World, closed_dms: bool) -> None:
    if closed_dms:
        User.objects.filter(pk=world.charlie.pk).update(dm_closed_at=world.now)
    game, messages = world.create_game(reminders=()), list[OutgoingMessage]()
    for _ in range(9):
        host_actions.hand_over(game.pk, world.charlie, bob(world), world.now)
        messages += sent(world)
        host_actions.hand_over(game.pk, world.bob, bob(world), world.now)  # takes it back
    assert len(to(world.charlie, messages)) == 6


def test_who_joins_again_and_is_removed_over_and_over_hears_six_times(world: World) -> None:
    game, messages = world.create_game(reminders=()), list[OutgoingMessage]()
    for _ in range(9):
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
        remove(world, game, world.charlie)
        messages += sent(world)
    assert len(to(world.charlie, messages)) == 6


def test_all_that_a_host_does_to_a_person_counts_together(world: World) -> None:
    games, messages = [world.create_game(title=str(n), reminders=()) for n in range(3)], list[OutgoingMessage]()
    for game in games:
        add(world, game, world.charlie)
        messages += sent(world)
        remove(world, game, world.charlie)
        messages += sent(world)
        host_actions.hand_over(game.pk, world.charlie, bob(world), world.now)
        messages += sent(world)
    assert len(to(world.charlie, messages)) == 6


def test_handing_a_game_to_and_fro_ends_with_the_day(world: World) -> None:
    game = world.create_game(reminders=())
    signups.join(game.pk, world.add_member(100), Actor(world.alice, EntryPoint.PAGE), world.now)
    pair = [world.bob, world.charlie]
    for turn in range(3):
        old, new = pair[turn % 2], pair[(turn + 1) % 2]
        host_actions.hand_over(game.pk, new, Actor(old, EntryPoint.PAGE), world.now)
        host_actions.answer_open_hand_over(game.pk, host_actions.ACCEPT, Actor(new, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused) as refused:
        host_actions.hand_over(game.pk, world.bob, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert refused.value.refusal.code == "too_often"
    tomorrow = world.now + timedelta(days=1, seconds=1)
    assert host_actions.hand_over(game.pk, world.bob, Actor(world.charlie, EntryPoint.PAGE), tomorrow).changed
    assert host_actions.hand_over(game.pk, world.bob, Actor(world.alice, EntryPoint.PAGE), world.now).changed, (
        "she manages"
    )


# --- players of somebody else's game -------------------------------------------------------------------------


def played_game(world: World, *players: User) -> tuple[Game, Plan]:
    """Return a game of Bob's that is over, so that others schedule it again, and a plan to do that."""
    game = world.create_game(reminders=())
    for who in players:
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    plan = scheduling.plan_from_game(game)
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - 2 * MINUTE, ends_at=world.now - MINUTE)
    return game, plan


@pytest.mark.parametrize("carry", [CarryPlayers.YES, CarryPlayers.ASK])
def test_players_of_another_hosts_game_are_asked_and_not_taken(world: World, carry: CarryPlayers) -> None:
    game, plan = played_game(world, world.charlie, world.add_member(100))
    stranger = Actor(world.add_member(101), EntryPoint.PAGE)
    done = cloning.clone_game(game.pk, plan, carry, stranger, world.now)
    assert not done.game.signups.exists()
    assert not done.game.cohosts.exists()
    assert len(to(world.charlie, sent(world))) == 1
    # By whoever runs it, all are carried over as before.
    done = cloning.clone_game(game.pk, plan, carry, bob(world), world.now)
    assert done.game.signups.current().count() == 2
    done = cloning.clone_game(game.pk, plan, carry, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert done.game.signups.current().count() == 2, "those who manage the server run every game"


def test_a_draft_asks_nobody_before_it_is_announced(world: World) -> None:
    game, plan = played_game(world, world.charlie)
    by, draft = Actor(world.add_member(101), EntryPoint.PAGE), AnnounceSchedule(AnnounceWhen.DRAFT)
    done = cloning.clone_game(game.pk, plan, CarryPlayers.YES, by, world.now, announce=draft)
    assert to(world.charlie, sent(world)) == []
    publishing.announce_game(done.game.pk, by, world.now)
    assert len(to(world.charlie, sent(world))) == 1


def test_who_repeats_games_over_and_over_is_not_heard(world: World) -> None:
    game, plan = played_game(world, world.charlie)
    by = Actor(world.add_member(101), EntryPoint.PAGE)
    for _ in range(10):
        cloning.clone_game(game.pk, plan, CarryPlayers.YES, by, world.now)
    assert len(to(world.charlie, sent(world))) == 6


# --- roles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "wrong"), [(50, False), (51, True), (240, True)])
def test_an_announcement_pings_no_more_roles_than_one_message_holds(world: World, count: int, wrong: bool) -> None:
    roles = tuple(10**18 + number for number in range(count))
    assert bool(SETTINGS["notify_role_ids"].check(roles)) is wrong
