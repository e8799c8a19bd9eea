"""Posts in announcement channels are published once, within Discord's limit, whatever fails in between."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.html import escape

from conftest import World
from discord_bot.backend.backend import DiscordBackend
from discord_bot.backend.errors import PUBLISHED_EDITS
from discord_bot.tests.helpers import edit_game, send_due
from games.core.codes import GameSkipCode, NotificationKind
from games.models import Announcement, Game
from games.models.announcement import PublishProblem
from games.models.settings import ChannelDefaults
from games.posts import wording
from games.posts.actions import repost_deleted_posts
from games.posts.publishing import PUBLISHED_MAX, PublishRequest, repair_publishing
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import ANNOUNCEMENT
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS
from guilds.models import Channel
from notifications.daemon import steps
from notifications.daemon.steps import Job
from notifications.messages import OutgoingMessage, PermanentError, RateLimited, SentMessage
from notifications.models import Notification

NEWS = fixtures.GAME_NIGHT_ID
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def news(world: World) -> Channel:
    """Make the games' channel one whose posts are published."""
    ChannelDefaults.objects.update_or_create(pk=NEWS, defaults={"publish": True})
    Channel.objects.filter(pk=NEWS).update(type=ANNOUNCEMENT)
    world.channel.refresh_from_db()
    return world.channel


@pytest.fixture
def local(news: Channel, settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = running.api_url, True
        running.run_in_loop(lambda state: setattr(state.channels[NEWS], "type", ANNOUNCEMENT))
        yield running


def run(world: World, minutes: float = 1, turns: int = 3) -> None:
    world.now += timedelta(minutes=minutes)
    for _ in range(turns):
        send_due(world.now)
        world.now += timedelta(seconds=10)


def published(local: LocalDiscord, channel_id: int = NEWS) -> list[bool]:
    """Return of each post of a channel whether it was published, the newest first."""
    return [bool(one["flags"] & 1) for one in local.client.messages("alice", channel_id)]


def crossposts(local: LocalDiscord) -> int:
    return len(local.client.requests("/crosspost"))


def post() -> Announcement:
    return Announcement.objects.get()


# --- against the local Discord -----------------------------------------------------------------------------


@pytest.mark.slow
def test_it_is_published_once_after_it_was_made(local: LocalDiscord, world: World) -> None:
    game = world.create_game()
    run(world)
    assert published(local) == [True]
    assert post().published_at is not None
    edit_game(world, game, world.now, title="Dune")
    run(world)
    assert (published(local), crossposts(local)) == ([True], 1), "Discord passes edits on"


@pytest.mark.slow
def test_a_post_that_is_put_back_is_published_again_and_a_moved_one_not(local: LocalDiscord, world: World) -> None:
    game = world.create_game()
    run(world)
    message_id = post().message_id or 0
    local.client.add_fault("delete_message", channel_id=NEWS, message_id=str(message_id))
    repost_deleted_posts([message_id], world.now)
    run(world)
    assert (published(local), crossposts(local)) == ([True], 2)
    Channel.objects.filter(pk=fixtures.RAIDS_ID).update(type=ANNOUNCEMENT)
    local.run_in_loop(lambda state: setattr(state.channels[fixtures.RAIDS_ID], "type", ANNOUNCEMENT))
    ChannelDefaults.objects.update_or_create(pk=fixtures.RAIDS_ID, defaults={"publish": True})
    edit_game(world, game, world.now, channel_id=fixtures.RAIDS_ID)
    run(world)
    assert (published(local, fixtures.RAIDS_ID), crossposts(local)) == ([False], 2)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "lost"}], ids=["before", "after"])
def test_a_fault_of_the_request_leaves_it_published_once(
    local: LocalDiscord, world: World, fault: dict[str, Any]
) -> None:
    local.client.add_fault(match="POST *crosspost", **fault)
    world.create_game()
    run(world)
    run(world)
    assert (published(local), post().published_at is not None) == ([True], True)
    assert post().publish_problem_code == "", "what is published already is done"


@pytest.mark.slow
def test_notifyd_killed_after_publishing(local: LocalDiscord, world: World) -> None:
    world.create_game()
    send_due(world.now)
    send_due(world.now, lost=True)
    assert (published(local), post().published_at) == ([True], None)
    run(world)
    assert post().published_at is not None


@pytest.mark.slow
def test_discord_refuses_and_the_hosts_read_it(local: LocalDiscord, world: World, as_person: Any) -> None:
    local.client.add_fault("status", match="POST *crosspost", status=403, code=50013)
    game = world.create_game()
    run(world)
    assert (published(local), post().publish_problem_code) == ([False], PublishProblem.MISSING_PERMISSION)
    text = escape(wording.PUBLISH_PROBLEMS[PublishProblem.MISSING_PERMISSION])
    assert text in as_person(world.bob).get(game.get_absolute_url()).text
    assert text not in as_person(world.charlie).get(game.get_absolute_url()).text
    edit_game(world, game, world.now, title="Dune")
    run(world)
    assert (published(local), post().publish_problem_code) == ([True], ""), "the rest goes on, and it is tried again"


@pytest.mark.slow
def test_published_posts_are_edited_within_discords_limit(local: LocalDiscord, world: World) -> None:
    """Discord takes three an hour in a channel; the limiter of one notifyd keeps what it does not take."""
    limiter = DiscordBackend()._published_edit_limiter(NEWS)
    for _ in range(PUBLISHED_EDITS):
        limiter.try_acquire("x", reserve=False)
    with pytest.raises(Exception, match="x"):
        limiter.try_acquire("x", reserve=False)
    game = world.create_game()
    run(world)
    edit_game(world, game, world.now, title="Dune")
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.message.message_id]
    assert job.message.is_published


