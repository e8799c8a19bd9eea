"""Posts deleted in Discord, deleted channels, and permissions given back."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import StoredDirectory, World
from games import scheduled_tasks
from games.core.base import Actor, EntryPoint
from games.models import Announcement, Game
from games.posts.actions import (
    POST_TRUSTED_FOR,
    handle_channels_changed,
    recheck_all_posts,
    repost_deleted_posts,
    verify_posts,
)
from games.scheduling.cancellation import cancel_game
from guilds.directory.lookup import DirectoryUnavailable
from guilds.models import Channel
from notifications.models import Notification

POST = 777


@pytest.fixture
def game(world: World) -> Game:
    """A game with its announcement posted."""
    created = world.create_game()
    Announcement.objects.update(message_id=POST, shown_version=1, nonce="first", checked_at=world.now)
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    return created


def is_post_due() -> bool:
    """Return whether the announcement is to be posted or edited."""
    return Notification.objects.open().filter(kind="announcement").exists()


def test_a_deleted_post_is_reposted_and_the_page_shows_it(world: World, game: Game, as_person: Any) -> None:
    assert repost_deleted_posts([1, POST, 2], world.now) == 1
    post = Announcement.objects.get()
    assert (post.message_id, post.post_deleted_at) == (None, world.now)
    assert post.nonce != "first", "the old nonce would find the deleted message"
    assert is_post_due()
    game.refresh_from_db()
    assert game.post_version == 2, "open pages look again"
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert "Someone in Discord deleted the post, so we put it back" in page
    assert repost_deleted_posts([POST], world.now) == 0, "told twice is once"


def test_a_deleted_post_of_a_past_game_is_not_reposted(world: World, game: Game) -> None:
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    assert repost_deleted_posts([POST], world.now) == 0
    assert Announcement.objects.get().message_id is None
    assert not is_post_due()


class Empty:
    """A directory of a Discord without any message."""

    def has_message(self, channel_id: int, message_id: int) -> bool:
        return False


class Full:
    def has_message(self, channel_id: int, message_id: int) -> bool:
        return True


def test_posts_are_checked_after_the_bot_was_away(world: World, game: Game, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.Empty"
    assert verify_posts(world.now, 50) == 0, "it was seen a moment ago"
    recheck_all_posts(world.now)
    assert verify_posts(world.now, 50) == 1
    assert is_post_due()


def test_posts_are_checked_every_few_hours(world: World, game: Game, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.Full"
    later = world.now + POST_TRUSTED_FOR + timedelta(seconds=1)
    assert verify_posts(later, 50) == 0
    assert Announcement.objects.get().checked_at == later
    assert not is_post_due()


class Down(StoredDirectory):
    def has_message(self, channel_id: int, message_id: int) -> bool:
        raise DirectoryUnavailable("down")


def test_the_check_waits_while_discord_is_down(world: World, game: Game, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.Down"
    recheck_all_posts(world.now)
    assert "we can't ask Discord right now" in scheduled_tasks.check_announcements()
    assert Announcement.objects.get().message_id == POST


def test_a_deleted_channel_is_shown_at_once(world: World, game: Game, as_person: Any) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(deleted_at=world.now)
    assert handle_channels_changed([world.guild.pk], world.now) == 1
    assert "Not announced: #game-night is gone." in as_person(world.bob).get(game.get_absolute_url()).text
    assert handle_channels_changed([world.guild.pk], world.now) == 0
    assert not is_post_due()


def test_a_permission_given_back_announces_at_once(world: World, game: Game) -> None:
    problem = "Not announced: missing Embed Links in #game-night."
    Announcement.objects.update(message_id=None, shown_version=0, problem_code="missing_permission", problem=problem)
    Channel.objects.update(bot_permissions=0)
    assert handle_channels_changed([world.guild.pk], world.now) == 0
    Channel.objects.update(bot_permissions=world.channel.bot_permissions)
    assert handle_channels_changed([world.guild.pk], world.now) == 1
    assert is_post_due()
