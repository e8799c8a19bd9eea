"""A forum as a game's channel: the announcement is a post, which is its own thread."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from conftest import GUILD, World, make_world
from discord_bot.http.directory import RestDirectory
from discord_bot.tests.helpers import edit_game, send_due
from games.core.base import Actor, EntryPoint
from games.core.wording import not_announced
from games.models import Announcement, Game, TimePollPost
from games.polls.tests.helpers import make_poll, tick
from games.posts.actions import record_shown_post_version, repost_deleted_posts
from games.posts.problems import announcement_problem
from games.server_settings import setup as guild_setup
from games.server_settings.wording import permission_advice
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import REQUIRE_TAG
from gamesched.local_discord.state.entities import Channel as Thread
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS, Permission
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import AT_ONCE, eventually
from guilds.directory.payloads import ChannelPayload
from guilds.directory.upsert import upsert_channels
from guilds.models import MISSING_TAG_TEXT, Channel
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

FORUM = ChannelPayload(fixtures.CAMPAIGNS_ID, "campaigns", 15, 20, BOT_PERMISSIONS)


@pytest.fixture(scope="module")
def discord() -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        yield running


@pytest.fixture
def local(discord: LocalDiscord, world: World, settings: Any) -> LocalDiscord:
    """Create a new forum, and save it as the bot would."""
    settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = discord.api_url, True
    if fixtures.CAMPAIGNS_ID in discord.state.channels:
        discord.run_in_loop(lambda local: local.delete_channel(local.channels[fixtures.CAMPAIGNS_ID]))
    discord.run_in_loop(fixtures.add_forum)
    upsert_channels(GUILD, [FORUM])
    return discord


def threads(local: LocalDiscord) -> list[Thread]:
    return [channel for channel in list(local.state.channels.values()) if channel.parent_id == fixtures.CAMPAIGNS_ID]


def shown(local: LocalDiscord, channel_id: int) -> str:
    """Return what Alice sees in a channel."""
    return str(local.client.messages("alice", channel_id))


def test_a_poll_becomes_a_post_that_follows_it_and_is_made_once(local: LocalDiscord, world: World) -> None:
    poll = make_poll(world, channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now, lost=True)
    send_due(world.now + timedelta(minutes=1))
    [thread] = threads(local)
    assert (thread.name, TimePollPost.objects.get().message_id) == (poll.title, thread.id)
    tick(poll, world.charlie, world, [0])
    send_due(world.now + timedelta(minutes=2))
    assert str(world.charlie.pk) in shown(local, thread.id)
    local.run_in_loop(lambda state: state.delete_channel(state.channels[thread.id]))
    tick(poll, world.alice, world, [0])
    for minutes in (3, 4):
        send_due(world.now + timedelta(minutes=minutes))
    [again] = threads(local)
    assert again.id != thread.id
    assert str(world.alice.pk) in shown(local, again.id), "deleted, it is put back"


def test_a_game_becomes_a_post_that_follows_it(local: LocalDiscord, world: World) -> None:
    title = "The Long Campaign " * 8
    game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID, title=title.strip())
    send_due(world.now)
    [thread] = threads(local)
    post = Announcement.objects.get()
    assert (thread.name, post.message_id, post.thread_name) == (title[:100].strip(), thread.id, thread.name)
    assert post.url is not None
    assert post.url.endswith(f"/{GUILD}/{thread.id}/{thread.id}")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    edits = len(local.client.requests("PATCH /channels"))
    send_due(world.now + timedelta(seconds=3))
    assert "4 of 5 seats free" in shown(local, thread.id)
    assert len(local.client.requests("PATCH /channels")) == edits + 1, "its name is the same"
    edit_game(world, game, world.now, title="The Short One")
    send_due(world.now + timedelta(seconds=6))
    assert thread.name == "The Short One"
    assert "The Short One" in shown(local, thread.id)
    assert Announcement.objects.get().shown_version == Game.objects.get().post_version


def test_an_answer_to_a_click_leaves_a_new_name_to_the_edit(local: LocalDiscord, world: World) -> None:
    game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    [thread] = threads(local)
    revision = edit_game(world, game, world.now, title="Another").post_version
    record_shown_post_version(game.pk, thread.id, revision, world.now)
    send_due(world.now + timedelta(seconds=3))
    assert thread.name == "Another"


def test_a_new_name_refused_for_now_is_given_later(local: LocalDiscord, world: World) -> None:
    game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    [thread] = threads(local)
    edit_game(world, game, world.now, title="Another")
    local.client.add_fault("rate_limit", f"PATCH /channels/{thread.id}", retry_after=240)
    send_due(world.now)
    assert (thread.name, "Another" in shown(local, thread.id)) == ("Curse of Strahd", True)
    local.client.clear_faults()
    send_due(world.now + timedelta(seconds=241))
    assert thread.name == "Another"
    assert not Notification.objects.open().filter(kind="announcement").exists()


@pytest.mark.parametrize("closed", [False, True])
def test_what_may_have_been_posted_is_looked_for_first(local: LocalDiscord, world: World, closed: bool) -> None:
    other, game = (world.create_game(channel_id=fixtures.CAMPAIGNS_ID) for _ in range(2))  # of the same title
    send_due(world.now, lost=True)
    before = {thread.id for thread in threads(local)}
    assert len(before) == 2
    for thread in threads(local):
        local.run_in_loop(lambda local, thread=thread: local.change_channel(thread, archived=closed))  # type: ignore[misc]
    # A change between the attempts resets their count, but must not forget that there was one.
    edit_game(world, game, world.now, title="Another")
    send_due(world.now + timedelta(seconds=1))
    assert {thread.id for thread in threads(local)} == before, "nothing is posted twice"
    ids = dict(Announcement.objects.values_list("game_id", "message_id"))
    assert set(ids.values()) == before
    assert local.state.channels[ids[game.pk] or 0].name == "Another"
    assert game.url in shown(local, ids[game.pk] or 0)
    assert other.url in shown(local, ids[other.pk] or 0)


def test_a_post_closed_by_its_age_is_opened_to_be_edited(local: LocalDiscord, world: World) -> None:
    game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    [thread] = threads(local)
    local.run_in_loop(lambda local: local.change_channel(thread, archived=True))
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    send_due(world.now + timedelta(seconds=3))
    assert "4 of 5 seats free" in shown(local, thread.id)
    assert thread.thread is not None
    assert not thread.thread.archived


def test_a_post_deleted_by_hand_is_put_back(local: LocalDiscord, world: World, settings: Any) -> None:
    game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    [first] = threads(local)
    assert RestDirectory().has_message(first.id, first.id)
    local.run_in_loop(lambda local: local.delete_channel(first))
    assert not RestDirectory().has_message(first.id, first.id), "its channel is gone with it"
    assert repost_deleted_posts([first.id], world.now) == 1
    send_due(world.now)
    [second] = threads(local)
    local.run_in_loop(lambda local: local.delete_channel(second))  # and the bot gets no event
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    for _ in range(2):
        send_due(world.now + timedelta(seconds=3))
    [third] = threads(local)
    assert third.id not in (first.id, second.id)
    assert "4 of 5 seats free" in shown(local, third.id)


@pytest.mark.parametrize("moderates", [False, True])
def test_a_game_moves_into_a_forum_and_out_again(local: LocalDiscord, world: World, moderates: bool) -> None:
    role = local.state.guilds[GUILD].roles[fixtures.BOT_ROLE_ID]
    bits = BOT_PERMISSIONS | (Permission.MANAGE_THREADS if moderates else 0)
    local.run_in_loop(lambda local: local.change_role(local.guilds[GUILD], role, permissions=int(bits)))
    game = world.create_game(channel_id=fixtures.GENERAL_ID)
    send_due(world.now)
    edit_game(world, game, world.now, channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    assert game.url not in shown(local, fixtures.GENERAL_ID)
    [thread] = threads(local)
    edit_game(world, game, world.now, channel_id=fixtures.GENERAL_ID)
    send_due(world.now)
    assert game.url in shown(local, fixtures.GENERAL_ID)
    if moderates:
        assert not threads(local)
    else:
        assert thread.thread is not None
        assert (thread.thread.archived, game.url in shown(local, thread.id)) == (True, False)
    post = Announcement.objects.get()
    assert (post.thread_name, post.message_channel_id, post.problem_code) == ("", fixtures.GENERAL_ID, "")


def test_channel_notifications_go_into_the_forum_post(local: LocalDiscord, world: World) -> None:
    game = world.create_game(
        channel_id=fixtures.CAMPAIGNS_ID,
        starts_at=world.now + timedelta(minutes=5),
        reminders=(1,),
        reminder_place="channel",
    )
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    send_due(world.now)
    [thread] = threads(local)
    send_due(world.now + timedelta(minutes=4))
    assert f"<@{world.charlie.pk}>" in local.client.messages("alice", thread.id)[0]["content"]
    sent = dict(Delivery.objects.values_list("recipient_id", "status"))
    assert sent == {world.bob.pk: "sent", world.charlie.pk: "sent"}


def test_a_required_tag_is_applied_or_reported_missing(local: LocalDiscord, world: World, as_person: Any) -> None:
    forum = local.state.channels[fixtures.CAMPAIGNS_ID]
    tags = [{"id": 5, "name": "Full", "moderated": True}, {"id": 6, "name": "Open", "moderated": False}]
    local.run_in_loop(lambda local: local.change_channel(forum, flags=REQUIRE_TAG, available_tags=tags))
    world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    [thread] = threads(local)
    assert thread.thread is not None
    assert thread.thread.applied_tags == [6]
    local.run_in_loop(lambda local: local.change_channel(forum, available_tags=tags[:1]))
    upsert_channels(GUILD, [replace(FORUM, lacks_tag=True)])
    game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
    send_due(world.now)
    problem = not_announced(False, "campaigns", [MISSING_TAG_TEXT])
    assert announcement_problem(Game.objects.get(pk=game.pk)) == problem
    page = as_person(world.alice).get(reverse("guild-setup", args=[GUILD])).text
    assert escape(permission_advice("#campaigns", [], tag=True)) in page


def test_a_test_message_is_a_post_created_once(local: LocalDiscord, world: World) -> None:
    guild_setup.send_channel_test(fixtures.CAMPAIGNS_ID, Actor(world.alice, EntryPoint.PAGE), world.now)
    send_due(world.now, lost=True)
    send_due(world.now + timedelta(seconds=1))
    assert [thread.name for thread in threads(local)] == ["Test"]
    assert Notification.objects.get(kind="channel_test").skip_reason == ""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_clicks_and_deletions_in_a_forum_are_received(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        stack.discord.run_in_loop(fixtures.add_forum)
        eventually(Channel.objects.filter(pk=fixtures.CAMPAIGNS_ID).exists)
        assert not Channel.objects.get(pk=fixtures.CAMPAIGNS_ID).missing_requirements
        game = world.create_game(channel_id=fixtures.CAMPAIGNS_ID)
        first = eventually(lambda: Announcement.objects.get().message_id) or 0
        post = stack.posts(channel_id=first)[0]
        entry = stack.discord.client.click("charlie", post, f"game:{game.pk}:join")
        assert (entry["state"], entry["response_type"]) == ("answered", 7)
        assert "4 of 5 seats free" in shown_in(stack.posts(channel_id=first)[0])
        stack.discord.run_in_loop(lambda local: local.delete_channel(local.channels[first]))
        eventually(lambda: Announcement.objects.get().message_id not in (first, None), AT_ONCE)
        assert [thread.name for thread in threads(stack.discord)] == ["Curse of Strahd"]
