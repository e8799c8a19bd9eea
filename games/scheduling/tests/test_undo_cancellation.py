"""Cancelling a game and undoing it: who is notified of what, and that everything is restored."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.rules import UNDO_WINDOW
from games.core.states import State
from games.models import Follow, Game
from games.reminders.tests.test_preferences import send_due_messages
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY
from games.scheduling.wording import CANCELLED, UNDO_OVER, UNDO_TOO_LATE
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.directory.upsert import mark_member_left
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

AGAIN = timedelta(seconds=31)  # by when what was being sent has arrived


def bob(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game, with Charlie seated and Alice waiting."""
    created = world.create_game(seats=1)
    for who in (world.charlie, world.alice):
        signups.join(created.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    send_due_messages(world.now)
    return created


def cancel(world: World, game: Game, now: datetime) -> None:
    assert cancellation.cancel_game(game.pk, "rain", bob(world), now).changed


def undo(world: World, game: Game, now: datetime) -> str:
    return cancellation.undo_cancellation(game.pk, bob(world), now).text


def notified_of(messages: list[OutgoingMessage]) -> list[tuple[int | None, str]]:
    words = {"was cancelled": "cancelled", "is on after all": "on again"}
    return sorted((message.user_id, next(v for k, v in words.items() if k in message.text)) for message in messages)


def planned(game: Game) -> list[tuple[Any, ...]]:
    rows = Notification.objects.open().filter(game=game).exclude(kind="announcement").order_by("kind", "dedupe_key")
    return list(rows.values_list("kind", "recipient", "dedupe_key", "due_at", "payload"))


@pytest.mark.parametrize("minutes", [9, 11])
def test_cancel_undo_after_9_min_undo_after_11_min(world: World, game: Game, minutes: int) -> None:
    before, seats = planned(game), list(game.signups.order_by("pk").values())
    cancel(world, game, world.now)
    assert send_due_messages(world.now + CANCELLATION_DELAY - timedelta(seconds=1)) == []
    notified_at = world.now + CANCELLATION_DELAY
    assert notified_of(send_due_messages(notified_at)) == [
        (world.alice.pk, "cancelled"),
        (world.charlie.pk, "cancelled"),
    ]
    now = world.now + timedelta(minutes=minutes)
    if minutes == 11:
        with pytest.raises(Refused, match=UNDO_TOO_LATE):
            undo(world, game, now)
        game.refresh_from_db()
        assert game.state(now) is State.CANCELLED
        return
    assert "We notify everyone who heard it was cancelled." in undo(world, game, now)
    game.refresh_from_db()
    assert (game.state(now), game.cancel_reason) == (State.SCHEDULED, "")
    assert [row for row in planned(game) if row[0] != "on_again"] == before
    assert list(game.signups.order_by("pk").values()) == seats
    assert Notification.objects.open().filter(game=game, kind="announcement").exists()
    assert notified_of(send_due_messages(now + AGAIN)) == [(world.alice.pk, "on again"), (world.charlie.pk, "on again")]


def test_undoing_within_a_minute_notifies_nobody(world: World, game: Game) -> None:
    cancel(world, game, world.now)
    assert "We hadn't notified anyone" in undo(world, game, world.now + timedelta(seconds=59))
    assert send_due_messages(world.now + timedelta(hours=1)) == []
    assert not Notification.objects.filter(kind="on_again").exists()


def test_cancelled_undone_and_cancelled_again_is_one_notification(world: World, game: Game) -> None:
    for seconds in (0, 20, 40):
        (undo if seconds == 20 else cancel)(world, game, world.now + timedelta(seconds=seconds))
    assert notified_of(send_due_messages(world.now + timedelta(minutes=3))) == [
        (world.alice.pk, "cancelled"),
        (world.charlie.pk, "cancelled"),
    ]
    assert send_due_messages(world.now + timedelta(hours=1)) == []


def test_undone_between_creating_deliveries_and_sending(world: World, game: Game) -> None:
    cancel(world, game, world.now)
    now = world.now + CANCELLATION_DELAY
    steps.create_due_deliveries(now)
    undo(world, game, now)
    assert send_due_messages(now) == [], "they are judged when they are sent"
    assert send_due_messages(now + timedelta(hours=1)) == [], "who never heard of it hears of nothing"
    cancel(world, game, now + timedelta(minutes=2))
    assert notified_of(send_due_messages(now + timedelta(minutes=3))) == [
        (world.alice.pk, "cancelled"),
        (world.charlie.pk, "cancelled"),
    ]


@pytest.mark.parametrize("arrives", ["in time", "after the lease", "never told us"])
def test_undone_while_a_delivery_is_being_sent(world: World, game: Game, arrives: str) -> None:
    cancel(world, game, world.now)
    now = world.now + CANCELLATION_DELAY
    steps.create_due_deliveries(now)
    [job] = [leased for leased in steps.lease_jobs(now, 10) if leased.message.user_id == world.charlie.pk]
    undo(world, game, now)
    if arrives == "in time":
        steps.record([(job, SentMessage(5, 6))], now + timedelta(seconds=2))
    again = notified_of(send_due_messages(now + AGAIN))
    if arrives == "after the lease":
        steps.record([(job, SentMessage(5, 6))], now + AGAIN)
    assert (world.charlie.pk, "on again") in again + notified_of(send_due_messages(now + 2 * AGAIN))


def test_cancelled_again_before_the_undo_was_notified(world: World, game: Game) -> None:
    cancel(world, game, world.now)
    notified_at = world.now + CANCELLATION_DELAY
    assert len(send_due_messages(notified_at)) == 2
    undo(world, game, notified_at)
    cancel(world, game, notified_at + AGAIN / 2)
    assert send_due_messages(notified_at + timedelta(minutes=2)) == [], "they know"
    undo(world, game, notified_at + timedelta(minutes=3))
    again = notified_at + timedelta(minutes=3) + AGAIN
    assert notified_of(send_due_messages(again)) == [(world.alice.pk, "on again"), (world.charlie.pk, "on again")]
    cancel(world, game, again)
    assert len(send_due_messages(again + CANCELLATION_DELAY)) == 2, "they thought that it was on"


def test_players_who_left_the_server_meanwhile_lose_the_seat(world: World, game: Game) -> None:
    cancel(world, game, world.now)
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    undo(world, game, world.now + timedelta(seconds=30))
    [seated] = game.signups.current().seated()
    assert seated.user == world.alice


def test_open_offers_are_sent_again(world: World) -> None:
    soon = world.create_game(seats=1, starts_at=world.now + timedelta(hours=1))
    for who in (world.charlie, world.alice):
        signups.join(soon.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    later = world.now + timedelta(seconds=10)
    signups.leave(soon.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), later)
    cancel(world, soon, later)
    assert not soon.signups.exclude(offered_at=None).exists()
    undo(world, soon, world.now + timedelta(seconds=30))
    assert soon.signups.exclude(offered_at=None).get().user == world.alice


def test_undoing_works_after_the_start_but_not_after_the_end(world: World) -> None:
    soon = world.now + timedelta(minutes=4)
    begun, over = world.create_game(starts_at=soon), world.create_game(starts_at=soon, duration=5)
    for cancelled in (begun, over):
        cancel(world, cancelled, world.now + timedelta(minutes=1))
    now = world.now + timedelta(minutes=10)
    undo(world, begun, now)
    begun.refresh_from_db()
    assert begun.state(now) is State.IN_PROGRESS
    with pytest.raises(Refused, match=UNDO_OVER):
        undo(world, over, now)


def test_notifications_closed_by_cancelling_are_reopened(world: World) -> None:
    Follow.objects.create(user=world.alice, guild=world.guild)
    game = world.create_game()
    cancel(world, game, world.now)
    undo(world, game, world.now + timedelta(seconds=30))
    assert "new_game" in {row[0] for row in planned(game)}


def test_a_cancelled_draft_is_restored_as_a_draft(world: World) -> None:
    from games.scheduling.tests.test_publish_later import create_hidden_game, rows

    game = create_hidden_game(world)
    cancel(world, game, world.now)
    assert rows(game) == set()
    assert "Nobody else knows" in undo(world, game, world.now + UNDO_WINDOW)
    game.refresh_from_db()
    assert game.state(world.now) is State.DRAFT


def test_by_the_page_and_the_command(world: World, game: Game, as_person: Any) -> None:
    page = as_person(world.bob)
    reply = page.post(reverse("game-cancel", args=[game.pk]), {"reason": "rain"}, follow=True).text
    assert CANCELLED in reply
    assert "You can undo the cancellation until" in reply
    assert "Undo the cancellation" not in as_person(world.charlie).get(game.get_absolute_url()).text
    reply = as_person(world.bob).post(reverse("game-undo", args=[game.pk]), follow=True).text
    assert "The game is on again" in reply
    assert "Bob the GM undid the cancellation" in reply
    call_command("game", "cancel", str(game.pk))
    call_command("game", "undo", str(game.pk))
    assert Game.objects.get().cancelled_at is None
    Game.objects.update(cancelled_at=world.now - timedelta(minutes=11))
    assert "Undo the cancellation" not in page.get(game.get_absolute_url()).text


def test_no_click_deletes_a_game(world: World, game: Game, as_person: Any) -> None:
    from guilds.models import User

    root = User.objects.create(id=5, username="root", handle="root", is_staff=True, is_superuser=True)
    client = as_person(root)
    assert client.get(reverse("admin:games_game_delete", args=[game.pk])).status_code == 403
    assert 'value="delete_selected"' not in client.get(reverse("admin:games_game_changelist")).text
    assert not Delivery.objects.filter(notification__kind="cancelled").exists()
