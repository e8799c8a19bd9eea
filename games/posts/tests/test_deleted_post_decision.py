"""A post deleted by hand, where the host is to be asked: nothing is reposted until they decide."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core import choices, wording
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice
from games.core.states import State
from games.models import Announcement, Game
from games.models.announcement import PostProblem
from games.models.settings import GuildDefaults
from games.posts.actions import handle_channels_changed, repair_games, repost_deleted_posts
from games.reminders.tests.test_preferences import send_due_messages
from games.scheduling import actions as scheduling
from games.scheduling import wording as schedule_wording
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Notification

POST = 777


@pytest.fixture
def game(world: World) -> Game:
    """A game with its announcement posted."""
    GuildDefaults.objects.update(if_deleted="ask")
    created = world.create_game()
    mark_posted(created, POST)
    return created


def mark_posted(game: Game, message: int) -> None:
    Announcement.objects.update(message_id=message, shown_version=game.post_version, checked_at=game.created_at)
    Notification.objects.filter(kind="announcement").update(closed_at=game.created_at)


def posts(world: World, now: Any) -> list[OutgoingMessage]:
    jobs = [job for job in steps.lease_jobs(now, 100) if job.post is not None]
    steps.record([(job, SentMessage(world.channel.pk, 888)) for job in jobs], now)
    return [job.message for job in jobs]


def choices_of(message: OutgoingMessage) -> list[PromptChoice]:
    return [PromptChoice.parse(button.id) for button in message.buttons]


def test_nothing_reposts_until_the_host_decides(world: World, game: Game, as_person: Any) -> None:
    repost_deleted_posts([POST], world.now)
    [message] = send_due_messages(world.now)
    assert message.user_id == world.bob.pk
    assert "Someone deleted the announcement of **Curse of Strahd**" in message.text
    assert [button.label for button in message.buttons] == [schedule_wording.PUT_BACK, schedule_wording.CANCEL]
    # An edit, the sweep, and changed channels leave it alone.
    scheduling.edit_game(game.pk, world.make_plan(title="Renamed"), Actor(world.bob, EntryPoint.PAGE), world.now)
    repair_games(world.now)
    handle_channels_changed([world.guild.pk], world.now)
    assert posts(world, world.now) == []
    assert not Notification.objects.filter(kind="announcement").exclude(error="").exists()
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert wording.POST_DELETED in page
    assert "so we ask the host what to do" in page
    as_person(world.bob).post(reverse("game-announce", args=[game.pk]))
    assert len(posts(world, world.now + timedelta(hours=1))) == 1, "trying again is an answer"
    with pytest.raises(Refused) as refused:
        choices.handle_choice(choices_of(message)[0], world.bob, world.now)
    assert refused.value.refusal == choices.outdated_refusal()


@pytest.mark.parametrize("choice", [0, 1])
def test_the_hosts_decisions(world: World, game: Game, choice: int) -> None:
    repost_deleted_posts([POST], world.now)
    ask = choices_of(send_due_messages(world.now)[0])[choice]
    with refuses("not_yours"):
        choices.handle_choice(ask, world.charlie, world.now)
    assert choices.handle_choice(ask, world.bob, world.now).changed
    game.refresh_from_db()
    assert game.state(world.now) is (State.CANCELLED if choice else State.SCHEDULED)
    assert len(posts(world, world.now + timedelta(minutes=1))) == (0 if choice else 1)
    assert Announcement.objects.get().problem_code == ""


def test_a_second_deletion_is_another_prompt(world: World, game: Game) -> None:
    repost_deleted_posts([POST], world.now)
    first = choices_of(send_due_messages(world.now)[0])[0]
    choices.handle_choice(first, world.bob, world.now)
    mark_posted(game, 778)
    later = world.now + timedelta(minutes=1)
    repost_deleted_posts([778], later)
    second = choices_of(send_due_messages(later)[0])[0]
    assert second.number != first.number
    with pytest.raises(Refused):
        choices.handle_choice(first, world.bob, later)
    assert choices.handle_choice(second, world.bob, later).changed


@pytest.mark.parametrize("event_received", [False, True])
def test_a_deletion_noticed_by_an_edit(world: World, game: Game, event_received: bool) -> None:
    """The bot may or may not be notified of the deletion while the edit is under way."""
    scheduling.edit_game(game.pk, world.make_plan(title="Renamed"), Actor(world.bob, EntryPoint.PAGE), world.now)
    [job] = [leased for leased in steps.lease_jobs(world.now, 10) if leased.message.post is not None]
    if event_received:
        repost_deleted_posts([POST], world.now)
    steps.record([(job, PermanentError("Unknown Message", PermanentError.UNKNOWN_MESSAGE))], world.now)
    assert posts(world, world.now + timedelta(minutes=1)) == []
    assert Announcement.objects.get().problem_code == PostProblem.DELETED
    row = Notification.objects.get(kind="announcement", closed_at__gte=world.now, skip_code="host_decides")
    assert row.error == "", "nobody has to mend that"
    assert len(send_due_messages(world.now)) == 1
