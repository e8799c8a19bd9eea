"""What two people do to a poll in the same instant, and what notifyd does meanwhile."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from conftest import World
from games.core.codes import NotificationKind
from games.models import Game, TimePoll, TimePollPost, TimePollVote
from games.polls import actions
from games.polls.tests.helpers import by, make_poll, options, tick
from games.privacy.actions import forget_person
from games.tests.test_same_instant import in_threads
from gamesched.lib.refusal import Refused
from notifications.daemon import steps
from notifications.messages import SentMessage
from notifications.models import Notification


@pytest.fixture
def poll(committed_world: World) -> TimePoll:
    """A poll in which Charlie has ticked the first time."""
    made = make_poll(committed_world)
    tick(made, committed_world.charlie, committed_world, [0])
    return made


def test_two_hosts_make_one_game(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    works: list[Callable[[], Any]] = [
        partial(actions.make_game, poll.pk, by(user), world.now, options(poll)[number].pk)
        for number, user in enumerate((world.bob, world.alice))
    ]
    results = in_threads(*works)
    game = Game.objects.get()
    assert sorted(done.changed for done in results) == [False, True], results
    assert {done.game for done in results} == {game}
    assert TimePoll.objects.get().game == game


def test_a_game_and_a_cancellation_are_one_of_the_two(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    in_threads(
        partial(actions.make_game, poll.pk, by(world.bob), world.now),
        partial(actions.cancel_poll, poll.pk, by(world.alice), world.now),
    )
    poll.refresh_from_db()
    assert (poll.game is None) == (poll.cancelled_at is not None)
    assert Game.objects.count() == (poll.game is not None)


def test_the_last_ticks_to_a_quorum_win_once_and_with_all_who_got_in(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    TimePoll.objects.update(quorum=2)
    people = [world.add_member(number) for number in range(50, 54)]
    in_threads(*(partial(tick, poll, person, world, [0]) for person in people))
    assert TimePollVote.objects.count() == 2, "with the second it was closed"
    in_threads(
        *[partial(steps.create_due_deliveries, world.now)] * 2,
        partial(actions.make_game, poll.pk, by(world.bob), world.now),
    )
    assert set(Game.objects.get().signups.values_list("user", flat=True)) == set(
        TimePollVote.objects.values_list("user", flat=True)
    )


def test_ticks_while_notifyd_records_the_post(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    people = [world.add_member(number) for number in range(50, 54)]
    [job] = steps.lease_jobs(world.now, 10)

    def record() -> None:
        for _ in range(5):
            steps.record([(job, SentMessage(world.channel.pk, 777))], world.now)

    results = in_threads(record, *(partial(tick, poll, person, world, [1, 2]) for person in people))
    assert not [done for done in results if isinstance(done, Exception)], "nobody waits for each other"
    row = Notification.objects.open().get(kind=NotificationKind.TIME_POLL)
    poll.refresh_from_db()
    assert (poll.post_version, row.post_version) == (6, 6), "the ticks are still to be shown"
    assert TimePollPost.objects.get().message_id == 777


def test_somebody_ticks_while_they_are_forgotten(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    TimePoll.objects.update(quorum=2)
    results = in_threads(
        partial(tick, poll, world.charlie, world, [0, 1]),
        partial(forget_person, world.charlie.pk, world.now),
        partial(tick, poll, world.alice, world, [0]),
        partial(actions.make_game, poll.pk, by(world.bob), world.now, options(poll)[2].pk),
        partial(steps.create_due_deliveries, world.now),
    )
    assert not [done for done in results if isinstance(done, Exception) and not isinstance(done, Refused)], results
    assert not TimePollVote.objects.filter(user=world.charlie).exists()
    assert Game.objects.count() <= 1


def test_the_host_is_forgotten_while_the_quorum_makes_the_game(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    TimePoll.objects.update(quorum=1)
    tick(poll, world.alice, world, [0])
    results = in_threads(
        partial(forget_person, world.bob.pk, world.now),
        partial(steps.create_due_deliveries, world.now),
        partial(actions.make_game, poll.pk, by(world.alice), world.now),
    )
    assert not [done for done in results if isinstance(done, Exception) and not isinstance(done, Refused)], results
    poll.refresh_from_db()
    assert poll.host != world.bob
    assert Game.objects.count() == (poll.game is not None)
    assert not Game.objects.filter(host=world.bob).exists()


def test_it_closes_in_the_instant_of_the_last_tick(committed_world: World, poll: TimePoll) -> None:
    world = committed_world
    TimePoll.objects.update(quorum=2)
    results = in_threads(
        partial(tick, poll, world.alice, world, [0]),
        partial(actions.close_on_time, poll.pk, world.now),
        partial(steps.create_due_deliveries, poll.closes_at),
    )
    assert not [done for done in results if isinstance(done, Exception) and not isinstance(done, Refused)], results
    poll.refresh_from_db()
    steps.create_due_deliveries(world.now)
    voted = TimePollVote.objects.filter(user=world.alice).exists()
    assert (poll.winner is not None) == voted == Game.objects.exists(), "a tick that counts makes the game"
