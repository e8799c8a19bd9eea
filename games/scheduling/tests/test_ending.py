"""Ending a running game before its time."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from discord_bot.post_layout import COLOURS
from discord_bot.render import announcement_embed
from games.attendance.actions import mark_attendance
from games.confirmations.change_notices import notify_edited
from games.core.base import Actor, EntryPoint
from games.core.freezing import freeze_started_games, resync_drifted_games
from games.core.states import State
from games.models import Announcement, AuditEntry, Game
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import wording as schedule_wording
from games.scheduling.ending import end_game
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon import steps
from notifications.models import Notification

MINUTE = timedelta(minutes=1)


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game of two hours, in which Charlie is seated, as it is scheduled."""
    created = world.create_game(
        reminders=(1440,), ask_rewards=True, archive_channel_id=world.other_channel.pk, archive_after=60
    )
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    Announcement.objects.update(message_id=777, shown_version=1)
    return Game.objects.get()


def start(game: Game, world: World, ago: timedelta = 37 * MINUTE) -> None:
    """Let the game have started so long ago, with what would have been sent by then."""
    Game.objects.update(starts_at=world.now - ago, ends_at=world.now - ago + timedelta(hours=2))
    moved = Game.objects.get()
    for kind, at in (("end", moved.ends_at), ("rewards", moved.ends_at), ("archive", moved.ends_at + 60 * MINUTE)):
        Notification.objects.filter(kind=kind).update(due_at=at)
    Notification.objects.exclude(kind__in=("end", "rewards", "archive")).update(closed_at=world.now)


def by(user: User) -> Actor:
    return Actor(user, EntryPoint.PAGE)


def test_what_an_end_entails_comes_now(world: World, game: Game) -> None:
    start(game, world)
    result = end_game(game.pk, by(world.bob), world.now)
    assert result.changed
    game.refresh_from_db()
    assert game.state(world.now) is State.COMPLETED
    assert game.ends_at == world.now
    rows = {row.kind: row.due_at for row in Notification.objects.open()}
    assert rows == {
        "announcement": world.now,
        "rewards": world.now,
        "archive": world.now + 60 * MINUTE,
    }, "nothing is left to the planned end"
    shown = announcement_embed(announcement_view(game, world.now))
    assert shown.colour is not None
    assert shown.colour.value == COLOURS[State.COMPLETED]
    assert "Lasts 37 minutes" in (shown.fields[1].value or "")
    steps.create_due_deliveries(world.now)
    jobs = [job for job in steps.lease_jobs(world.now, 10) if job.post is None]
    assert [job.message.user_id for job in jobs] == [world.bob.pk], "who is asked for the rewards"
    mark_attendance(game.pk, game.signups.get().pk, True, by(world.bob), world.now)
    assert AuditEntry.objects.filter(action="end").count() == 1


def test_ending_twice_changes_nothing(world: World, game: Game) -> None:
    start(game, world)
    end_game(game.pk, by(world.bob), world.now)
    again = end_game(game.pk, by(world.bob), world.now + MINUTE)
    assert (again.changed, again.text) == (False, schedule_wording.ALREADY_OVER)
    assert Game.objects.get().ends_at == world.now


def test_in_the_moment_of_its_start(world: World, game: Game) -> None:
    start(game, world, timedelta())
    end_game(game.pk, by(world.bob), world.now)
    assert Game.objects.get().state(world.now + timedelta(microseconds=1)) is State.COMPLETED


def test_nothing_later_brings_the_planned_end_back(world: World, game: Game) -> None:
    start(game, world)
    notify_edited(game, {"location": ["", "x"]}, by(world.bob), world.now)
    end_game(game.pk, by(world.bob), world.now)
    freeze_started_games(world.now)
    resync_drifted_games(world.now)
    game.refresh_from_db()
    assert game.ends_at == world.now
    assert (game.settings.duration, game.minutes) == (120, 37), "scheduled again it lasts as planned"


@pytest.mark.parametrize("state", ["scheduled", "cancelled"])
def test_only_a_running_game_ends(world: World, game: Game, state: str) -> None:
    if state == "cancelled":
        start(game, world)
        Game.objects.update(cancelled_at=world.now)
    with pytest.raises(Refused) as refused:
        end_game(game.pk, by(world.bob), world.now)
    assert refused.value.refusal.code == "closed"


def test_its_entry_points(world: World, game: Game, as_person: Any, capsys: Any) -> None:
    address = reverse("game-end", args=[game.pk])
    assert address not in as_person(world.bob).get(game.get_absolute_url()).text
    start(game, world)
    assert address in as_person(world.bob).get(game.get_absolute_url()).text
    assert address not in as_person(world.charlie).get(game.get_absolute_url()).text
    as_person(world.charlie).post(address)
    with pytest.raises(CommandError):
        call_command("game", "end", str(game.pk), "--as", "charlie")
    assert Game.objects.get().state(world.now) is State.IN_PROGRESS
    call_command("game", "end", str(game.pk), "--dry-run")
    assert "Nothing changed" in capsys.readouterr().out
    response = as_person(world.bob).post(address, headers={"HX-Request": "true"})
    assert schedule_wording.ENDED in response.text
    assert 'data-status="completed"' in response.text
    assert "Bob the GM ended the game" in response.text
    other = scheduling.create_game(world.guild.pk, world.make_plan(), by(world.bob), world.now).game
    Game.objects.filter(pk=other.pk).update(starts_at=world.now - MINUTE, ends_at=world.now + 90 * MINUTE)
    changelist = reverse("admin:games_game_changelist")
    as_person(world.alice).post(changelist, {"action": "end", "_selected_action": [other.pk]})
    assert Game.objects.get(pk=other.pk).ends_at < world.now + 80 * MINUTE
