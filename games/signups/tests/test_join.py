import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.core.queue import notify
from games.core.roster import load_roster
from games.models import Signup
from games.signups.actions import join, leave
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.models import Notification


def button(user: User) -> Actor:
    return Actor(user, EntryPoint.BUTTON)


def test_seats_first_then_the_wait_list(world: World) -> None:
    game = world.create_game(seats=2)
    people = [world.add_member(n) for n in range(100, 104)]
    replies = [join(game.pk, p, button(p), world.now).text for p in people]
    assert replies == [
        "You're in, seat 1 of 2.",
        "You're in, seat 2 of 2.",
        "The game is full. You're number 1 on the wait list and move up automatically.",
        "The game is full. You're number 2 on the wait list and move up automatically.",
    ]
    shown = load_roster(game)
    assert [s.user_id for s in shown.seated] == [p.pk for p in people[:2]]
    assert [s.user_id for s in shown.waiting] == [p.pk for p in people[2:]]


def test_unlimited_seats(world: World) -> None:
    game = world.create_game(seats=0)
    people = world.add_members(range(100, 130))
    replies = [join(game.pk, p, button(p), world.now).text for p in people]
    assert replies == [f"You're in, number {n}." for n in range(1, 31)]
    assert len(load_roster(game).seated) == 30


def test_joining_twice_changes_nothing(world: World) -> None:
    game = world.create_game()
    join(game.pk, world.charlie, button(world.charlie), world.now)
    again = join(game.pk, world.charlie, button(world.charlie), world.now)
    assert not again.changed
    assert again.text == "You're already in: seat 1 of 5."
    assert Signup.objects.count() == 1
    game.refresh_from_db()
    assert game.post_version == 2


def test_many_clicks_leave_one_open_notification(world: World) -> None:
    game = world.create_game()
    for n in range(100, 110):
        person = world.add_member(n)
        join(game.pk, person, button(person), world.now + timedelta(seconds=1))
    row = Notification.objects.open().get(kind="announcement")
    assert row.due_at == world.now, "a click never postpones the post"
    game.refresh_from_db()
    assert row.post_version == game.post_version == 11


def test_a_click_delays_the_post_update_by_two_seconds(world: World) -> None:
    game = world.create_game()
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    join(game.pk, world.charlie, button(world.charlie), world.now)
    assert Notification.objects.open().get(kind="announcement").due_at == world.now + timedelta(seconds=2)


def test_a_game_is_unknown_to_strangers(world: World) -> None:
    game = world.create_game()
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    with pytest.raises(Refused) as refused:
        join(game.pk, stranger, Actor(stranger, EntryPoint.PAGE), world.now)
    assert refused.value.refusal.code == "unknown_game"


def test_only_managers_sign_others_up(world: World) -> None:
    game = world.create_game()
    with pytest.raises(Refused, match=wording.NOT_YOURS):
        join(game.pk, world.bob, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert join(game.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now).changed


def test_leaving_frees_the_seat_and_notifies_who_gets_it(world: World) -> None:
    game = world.create_game(seats=1)
    first, second = world.add_member(100), world.add_member(101)
    for person in (first, second):
        join(game.pk, person, button(person), world.now)
    later = world.now + timedelta(minutes=1)
    assert leave(game.pk, first, button(first), later).text == "You left the game."
    assert [s.user_id for s in load_roster(game).seated] == [second.pk]
    assert Notification.objects.open().get(kind="moved").recipient_id == second.pk
    assert not leave(game.pk, first, button(first), later).changed


def test_two_hundred_threads_never_seat_eleven(committed_world: World) -> None:
    game = committed_world.create_game(seats=10)
    people = committed_world.add_members(range(100, 140))
    failures: list[Exception] = []

    def join_once(person: User) -> None:
        try:
            join(game.pk, person, button(person), committed_world.now)
        except Exception as reason:
            failures.append(reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=join_once, args=[p]) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    shown = load_roster(game)
    assert (len(shown.seated), len(shown.waiting)) == (10, 30)
    keys = list(Signup.objects.current().values_list("order_key", flat=True))
    assert keys == list(range(1, 41))


@pytest.mark.parametrize("by", ["player", "host"])
def test_a_seat_of_an_earlier_stay_is_not_told_again(world: World, by: str) -> None:
    game, later = world.create_game(seats=1), world.now + timedelta(seconds=10)
    first, second = world.add_member(100), world.charlie
    for user in (first, second):
        join(game.pk, user, Actor(user, EntryPoint.PAGE), world.now)
    leave(game.pk, first, Actor(first, EntryPoint.PAGE), later)
    assert Notification.objects.open().get(kind="moved").recipient_id == second.pk
    actor = Actor(second if by == "player" else world.bob, EntryPoint.PAGE)
    leave(game.pk, second, actor, later)
    join(game.pk, second, actor, later)
    # The reply, or the notification of who added them, says that they have a seat.
    assert not Notification.objects.open().filter(kind="moved").exists()


def test_news_of_an_earlier_stay_is_closed_by_one_statement(world: World) -> None:
    game, later = world.create_game(seats=1), world.now + timedelta(seconds=10)
    player = Actor(world.charlie, EntryPoint.PAGE)
    join(game.pk, world.charlie, player, world.now)
    leave(game.pk, world.charlie, player, world.now)
    kinds = [NotificationKind.EDITED, NotificationKind.CONFIRMATION, NotificationKind.SEAT_CHANGE]
    for kind in kinds:
        notify(game, kind, later, to=world.charlie.pk)
    with CaptureQueriesContext(connection) as queries:
        join(game.pk, world.charlie, player, later)
    rows = Notification.objects.filter(kind__in=kinds, recipient=world.charlie)
    assert {row.closed_at for row in rows} == {later}
    closing = [one for one in queries if one["sql"].startswith('UPDATE "notifications_notification"')]
    assert len(closing) == 1
