"""The thread of a game when requests fail, programs are killed and people delete it; and reminders that go there."""

from datetime import datetime, timedelta

import pytest

from conftest import World, make_world
from discord_bot.tests.helpers import edit_game, send_due
from games.companions.tests.game_threads import (
    MODERATES,
    OPEN,
    allow,
    companion,
    is_archived,
    join,
    leave,
    local,
    make_game,
    people_in,
    settle,
    threads_of,
)
from games.core.base import Actor, EntryPoint
from games.core.companions import missing_permissions
from games.models import Announcement, CompanionKind, GameCompanion
from games.scheduling import cancellation
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.models import Channel

__all__ = ["local"]
pytestmark = pytest.mark.slow


# --- reminders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["there", "deleted", "locked", "never"])
def test_reminders_go_into_the_thread_or_else_the_channel(local: LocalDiscord, world: World, state: str) -> None:
    allow(local, BOT_PERMISSIONS)
    start = "never" if state == "never" else "post"
    game = make_game(world, thread=start, reminders=(60,), reminder_place="thread")
    settle(world.now)
    made = threads_of(local)
    if state == "deleted":
        local.run_in_loop(lambda local: local.delete_channel(made[0]))
    elif state == "locked":
        local.run_in_loop(lambda local: local.change_channel(made[0], locked=True))
    settle(game.starts_at - timedelta(minutes=60))
    [delivery] = game.notifications.get(kind="reminder").deliveries.all()
    assert delivery.status == "sent"
    assert delivery.channel_id == (made[0].id if state == "there" else fixtures.GENERAL_ID)
    assert f"<@{world.bob.pk}>" in local.client.messages("alice", delivery.channel_id)[0]["content"]


def test_a_reminder_goes_into_no_thread_of_a_channel_that_the_game_left(local: LocalDiscord, world: World) -> None:
    """Discord fails when that thread is to be archived, so it stays known as the game's."""
    game = make_game(world, reminders=(60,), reminder_place="thread")
    settle(world.now)
    [thread] = threads_of(local)
    edit_game(world, game, world.now, channel_id=fixtures.GAME_NIGHT_ID)
    local.client.add_fault("status", "PATCH /channels/*", status=400, times=9)
    settle(world.now)
    assert companion().discord_id == thread.id
    settle(game.starts_at - timedelta(minutes=60))
    [delivery] = game.notifications.get(kind="reminder").deliveries.all()
    assert (delivery.status, delivery.channel_id) == ("sent", fixtures.GAME_NIGHT_ID)


# --- faults --------------------------------------------------------------------------------------------------


PUT_IN, PUT_OUT = f"PUT */{fixtures.BOB_ID}", f"DELETE */{fixtures.CHARLIE_ID}"
FAULTS = ("POST */threads", PUT_IN, "PATCH /channels/*", PUT_OUT)


@pytest.mark.parametrize("kind", ["before", "lost", "killed"])
def test_a_request_that_fails_is_repeated_and_nothing_is_made_twice(
    local: LocalDiscord, world: World, kind: str
) -> None:
    """Make a game, let somebody join and leave, rename it and cancel it; each request fails once."""
    allow(local, MODERATES)
    now, happened = world.now, set()

    def turns() -> None:
        nonlocal now
        for match in FAULTS if kind != "killed" else ():
            local.client.add_fault(*(("lost", match) if kind == "lost" else ("status", match)))
        for _ in range(7):
            now += timedelta(minutes=3)
            if kind == "killed":
                send_due(now, lost=True)
            send_due(now + timedelta(seconds=1))
        happened.update({*FAULTS} - {fault["match"] for fault in local.client.faults()})
        local.client.clear_faults()

    game = make_game(world)
    turns()
    join(game, world.charlie, now)
    turns()
    edit_game(world, game, now, title="Another")
    leave(game, world.charlie, now)
    turns()
    [thread] = threads_of(local)
    assert (thread.name, people_in(thread)) == ("Another", {world.bob.pk})
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), now)
    turns()
    assert happened == {*FAULTS}
    assert threads_of(local) == [thread]
    assert is_archived(thread)
    found = companion()
    assert (found.discord_id, found.member_ids, found.problem_code) == (thread.id, [world.bob.pk], "")
    assert set(found.touched_ids) <= {world.bob.pk}


def test_who_leaves_between_an_attempt_and_its_record_is_put_out(local: LocalDiscord, world: World) -> None:
    allow(local, MODERATES)
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    join(game, world.charlie, world.now)
    send_due(world.now, lost=True)
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}
    leave(game, world.charlie, world.now + timedelta(seconds=5))
    settle(world.now + timedelta(minutes=1))
    assert people_in(thread) == {world.bob.pk}


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_is_deleted_is_put_back_and_its_post_stays(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        tags: list[Json] = [{"id": OPEN, "name": "Open", "moderated": False}]
        stack.discord.run_in_loop(lambda state: fixtures.add_forum(state, available_tags=tags))
        eventually(Channel.objects.filter(pk=fixtures.CAMPAIGNS_ID, tags=[[OPEN, "Open", False]]).exists)
        make_game(world)
        [post] = eventually(stack.posts)
        first = eventually(lambda: threads_of(stack.discord))[0]
        eventually(lambda: people_in(first) == {world.bob.pk})
        eventually(lambda: GameCompanion.objects.filter(member_ids=[world.bob.pk]).exists())
        stack.discord.run_in_loop(lambda state: state.delete_channel(first))
        second = eventually(lambda: [each for each in threads_of(stack.discord) if each is not first])[0]
        eventually(lambda: people_in(second) == {world.bob.pk})
        assert [each["id"] for each in stack.posts()] == [post["id"]]
        assert not Channel.objects.filter(parent__isnull=False).exists(), "none is offered to hosts for games"
        assert Announcement.objects.get().post_deleted_at is None


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_is_deleted_while_the_bot_is_away_is_put_back_when_it_comes(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        general = Channel.objects.filter(pk=fixtures.GENERAL_ID)
        eventually(lambda: not missing_permissions(general.get(), CompanionKind.THREAD))
        make_game(world)
        eventually(lambda: GameCompanion.objects.filter(member_ids=[world.bob.pk]).exists())
        [thread] = threads_of(stack.discord)
        stack.kill("bot")
        stack.discord.run_in_loop(lambda state: state.delete_channel(thread))
        stack.start("bot")
        [other] = eventually(lambda: threads_of(stack.discord))
        assert other is not thread
        eventually(lambda: GameCompanion.objects.filter(member_ids=[world.bob.pk]).exists())
        assert len(stack.discord.client.requests(f"GET /channels/{thread.id}")) == 1


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("match", ["POST */threads", "PUT */thread-members/*"])
def test_notifyd_killed_after_a_request_makes_nothing_twice(now: datetime, match: str) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        general = Channel.objects.filter(pk=fixtures.GENERAL_ID)
        eventually(lambda: not missing_permissions(general.get(), CompanionKind.THREAD))
        stack.discord.client.add_fault("delay", match, done_first=True, seconds=60)
        make_game(world)
        eventually(lambda: not stack.discord.client.faults())
        stack.kill("notifyd")
        stack.start("notifyd")
        eventually(lambda: GameCompanion.objects.filter(member_ids=[world.bob.pk]).exists())
        assert [people_in(each) for each in threads_of(stack.discord)] == [{world.bob.pk}]
        assert companion().problem_code == ""
