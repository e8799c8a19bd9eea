"""Who got rewards is told once, when the game is archived."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from games.attendance.actions import mark_attendance
from games.attendance.rewards import set_rewards
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode
from games.models import Announcement, Game
from games.posts.archive import abort_archiving, archive_game
from games.signups import actions as signups
from notifications.codes import SkipCode
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, Notification, Preference

pytestmark = pytest.mark.slow

KIND = "rewarded"


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game that is over: Charlie, Dan and a guest were seated, Alice waited. Its rewards are written."""
    created = world.create_game(seats=3, archive_channel_id=world.other_channel.pk, reminders=())
    for person in (world.charlie, world.add_member(100, "Dan")):
        signups.join(created.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    created.signups.create(placeholder="Grandma", order_key=10**12, joined_at=world.now, seated_at=world.now)
    signups.join(created.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    Announcement.objects.update(message_id=777, shown_version=1)
    Game.objects.update(starts_at=world.now - timedelta(hours=3), ends_at=world.now - timedelta(hours=1))
    Notification.objects.update(closed_at=world.now)
    set_rewards(created.pk, "100 *gold*", host(world), world.now)
    return Game.objects.get()


def host(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def sent(now: datetime) -> list[OutgoingMessage]:
    """Return the messages about rewards that are sent now, and succeed."""
    steps.create_due_deliveries(now)
    jobs = [job for job in steps.lease_jobs(now, 50) if job.post is None]
    steps.record([(job, SentMessage(5, job.pk)) for job in jobs], now)
    return [job.message for job in jobs]


def told(now: datetime) -> set[int | None]:
    return {message.user_id for message in sent(now)}


def seated(world: World) -> set[int]:
    return {world.charlie.pk, *Game.objects.get().signups.seated().people().values_list("user", flat=True)}


def test_who_was_seated_is_told_when_it_is_archived(world: World, game: Game, as_person: Any) -> None:
    assert not sent(world.now), "writing them down tells nobody yet"
    as_person(world.bob).post(reverse("game-archive", args=[game.pk]))
    messages = sent(world.now + timedelta(minutes=1))
    assert {message.user_id for message in messages} == seated(world)
    assert all("||100 \\*gold\\* ||" in message.text for message in messages), "hidden, as in the post"
    assert all("/notifications/" in message.text for message in messages)


def test_the_clock_archives_and_tells_too(world: World, game: Game) -> None:
    Notification.objects.filter(kind="archive").update(closed_at=None, due_at=world.now)
    steps.create_due_deliveries(world.now)
    assert Game.objects.get().archived_at == world.now
    assert told(world.now) == seated(world)


def test_the_command_archives_and_tells_too(world: World, game: Game) -> None:
    call_command("game", "archive", str(game.pk))
    assert Notification.objects.open().get(kind=KIND).recipient is None


def test_nobody_is_told_of_no_rewards(world: World, game: Game) -> None:
    set_rewards(game.pk, "", host(world), world.now)
    archive_game(game.pk, host(world), world.now)
    assert not sent(world.now)
    set_rewards(game.pk, "Gold after all", host(world), world.now)
    assert told(world.now) == seated(world), "written down once it is archived"


def test_rewards_taken_out_before_they_are_told(world: World, game: Game) -> None:
    archive_game(game.pk, host(world), world.now)
    set_rewards(game.pk, "", host(world), world.now)
    assert not sent(world.now)
    assert Notification.objects.get(kind=KIND).skip_code == GameSkipCode.NO_REWARDS
    set_rewards(game.pk, "Gold", host(world), world.now)
    steps.create_due_deliveries(world.now)
    Game.objects.update(rewards="")
    assert not sent(world.now)
    assert set(Delivery.objects.values_list("error_code", flat=True)) == {GameSkipCode.NO_REWARDS}


@pytest.mark.parametrize("again", ["other rewards", "archived again", "came after all"])
def test_each_is_told_once(world: World, game: Game, again: str) -> None:
    archive_game(game.pk, host(world), world.now)
    assert told(world.now) == seated(world)
    match again:
        case "other rewards":
            set_rewards(game.pk, "200 gold", host(world), world.now)
        case "archived again":
            abort_archiving(Game.objects.get(), "", world.now)
            archive_game(game.pk, host(world), world.now)
        case _:
            seat = game.signups.get(user=world.charlie)
            for no_show in (True, False):
                mark_attendance(game.pk, seat.pk, no_show, host(world), world.now)
    assert not sent(world.now + timedelta(hours=1))


def test_who_did_not_come_is_told_only_once_that_is_taken_back(world: World, game: Game) -> None:
    seat = game.signups.get(user=world.charlie)
    mark_attendance(game.pk, seat.pk, True, host(world), world.now)
    archive_game(game.pk, host(world), world.now)
    assert told(world.now) == seated(world) - {world.charlie.pk}
    mark_attendance(game.pk, seat.pk, False, host(world), world.now)
    assert told(world.now) == {world.charlie.pk}


def test_marked_while_the_message_waits(world: World, game: Game) -> None:
    archive_game(game.pk, host(world), world.now)
    steps.create_due_deliveries(world.now)
    mark_attendance(game.pk, game.signups.get(user=world.charlie).pk, True, host(world), world.now)
    assert world.charlie.pk not in told(world.now)
    assert Delivery.objects.get(recipient=world.charlie).error_code == GameSkipCode.DID_NOT_COME


def test_who_wants_no_messages_gets_none(world: World, game: Game) -> None:
    Preference.objects.create(user=world.charlie, guild=world.guild, method="none")
    archive_game(game.pk, host(world), world.now)
    assert told(world.now) == seated(world) - {world.charlie.pk}
    assert Delivery.objects.get(recipient=world.charlie).error_code == SkipCode.UNWANTED


@pytest.mark.parametrize("killed", ["before the deliveries", "before sending", "after sending"])
def test_a_killed_notifyd_loses_and_repeats_nothing(world: World, game: Game, killed: str) -> None:
    archive_game(game.pk, host(world), world.now)
    first = []
    if killed != "before the deliveries":
        steps.create_due_deliveries(world.now)
        first = [job.message for job in steps.lease_jobs(world.now, 50) if job.post is None]
    steps.release_leases()
    messages = sent(world.now + timedelta(seconds=5))
    assert {message.user_id for message in messages} == seated(world)
    # Discord returns the first message when a nonce comes twice.
    assert not first or {m.nonce for m in first} == {m.nonce for m in messages}
    assert not sent(world.now + timedelta(minutes=1))


@pytest.mark.parametrize("against", ["did not come", "no rewards"])
def test_what_stood_against_a_waiting_message_is_taken_back(world: World, game: Game, against: str) -> None:
    seat = game.signups.get(user=world.charlie)
    archive_game(game.pk, host(world), world.now)
    steps.create_due_deliveries(world.now)
    if against == "did not come":
        mark_attendance(game.pk, seat.pk, True, host(world), world.now)
    else:
        set_rewards(game.pk, "", host(world), world.now)
    assert world.charlie.pk not in told(world.now)
    if against == "did not come":
        mark_attendance(game.pk, seat.pk, False, host(world), world.now)
    else:
        set_rewards(game.pk, "Gold", host(world), world.now)
    assert world.charlie.pk in told(world.now)
    assert not sent(world.now + timedelta(hours=1))