@pytest.mark.slow
def test_an_edit_that_waits_for_its_turn_uses_up_none_of_the_few(local: LocalDiscord, world: World) -> None:
    """In a rush of clicks notifyd tries the edit of one post again and again, which Discord hears of once."""
    for _ in range(PUBLISHED_EDITS):
        world.create_game()
    run(world)
    for game in Game.objects.all():
        edit_game(world, game, world.now, title="Dune")
    edits = [job.message for job in due(world)[0]]
    assert len(edits) == PUBLISHED_EDITS
    assert asyncio.run(sent(edits[0], *[edits[0]] * 5, *edits[1:])) == [True, *[False] * 5, *[True] * len(edits[1:])]


async def sent(*messages: OutgoingMessage) -> list[bool]:
    """Send messages by one notifyd's backend, and return which of them had their turn."""
    backend, had = DiscordBackend(), []
    await backend.start()
    try:
        for message in messages:
            try:
                await backend.send(message)
                had.append(True)
            except RateLimited:
                had.append(False)
    finally:
        await backend.stop()
    return had


# --- by notifyd's steps alone ------------------------------------------------------------------------------


def due(world: World) -> tuple[list[Job], list[Job]]:
    """Return the posts that are due, and those to be published."""
    jobs = [job for job in steps.lease_jobs(world.now, 100) if job.post is not None]
    publishing = [job for job in jobs if isinstance(job.message.post, PublishRequest)]
    return [job for job in jobs if job not in publishing], publishing


def posted(world: World, count: int = 1) -> None:
    for _ in range(count):
        world.create_game()
    jobs, _ = due(world)
    steps.record([(job, SentMessage(NEWS, 1000 + job.pk)) for job in jobs], world.now)


def test_ten_an_hour_in_a_channel(news: Channel, world: World) -> None:
    posted(world, PUBLISHED_MAX + 2)
    _, jobs = due(world)
    assert len(jobs) == PUBLISHED_MAX, "respected before Discord is asked"
    steps.record([(job, SentMessage(NEWS, job.message.message_id or 0)) for job in jobs], world.now)
    assert due(world)[1] == []
    world.now += 2 * MINUTE
    assert due(world)[1] == []
    [at, again] = Notification.objects.open().filter(kind=NotificationKind.PUBLISH).values_list("due_at", flat=True)
    first = Announcement.objects.exclude(published_at=None).order_by("published_at")[0].published_at
    assert at == again == (first or world.now) + HOUR
    world.now = at
    assert len(due(world)[1]) == 2


@pytest.mark.parametrize("publish", [False, None])
def test_it_is_off_by_default(world: World, news: Channel, publish: bool | None) -> None:
    ChannelDefaults.objects.filter(pk=NEWS).update(publish=publish)
    posted(world)
    assert not Notification.objects.filter(kind=NotificationKind.PUBLISH).exists()


def test_only_announcement_channels_are_followed(world: World, news: Channel) -> None:
    Channel.objects.filter(pk=NEWS).update(type=0)
    posted(world)
    assert not Notification.objects.filter(kind=NotificationKind.PUBLISH).exists()


def test_a_game_that_is_over_is_not_published(world: World, news: Channel) -> None:
    posted(world)
    Game.objects.update(cancelled_at=world.now)
    assert due(world)[1] == []
    row = Notification.objects.get(kind=NotificationKind.PUBLISH)
    assert (row.skip_code, row.closed_at is None) == (GameSkipCode.NOT_WANTED, False)


def test_without_the_permission_it_waits_for_it(world: World, news: Channel) -> None:
    posted(world)
    Channel.objects.filter(pk=NEWS).update(bot_permissions=1 << 10)
    assert due(world)[1] == []
    assert post().publish_problem_code == PublishProblem.MISSING_PERMISSION
    assert repair_publishing(world.now) == 0
    Channel.objects.filter(pk=NEWS).update(bot_permissions=BOT_PERMISSIONS)
    assert repair_publishing(world.now) == 1
    [job] = due(world)[1]
    steps.record([(job, SentMessage(NEWS, job.message.message_id or 0))], world.now)
    assert (post().publish_problem_code, repair_publishing(world.now)) == ("", 0)


def test_what_discord_refuses_is_not_tried_for_ever(world: World, news: Channel) -> None:
    posted(world)
    [job] = due(world)[1]
    steps.record([(job, PermanentError("no", "50024"))], world.now)
    assert post().publish_problem_code == PublishProblem.REFUSED
    assert repair_publishing(world.now) == 0
    game = Game.objects.get()
    edit_game(world, game, world.now, title="Dune")
    edits, _ = due(world)
    steps.record([(job, SentMessage(NEWS, job.message.message_id or 0)) for job in edits], world.now)
    assert due(world)[1] == [], "nor with each edit"
    repost_deleted_posts([post().message_id or 0], world.now)
    edits, _ = due(world)
    steps.record([(job, SentMessage(NEWS, 5)) for job in edits], world.now)
    assert (post().publish_problem_code, len(due(world)[1])) == ("", 1), "another message may be taken"


def test_switched_on_later_a_post_is_published_by_the_sweep_or_its_next_edit(world: World, news: Channel) -> None:
    ChannelDefaults.objects.filter(pk=NEWS).update(publish=None)
    posted(world)
    ChannelDefaults.objects.filter(pk=NEWS).update(publish=True)
    assert repair_publishing(world.now) == 1
    assert len(due(world)[1]) == 1


def test_a_post_deleted_meanwhile_is_left_to_what_puts_it_back(world: World, news: Channel) -> None:
    posted(world)
    [job] = due(world)[1]
    steps.record([(job, PermanentError("gone", PermanentError.UNKNOWN_MESSAGE))], world.now)
    assert post().publish_problem_code == ""
