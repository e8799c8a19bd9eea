"""The thread of a game: how it is made, who is in it, its name, its end, and when its post goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from conftest import GUILD, PERMISSIONS, World
from discord_bot.tests.helpers import edit_game, send_due
from games.companions import thread as thread_companions
from games.companions.actions import handle_deleted
from games.companions.base import PEOPLE_AT_A_TIME, TRIED_AGAIN_AFTER
from games.companions.renames import RENAMES_WITHIN
from games.companions.summary import companion_rows
from games.companions.tests.game_threads import (
    GENERAL,
    MODERATES,
    allow,
    companion,
    is_archived,
    join,
    leave,
    local,
    made_since,
    make_game,
    people_in,
    requests,
    settle,
    threads_of,
)
from games.core.base import Actor, EntryPoint
from games.core.codes import AuditAction
from games.core.companions import schedule_all_companions
from games.models import Announcement, AuditEntry, CompanionKind, CompanionProblem, Game, Signup
from games.models.settings import GuildDefaults
from games.posts.actions import repost_deleted_posts
from games.scheduling import cancellation
from gamesched.local_discord import fixtures
from gamesched.local_discord.api.routes import threads as thread_routes
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import ANNOUNCEMENT, User
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS, Permission
from gamesched.local_discord.state.rate_limits import RULES
from guilds.directory.payloads import OverwritePayload
from guilds.directory.upsert import upsert_channels
from notifications.models import Notification

__all__ = ["local"]
pytestmark = pytest.mark.slow


# --- making it -----------------------------------------------------------------------------------------------


def test_it_is_made_with_the_post_and_its_people_are_in_it(local: LocalDiscord, world: World) -> None:
    title = "The Long Campaign " * 8
    game = make_game(world, title=title.strip())
    join(game, world.charlie, world.now)
    settle(world.now)
    [thread] = threads_of(local)
    post = Announcement.objects.get()
    assert (thread.id, thread.name, thread.type) == (post.message_id, title[:100].strip(), 11)
    assert thread.thread is not None
    assert thread.thread.auto_archive_duration == 10080
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}
    assert companion().member_ids == sorted(people_in(thread))
    people = [f"PUT {pk}" for pk in (world.bob.pk, world.charlie.pk)]
    assert made_since(local, []) == ["POST messages", "POST threads", *people]
    before = requests(local)
    schedule_all_companions(Game.objects.get(), world.now)
    settle(world.now)
    assert made_since(local, before) == [], "nothing differs"


def test_it_is_made_at_the_start(local: LocalDiscord, world: World) -> None:
    game = make_game(world, thread="start")
    settle(world.now)
    assert not threads_of(local)
    settle(game.starts_at)
    assert [each.id for each in threads_of(local)] == [Announcement.objects.get().message_id]


def test_none_is_made_where_nobody_wants_one_or_in_a_thread(local: LocalDiscord, world: World) -> None:
    make_game(world, thread="never")
    outer = local.run_in_loop(
        lambda state: threads.start(state, state.channels[fixtures.GENERAL_ID], fixtures.BOB_ID, "Here", 11)
    )
    upsert_channels(GUILD, [replace(GENERAL, id=outer.id, name="Here", type=11, parent_id=fixtures.GENERAL_ID)])
    make_game(world, channel_id=outer.id)
    settle(world.now)
    assert threads_of(local) == [outer]
    assert Announcement.objects.filter(message_id=None).count() == 0


def test_an_announcement_channel_has_announcement_threads(local: LocalDiscord, world: World) -> None:
    channel = local.state.channels[fixtures.GENERAL_ID]
    local.run_in_loop(lambda state: state.change_channel(channel, type=ANNOUNCEMENT))
    upsert_channels(GUILD, [replace(GENERAL, type=ANNOUNCEMENT)])
    make_game(world)
    settle(world.now)
    assert [each.type for each in threads_of(local)] == [10]


def test_a_missing_permission_is_said_and_the_post_is_there(local: LocalDiscord, world: World) -> None:
    upsert_channels(GUILD, [replace(GENERAL, bot_permissions=PERMISSIONS)])
    game = make_game(world)
    settle(world.now)
    assert Announcement.objects.get().message_id is not None
    assert companion().problem_code == CompanionProblem.MISSING_PERMISSION
    assert not [each for each in requests(local) if "/threads" in each], "Discord is not asked for what it would refuse"
    upsert_channels(GUILD, [GENERAL])
    join(game, world.charlie, world.now)
    settle(world.now)
    assert (companion().problem_code, len(threads_of(local))) == ("", 1)


def test_without_the_right_there_it_is_said_by_discord(local: LocalDiscord, world: World) -> None:
    allow(local, BOT_PERMISSIONS & ~int(Permission.CREATE_PUBLIC_THREADS))
    everyone = local.state.guilds[GUILD].roles[GUILD]
    bits = everyone.permissions & ~int(Permission.CREATE_PUBLIC_THREADS)
    local.run_in_loop(lambda state: state.change_role(state.guilds[GUILD], everyone, permissions=bits))
    upsert_channels(GUILD, [GENERAL])  # as it was known before
    make_game(world)
    settle(world.now)
    assert companion().problem_code == CompanionProblem.MISSING_PERMISSION
    assert not Notification.objects.open().filter(due_at__lte=world.now).exists()


def test_a_full_server_is_said_and_tried_again_in_an_hour(
    local: LocalDiscord, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_routes, "MAX_ACTIVE_THREADS", 0)
    make_game(world)
    settle(world.now)
    assert companion().problem_code == CompanionProblem.LIMIT_REACHED
    [row] = companion_rows(Game.objects.get(), world.now, manages=True)
    assert "server has the most open threads" in row.problem
    monkeypatch.undo()
    settle(world.now + TRIED_AGAIN_AFTER)
    assert (companion().problem_code, len(threads_of(local))) == ("", 1)


def test_one_that_somebody_made_by_hand_is_the_games_thread(local: LocalDiscord, world: World) -> None:
    game = make_game(world, thread="start")
    settle(world.now)
    message_id = Announcement.objects.get().message_id
    local.run_in_loop(
        lambda state: threads.start(
            state, state.channels[fixtures.GENERAL_ID], fixtures.ALICE_ID, "Chat", 11, message_id
        )
    )
    settle(game.starts_at)
    settle(game.ends_at)
    [thread] = threads_of(local)
    assert thread.name == "Chat", "only whoever made it may rename it"
    assert people_in(thread) == {world.alice.pk, world.bob.pk}
    assert companion().problem_code == ""


# --- its people ----------------------------------------------------------------------------------------------


def test_players_come_and_go_and_whoever_leaves_it_is_not_dragged_in_again(local: LocalDiscord, world: World) -> None:
    allow(local, MODERATES)
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    join(game, world.charlie, world.now)
    settle(world.now)
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}
    local.run_in_loop(lambda state: threads.remove_member(state, thread, world.charlie.pk))
    edit_game(world, game, world.now, description="More dice.")
    settle(world.now)
    assert people_in(thread) == {world.bob.pk}
    leave(game, world.charlie, world.now)
    settle(world.now)
    join(game, world.charlie, world.now + timedelta(seconds=1))
    settle(world.now + timedelta(seconds=1))
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}, "they are in again"
    leave(game, world.charlie, world.now + timedelta(seconds=2))
    settle(world.now + timedelta(seconds=2))
    assert people_in(thread) == {world.bob.pk}


def test_without_manage_threads_nobody_is_put_out(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    join(game, world.charlie, world.now)
    settle(world.now)
    leave(game, world.charlie, world.now)
    settle(world.now)
    assert companion().problem_code == ""
    assert not [each for each in requests(local) if each.startswith("DELETE")]
    allow(local, MODERATES)
    edit_game(world, game, world.now, description="More dice.")
    settle(world.now)
    assert people_in(threads_of(local)[0]) == {world.bob.pk}


def test_who_may_not_view_the_channel_is_not_added(local: LocalDiscord, world: World) -> None:
    hidden = OverwritePayload(world.charlie.pk, 0, int(Permission.VIEW_CHANNEL))
    game = make_game(world)
    join(game, world.charlie, world.now)
    upsert_channels(GUILD, [replace(GENERAL, overwrites=(hidden,))])
    settle(world.now)
    assert people_in(threads_of(local)[0]) == {world.bob.pk}


def add_crowd(local: LocalDiscord, world: World, game: Game, count: int) -> None:
    """Give this many people seats, in both places."""
    crowd = world.add_members(range(100, 100 + count))
    users = [User(one.pk, one.handle, one.handle) for one in crowd]
    local.run_in_loop(lambda state: [state.add_user(user) for user in users])
    local.run_in_loop(lambda state: state.add_members(state.guilds[GUILD], users))
    Signup.objects.bulk_create(
        Signup(game=game, user=one, order_key=n, joined_at=world.now, seated_at=world.now)
        for n, one in enumerate(crowd, 1)
    )


def test_many_people_are_added_some_at_a_time(local: LocalDiscord, world: World) -> None:
    game = make_game(world, seats=0)
    add_crowd(local, world, game, 2 * PEOPLE_AT_A_TIME)
    settle(world.now)
    assert len(people_in(threads_of(local)[0])) == 2 * PEOPLE_AT_A_TIME + 1
    assert len([each for each in requests(local) if each.startswith("PUT")]) == 2 * PEOPLE_AT_A_TIME + 1


def test_a_rate_limit_among_them_loses_nothing_that_was_done(local: LocalDiscord, world: World) -> None:
    game = make_game(world, seats=0)
    add_crowd(local, world, game, 10)
    for _ in ("the post", "the thread"):
        send_due(world.now)
    local.client.add_fault("status", f"PUT */thread-members/{fixtures.USER_ID_BASE + 109}", status=500, times=1)
    settle(world.now)
    assert len(people_in(threads_of(local)[0])) == 11
    assert len([each for each in requests(local) if each.startswith("PUT")]) == 12


def test_a_full_thread_is_said_and_holds_those_who_are_in(
    local: LocalDiscord, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_routes, "MAX_THREAD_MEMBERS", 3)
    game = make_game(world, seats=0)
    add_crowd(local, world, game, 3)
    settle(world.now)
    assert companion().problem_code == CompanionProblem.LIMIT_REACHED
    assert len(companion().member_ids) == 2
    [row] = companion_rows(Game.objects.get(), world.now, manages=True)
    assert "thread has 1,000 people" in row.problem
    monkeypatch.undo()
    settle(world.now + TRIED_AGAIN_AFTER)
    assert len(people_in(threads_of(local)[0])) == 4


def test_nobody_is_added_beyond_discords_limit(
    local: LocalDiscord, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_routes, "MAX_THREAD_MEMBERS", 4)
    monkeypatch.setattr(thread_companions, "MOST_PEOPLE", 3)
    game = make_game(world, seats=0)
    add_crowd(local, world, game, 5)
    settle(world.now)
    assert (len(people_in(threads_of(local)[0])), companion().problem_code) == (3, "")


def test_whoever_left_the_server_keeps_nobody_out(local: LocalDiscord, world: World) -> None:
    game = make_game(world, seats=0)
    add_crowd(local, world, game, 3)
    local.run_in_loop(lambda state: state.remove_member(state.guilds[GUILD], fixtures.USER_ID_BASE + 100))
    settle(world.now)
    assert len(people_in(threads_of(local)[0])) == 3
    assert companion().problem_code == ""


@pytest.mark.parametrize("status", [400, 403])
def test_one_person_whom_discord_refuses_keeps_nobody_out(local: LocalDiscord, world: World, status: int) -> None:
    game = make_game(world, seats=0)
    add_crowd(local, world, game, 3)
    for _ in ("the post", "the thread"):
        send_due(world.now)
    local.client.add_fault("status", f"PUT */thread-members/{world.bob.pk}", status=status, times=20)
    settle(world.now)
    assert people_in(threads_of(local)[0]) == {fixtures.USER_ID_BASE + 100 + n for n in range(3)}
    assert companion().problem_code == ""
    schedule_all_companions(Game.objects.get(), world.now + timedelta(minutes=1))
    settle(world.now + timedelta(minutes=1))
    asked = [each for each in requests(local) if each.endswith(f"/thread-members/{world.bob.pk}")]
    assert len(asked) == 1, "and is asked for once"


def test_an_archived_one_is_opened_for_a_player(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    local.run_in_loop(lambda state: state.change_channel(thread, archived=True))
    join(game, world.charlie, world.now)
    settle(world.now)
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}
    assert not is_archived(thread)


# --- its name and its end ------------------------------------------------------------------------------------


def test_it_is_renamed_with_the_game_as_often_as_discord_allows(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    local.run_in_loop(lambda state: state.rate_limits.rules.update(rename=RULES["rename"]))
    for title in ("One", "Two", "Three"):
        edit_game(world, game, world.now, title=title)
        settle(world.now)
    assert thread.name == "Two"
    renames = [each for each in requests(local) if each == f"PATCH /channels/{thread.id}"]
    assert len(renames) == 2, "what Discord would refuse is not asked for"
    assert companion().problem_code == ""
    local.client.set_clock(advance=RENAMES_WITHIN.total_seconds())
    settle(world.now + RENAMES_WITHIN)
    assert thread.name == "Three"


def test_it_is_archived_at_the_end_and_people_who_write_there_open_it(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    settle(game.starts_at)
    [thread] = threads_of(local)
    assert not is_archived(thread)
    settle(game.ends_at)
    assert is_archived(thread)
    local.client.send_message("alice", thread.id, "Thanks!")
    schedule_all_companions(Game.objects.get(), game.ends_at)
    settle(game.ends_at)
    assert not is_archived(thread)
    assert not Notification.objects.open().filter(kind="thread").exists()


def test_deleted_after_the_end_it_is_neither_put_back_nor_said_to_be(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    settle(game.ends_at)
    [thread] = threads_of(local)
    local.run_in_loop(lambda state: state.delete_channel(thread))
    handle_deleted(CompanionKind.THREAD, [thread.id], game.ends_at)
    settle(game.ends_at)
    assert not threads_of(local)
    assert not AuditEntry.objects.filter(action=AuditAction.COMPANION_PUT_BACK).exists()


def test_one_that_was_quiet_for_a_week_is_not_opened_to_be_archived(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    local.run_in_loop(lambda state: state.change_channel(thread, archived=True))
    settle(game.ends_at)
    assert is_archived(thread)
    assert companion().problem_code == ""


def test_a_cancelled_game_archives_it_and_one_that_is_on_again_opens_it(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    settle(world.now)
    assert is_archived(thread)
    cancellation.undo_cancellation(game.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    settle(world.now)
    assert not is_archived(thread)


def test_switched_off_it_is_archived_and_switched_on_it_is_opened(local: LocalDiscord, world: World) -> None:
    game = make_game(world, thread=None)
    for start, archived in (("post", False), ("never", True), ("post", False)):
        GuildDefaults.objects.filter(guild=GUILD).update(thread=start)
        schedule_all_companions(Game.objects.get(pk=game.pk), world.now)
        settle(world.now)
        [thread] = threads_of(local)
        assert is_archived(thread) is archived


# --- when the post goes --------------------------------------------------------------------------------------


def test_a_game_in_another_channel_has_a_thread_there(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    [old] = threads_of(local)
    edit_game(world, game, world.now, channel_id=fixtures.GAME_NIGHT_ID)
    settle(world.now)
    assert is_archived(old), "what people wrote there stays"
    [new] = threads_of(local, fixtures.GAME_NIGHT_ID)
    assert (companion().discord_id, people_in(new)) == (new.id, {world.bob.pk})
    assert not is_archived(new)


def test_a_post_that_is_put_back_keeps_its_thread(local: LocalDiscord, world: World) -> None:
    game = make_game(world)
    settle(world.now)
    [thread] = threads_of(local)
    assert repost_deleted_posts([thread.id], world.now) == 1
    join(game, world.charlie, world.now)
    settle(world.now)
    assert Announcement.objects.get().message_id != thread.id
    assert threads_of(local) == [thread]
    assert people_in(thread) == {world.bob.pk, world.charlie.pk}


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("policy", ["put_back", "take_over"])
def test_one_that_somebody_deletes_is_put_back_or_let_go(
    local: LocalDiscord, world: World, policy: str, heard: bool
) -> None:
    game = make_game(world, discord_changes=policy)
    settle(world.now)
    [thread] = threads_of(local)
    local.run_in_loop(lambda state: state.delete_channel(thread))
    if heard:
        assert handle_deleted(CompanionKind.THREAD, [thread.id], world.now) == 1
    join(game, world.charlie, world.now)
    settle(world.now)
    found = threads_of(local)
    if policy == "take_over":
        assert not found
        assert companion().let_go_at == world.now
    else:
        assert [people_in(each) for each in found] == [{world.bob.pk, world.charlie.pk}]
