"""In a forum, where the post of a game is its thread, with tags for its state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from conftest import GUILD, World
from discord_bot.tests.helpers import edit_game
from games.companions.tests.game_threads import (
    CANCELLED,
    FORUM,
    FULL,
    MODERATES,
    ONE_SHOT,
    OPEN,
    OVER,
    STARTED,
    TAGS,
    allow,
    companion,
    forum,
    is_archived,
    join,
    local,
    make_game,
    people_in,
    requests,
    settle,
    tags_of,
    threads_of,
)
from games.core.base import Actor, EntryPoint
from games.core.companions import schedule_all_companions
from games.core.notification_schedule import bump_post_version
from games.models import Game
from games.models.settings import GuildDefaults
from games.posts.actions import repost_deleted_posts
from games.scheduling import cancellation
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import REQUIRE_TAG, Json
from gamesched.local_discord.state.entities import Channel as Thread
from guilds.directory.payloads import TagPayload
from guilds.directory.upsert import upsert_channels

__all__ = ["forum", "local"]
pytestmark = pytest.mark.slow


def test_in_a_forum_the_post_is_the_thread(local: LocalDiscord, world: World, forum: Thread) -> None:
    game = make_game(world, channel_id=forum.id, seats=1)
    settle(world.now)
    [thread] = threads_of(local, forum.id)
    assert (tags_of(thread), people_in(thread)) == ([OPEN], {world.bob.pk})
    assert companion().discord_id == thread.id
    local.run_in_loop(lambda state: state.change_channel(thread, applied_tags=[OPEN, ONE_SHOT]))
    join(game, world.charlie, world.now)
    settle(world.now)
    assert (tags_of(thread), people_in(thread)) == ([ONE_SHOT], {world.bob.pk, world.charlie.pk}), "Full is moderated"
    settle(game.starts_at)
    assert set(tags_of(thread)) == {ONE_SHOT, STARTED}
    settle(game.ends_at)
    assert (set(tags_of(thread)), is_archived(thread)) == ({ONE_SHOT, OVER}, True)
    edited = Game.objects.get()
    edited.rewards = "Gold"
    bump_post_version(edited, game.ends_at)
    settle(game.ends_at + timedelta(seconds=5))
    assert is_archived(thread), "an edit opens it, and leaves it closed"
    assert threads_of(local, forum.id) == [thread]


def test_a_moderated_tag_needs_manage_threads(local: LocalDiscord, world: World, forum: Thread) -> None:
    allow(
        local, MODERATES, replace(FORUM, tags=tuple(TagPayload(key, name, key == FULL) for key, name in TAGS.items()))
    )
    game = make_game(world, channel_id=forum.id, seats=1)
    settle(world.now)
    join(game, world.charlie, world.now)
    settle(world.now)
    assert tags_of(threads_of(local, forum.id)[0]) == [FULL]


def test_a_required_tag_stays_where_none_is_for_the_state(local: LocalDiscord, world: World, forum: Thread) -> None:
    local.run_in_loop(lambda state: state.change_channel(forum, flags=REQUIRE_TAG))
    game = make_game(world, channel_id=forum.id, seats=1)
    settle(world.now)
    [thread] = threads_of(local, forum.id)
    join(game, world.charlie, world.now)
    settle(world.now)
    assert (tags_of(thread), companion().problem_code) == ([OPEN], "")
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    settle(world.now)
    assert (tags_of(thread), is_archived(thread)) == ([CANCELLED], True)


def test_five_tags_of_people_leave_no_room_for_one_more(local: LocalDiscord, world: World, forum: Thread) -> None:
    game = make_game(world, channel_id=forum.id)
    settle(world.now)
    [thread] = threads_of(local, forum.id)
    more: list[Json] = [{"id": 20 + n, "name": f"tag {n}", "moderated": False} for n in range(5)]
    local.run_in_loop(lambda state: state.change_channel(forum, available_tags=[*forum.available_tags, *more]))
    local.run_in_loop(lambda state: state.change_channel(thread, applied_tags=[each["id"] for each in more]))
    settle(game.starts_at)
    assert tags_of(thread) == [each["id"] for each in more]
    assert companion().problem_code == ""


def test_a_forum_without_tags_of_states_costs_no_request(local: LocalDiscord, world: World) -> None:
    local.run_in_loop(fixtures.add_forum)
    upsert_channels(GUILD, [FORUM])
    game = make_game(world, channel_id=fixtures.CAMPAIGNS_ID, seats=1)
    settle(world.now)
    join(game, world.charlie, world.now)
    settle(world.now)
    [thread] = threads_of(local, fixtures.CAMPAIGNS_ID)
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}
    about = [each for each in requests(local) if str(thread.id) in each]
    assert about == [f"PUT /channels/{thread.id}/thread-members/{pk}" for pk in (world.bob.pk, world.charlie.pk)]


def test_a_post_in_a_forum_that_is_put_back_has_its_people_again(
    local: LocalDiscord, world: World, forum: Thread
) -> None:
    make_game(world, channel_id=forum.id, discord_changes="take_over")
    settle(world.now)
    [thread] = threads_of(local, forum.id)
    local.run_in_loop(lambda state: state.delete_channel(thread))
    repost_deleted_posts([thread.id], world.now)
    settle(world.now)
    [again] = threads_of(local, forum.id)
    assert people_in(again) == {world.bob.pk}
    assert (companion().discord_id, companion().let_go_at) == (again.id, None)


def test_in_a_forum_its_people_may_come_at_the_start(local: LocalDiscord, world: World, forum: Thread) -> None:
    game = make_game(world, channel_id=forum.id, thread="start")
    settle(world.now)
    [thread] = threads_of(local, forum.id)
    assert (people_in(thread), tags_of(thread)) == (set(), [OPEN])
    settle(game.starts_at)
    assert (people_in(thread), tags_of(thread)) == ({world.bob.pk}, [STARTED])


def test_switched_off_in_a_forum_the_post_stays_as_it_is(local: LocalDiscord, world: World, forum: Thread) -> None:
    game = make_game(world, channel_id=forum.id, thread=None)
    for start in ("post", "never"):
        GuildDefaults.objects.filter(guild=GUILD).update(thread=start)
        schedule_all_companions(Game.objects.get(pk=game.pk), world.now)
        settle(world.now)
    [thread] = threads_of(local, forum.id)
    assert (is_archived(thread), people_in(thread)) == (False, {world.bob.pk})


def test_a_game_moves_from_a_channel_into_a_forum_and_back(local: LocalDiscord, world: World, forum: Thread) -> None:
    game = make_game(world)
    settle(world.now)
    [first] = threads_of(local)
    edit_game(world, game, world.now, channel_id=forum.id)
    settle(world.now)
    [post] = threads_of(local, forum.id)
    assert (is_archived(first), companion().discord_id, people_in(post)) == (True, post.id, {world.bob.pk})
    edit_game(world, game, world.now, channel_id=fixtures.GENERAL_ID)
    settle(world.now)
    _, last = threads_of(local)
    assert (companion().discord_id, is_archived(last), companion().problem_code) == (last.id, False, "")
