"""The voice channel of a game: when it is there, who may enter, and that nothing of it is left behind."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import GUILD, World
from discord_bot.tests.helpers import edit_game, send_due
from games.companions.actions import handle_deleted, handle_rights_changed
from games.companions.tests.discord_rooms import (
    companion,
    discord,
    join,
    leave,
    local,
    made_channels,
    may_in,
    requests_about,
    send_all,
)
from games.companions.voice import OWN_RIGHTS, STAYS_UNKNOWN, record_people
from games.core.base import Actor, EntryPoint
from games.core.companions import schedule_all_companions
from games.models import CompanionKind, CompanionProblem, Game
from games.models.settings import GuildDefaults
from games.posts.announcement import announcement_view
from games.scheduling.cancellation import cancel_game
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import CATEGORY, Channel, Overwrite, User
from gamesched.local_discord.state.permissions import Permission, channel_permissions
from gamesched.local_discord.state.rate_limits import RULES
from gamesched.local_discord.state.state import State
from guilds.directory.payloads import OverwritePayload, RolePayload
from guilds.directory.upsert import upsert_roles
from notifications.models import Notification

__all__ = ["discord", "local"]
pytestmark = pytest.mark.slow
VIEW, CONNECT = int(Permission.VIEW_CHANNEL), int(Permission.CONNECT)
SOON = timedelta(minutes=20)


def make_game(world: World, access: str = "everyone", **changes: Any) -> Game:
    return world.create_game(**{"voice_channel": access, "starts_at": world.now + SOON} | changes)


def only_channel(local: LocalDiscord) -> Channel:
    [channel] = made_channels(local.state)
    return channel


def may_enter(local: LocalDiscord, channel: Channel, user_id: int) -> bool:
    guild = local.state.guilds[GUILD]
    bits = channel_permissions(guild, channel, user_id, 0)
    return bits & (VIEW | CONNECT) == VIEW | CONNECT


def opened(world: World) -> datetime:
    """Return a time at which the channel is there, and the game has not begun."""
    return world.now + timedelta(minutes=6)


def test_it_is_there_from_shortly_before_the_start_until_it_is_empty_after_the_end(
    world: World, local: LocalDiscord
) -> None:
    before = len(requests_about(local, "channels"))
    game = make_game(world)
    send_all(world.now)
    assert not made_channels(local.state), "too early"
    send_all(opened(world))
    channel = only_channel(local)
    assert channel.name == game.title
    assert announcement_view(Game.objects.get(), opened(world)).voice_channel_id == channel.id
    assert f"<#{channel.id}>" in str(local.client.messages("alice", fixtures.GAME_NIGHT_ID))
    assert record_people({channel.id: 2, 5: 1}, game.starts_at) == {channel.id}
    send_all(game.ends_at + timedelta(seconds=2))
    assert only_channel(local) is channel, "people are in it"
    assert f"<#{channel.id}>" not in str(local.client.messages("alice", fixtures.GAME_NIGHT_ID))
    record_people({channel.id: 1}, game.ends_at + timedelta(minutes=1))
    assert not Notification.objects.open().filter(kind=CompanionKind.VOICE).exists()
    record_people({channel.id: 0}, game.ends_at + timedelta(minutes=2))
    send_all(game.ends_at + timedelta(minutes=2))
    assert not made_channels(local.state)
    sent = [
        each
        for each in requests_about(local, "channels", before)
        if "/messages" not in each and each != f"GET /guilds/{GUILD}/channels"
    ]
    assert sent == [
        f"GET /channels/{fixtures.GAME_NIGHT_ID}",
        f"POST /guilds/{GUILD}/channels",
        f"DELETE /channels/{channel.id}",
    ]


def test_announced_late_it_is_made_at_once_in_the_category(world: World, local: LocalDiscord) -> None:
    def into_category(state: State) -> int:
        category = state.add_channel(state.guilds[GUILD], "Games", CATEGORY)
        state.change_channel(state.channels[fixtures.GAME_NIGHT_ID], parent_id=category.id)
        return category.id

    category_id = local.run_in_loop(into_category)
    make_game(world, starts_at=world.now + timedelta(minutes=5))
    send_all(world.now)
    assert only_channel(local).parent_id == category_id

    def fill(state: State) -> None:
        for i in range(48):
            state.add_channel(state.guilds[GUILD], f"c{i}", parent_id=category_id)

    local.run_in_loop(fill)
    make_game(world, starts_at=world.now + timedelta(minutes=5), title="Another")
    send_all(world.now + timedelta(seconds=3))
    another = next(each for each in made_channels(local.state) if each.name == "Another")
    assert another.parent_id is None, "the category has no room"


def test_a_start_moved_to_another_day_takes_an_empty_one_with_it(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(opened(world))
    channel = only_channel(local)
    record_people({channel.id: 1}, opened(world))
    edit_game(world, game, opened(world), starts_at=world.now + timedelta(days=2))
    send_all(opened(world) + timedelta(seconds=3))
    assert only_channel(local) is channel
    record_people({channel.id: 0}, opened(world) + timedelta(minutes=1))
    send_all(opened(world) + timedelta(minutes=1))
    assert not made_channels(local.state)
    send_all(world.now + timedelta(days=2) - timedelta(minutes=14))
    assert only_channel(local).id != channel.id


def test_cancelled_or_switched_off_it_goes(world: World, local: LocalDiscord) -> None:
    game, other = make_game(world), make_game(world, title="Another")
    send_all(opened(world))
    channels = made_channels(local.state)
    record_people({each.id: 0 for each in channels}, opened(world))
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), opened(world))
    schedule_all_companions(edit_game(world, other, opened(world), voice_channel="no_channel"), opened(world))
    send_all(opened(world) + timedelta(seconds=3))
    assert not made_channels(local.state)


def test_with_nobody_to_say_whether_it_is_empty_it_goes_half_a_day_later(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(opened(world))
    send_all(game.ends_at + timedelta(seconds=1))
    assert made_channels(local.state)
    send_all(game.ends_at + STAYS_UNKNOWN - timedelta(minutes=1))
    assert made_channels(local.state)
    send_all(game.ends_at + STAYS_UNKNOWN + timedelta(seconds=1))
    assert not made_channels(local.state)


def test_those_enter_who_see_the_games_channel(world: World, local: LocalDiscord) -> None:
    hidden, shown = OverwritePayload(GUILD, 0, VIEW), OverwritePayload(fixtures.PLAYER_ID, VIEW, 0)
    make_game(world, starts_at=world.now + timedelta(minutes=5))
    upsert_roles(GUILD, [RolePayload(fixtures.PLAYER_ID, "Player", 2, 0)])
    may_in(world, 0, hidden, shown)
    send_all(world.now)
    channel = only_channel(local)
    people = {pk for pk in (fixtures.BOB_ID, fixtures.CHARLIE_ID) if may_enter(local, channel, pk)}
    assert people == {fixtures.CHARLIE_ID}, "by the role"
    may_in(world, 0, hidden)
    assert handle_rights_changed([GUILD], world.now) == 1
    send_all(world.now + timedelta(seconds=3))
    assert not may_enter(local, channel, fixtures.CHARLIE_ID), "one request follows the channel's rights"


@pytest.mark.parametrize("has_role", [False, True])
def test_players_host_and_managers_enter_theirs(world: World, local: LocalDiscord, has_role: bool) -> None:
    dana = world.add_member(fixtures.DANA_ID - fixtures.USER_ID_BASE)
    GuildDefaults.objects.filter(guild=GUILD).update(manager_role_ids=[fixtures.ORGANISER_ID])
    game = make_game(world, "players", starts_at=world.now + timedelta(minutes=5), player_role=has_role)
    join(world, game, world.charlie)
    send_all(world.now)
    channel = only_channel(local)
    everybody = [world.alice.pk, world.bob.pk, world.charlie.pk, dana.pk]
    assert [may_enter(local, channel, pk) for pk in everybody] == [True, True, True, False]
    assert channel_permissions(local.state.guilds[GUILD], channel, dana.pk, 0) & VIEW, "and sees who is there"
    before = len(requests_about(local, "PATCH /channels/"))
    join(world, game, dana)
    leave(world, game, world.charlie)
    send_all(world.now + timedelta(seconds=3))
    assert [may_enter(local, channel, pk) for pk in everybody] == [True, True, False, True]
    patched = [each for each in requests_about(local, "PATCH /channels/", before) if "/messages" not in each]
    assert len(patched) == (0 if has_role else 1), "the whole list at once, and none where a role opens it"


def test_a_hundred_overwrites_show_it_to_nobody_more(world: World, local: LocalDiscord) -> None:
    def add(state: State) -> list[int]:
        guild = state.guilds[GUILD]
        return [state.add_role(guild, f"r{i}").id for i in range(100)]

    role_ids = local.run_in_loop(add)
    upsert_roles(GUILD, [RolePayload(pk, f"r{pk}", 3, 0) for pk in role_ids])
    may_in(world, 0, *(OverwritePayload(pk, 0, VIEW) for pk in role_ids))
    make_game(world, starts_at=world.now + timedelta(minutes=5))
    send_all(world.now)
    channel = only_channel(local)
    assert not may_enter(local, channel, fixtures.CHARLIE_ID)
    assert may_enter(local, channel, fixtures.BOB_ID)


def test_a_hundred_players_fit_into_discords_limit(world: World, local: LocalDiscord) -> None:
    game = make_game(world, "players", starts_at=world.now + timedelta(minutes=5), seats=100)
    people = world.add_members(range(100, 200))

    def meet(state: State) -> None:
        state.users |= {user.pk: User(user.pk, user.handle) for user in people}

    local.run_in_loop(meet)
    for user in people:
        join(world, game, user)
    send_all(world.now, 3)
    channel = only_channel(local)
    assert len(channel.overwrites) == 100
    assert may_enter(local, channel, world.bob.pk)
    assert not may_enter(local, channel, world.charlie.pk)


def test_it_follows_the_title_twice_in_ten_minutes(world: World, local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.rate_limits.rules.update(rename=RULES["rename"]))
    game = make_game(world, starts_at=world.now + timedelta(minutes=5))
    send_all(world.now)
    for minute, title in enumerate(("One", "Two", "Three")):
        edit_game(world, game, world.now + timedelta(minutes=minute), title=title)
        send_all(world.now + timedelta(minutes=minute, seconds=3))
    channel = only_channel(local)
    assert channel.name == "Two"
    local.client.set_clock(advance=601)
    send_all(world.now + timedelta(minutes=10, seconds=4))
    assert channel.name == "Three"
    patched = [each for each in local.client.requests("PATCH /channels/") if str(channel.id) in each["path"]]
    assert [each["status"] for each in patched] == [200, 200, 200], "nothing was refused"


def test_missing_permissions_are_said_and_nothing_is_asked(world: World, local: LocalDiscord) -> None:
    may_in(world, 1 << 10 | 1 << 11 | 1 << 14)
    before = len(requests_about(local, f"POST /guilds/{GUILD}/channels"))
    game = make_game(world, starts_at=world.now + timedelta(minutes=5))
    send_all(world.now)
    assert companion(game, CompanionKind.VOICE).problem_code == CompanionProblem.MISSING_PERMISSION
    assert not requests_about(local, f"POST /guilds/{GUILD}/channels", before)
    assert Game.objects.get().announcement.message_id is not None, "the rest goes on"


@pytest.mark.parametrize("kind", ["lost", "timeout"])
@pytest.mark.parametrize("nth", [0, 1, 2, 3])
def test_cut_off_at_any_request_there_is_one_channel_and_none_is_left(
    world: World, local: LocalDiscord, kind: str, nth: int
) -> None:
    """Fault walk: what is asked to make, change and delete it fails once, before or after Discord did it."""
    game = make_game(world, starts_at=world.now + timedelta(minutes=5))
    request = (
        f"GET */channels/{fixtures.GAME_NIGHT_ID}",
        f"POST */guilds/{GUILD}/channels",
        "PATCH */channels/*[0-9]",
        "DELETE */channels/*",
    )[nth]
    details: dict[str, Any] = {"seconds": 0.0} if kind == "timeout" else {}
    local.client.add_fault(kind, match=request, **details)
    later = world.now
    for _ in range(3):
        later += timedelta(seconds=20)
        send_all(later, 3)
    channel = only_channel(local)
    edit_game(world, game, later, title="Renamed")
    for _ in range(3):
        later += timedelta(seconds=20)
        send_all(later, 3)
    assert only_channel(local) is channel
    assert channel.name == "Renamed"
    record_people({channel.id: 0}, later)
    later = game.ends_at
    for _ in range(3):
        later += timedelta(seconds=20)
        send_all(later, 3)
    assert not made_channels(local.state)
    assert not local.client.faults(), "it was met"


def test_made_and_not_recorded_it_is_found_and_made_right(world: World, local: LocalDiscord) -> None:
    games = [make_game(world, starts_at=world.now + timedelta(minutes=5)) for _ in range(2)]
    send_due(world.now, lost=True)
    ids = {each.id for each in made_channels(local.state)}
    edit_game(world, games[0], world.now, title="Renamed")
    send_all(world.now + timedelta(seconds=5))
    assert {each.id for each in made_channels(local.state)} == ids
    assert {companion(game, CompanionKind.VOICE).discord_id for game in games} == ids
    assert {each.name for each in made_channels(local.state)} == {"Renamed", games[1].title}


@pytest.mark.parametrize("policy", ["put_back", "take_over"])
def test_deleted_by_hand_it_is_put_back_or_let_go(world: World, local: LocalDiscord, policy: str) -> None:
    make_game(world, starts_at=world.now + timedelta(minutes=5), discord_changes=policy)
    send_all(world.now)
    channel = only_channel(local)
    local.run_in_loop(lambda state: state.delete_channel(channel))
    assert handle_deleted(CompanionKind.VOICE, [channel.id], world.now) == 1
    send_all(world.now + timedelta(seconds=3))
    assert len(made_channels(local.state)) == (1 if policy == "put_back" else 0)
    assert (announcement_view(Game.objects.get(), world.now).voice_channel_id is None) == (policy == "take_over")


@pytest.mark.parametrize("title", ["@everyone", "discord", "# <@&5> \u202elive", "x" * 200, "a\u200bb  c"])
def test_hostile_titles_are_names(world: World, local: LocalDiscord, title: str) -> None:
    make_game(world, starts_at=world.now + timedelta(minutes=5), title=title)
    send_all(world.now)
    assert only_channel(local).name == Game.objects.get().title[:100].strip()


def test_the_bot_knows_its_channels_by_its_own_rights(world: World, local: LocalDiscord) -> None:
    make_game(world, starts_at=world.now + timedelta(minutes=5))
    send_all(world.now)
    own = Overwrite(int(local.client_id), 1, OWN_RIGHTS, 0)
    assert own in only_channel(local).overwrites


def test_a_game_with_a_channel_and_a_role_makes_the_fewest_requests(world: World, local: LocalDiscord) -> None:
    """Two players and one edit: all that is sent for a game's life, reminders apart."""
    before = len(local.client.requests())
    game = make_game(world, "players", player_role=True, reminders=())
    for user in (world.charlie, world.alice):
        join(world, game, user)
    send_all(world.now)
    edit_game(world, game, world.now + timedelta(minutes=1), description="Another.")
    send_all(world.now + timedelta(minutes=1))
    send_all(opened(world))
    [channel] = made_channels(local.state)
    record_people({channel.id: 2}, game.starts_at)
    for at in (game.starts_at, game.ends_at):
        send_all(at + timedelta(seconds=1))
    record_people({channel.id: 0}, game.ends_at + timedelta(minutes=1))
    send_all(game.ends_at + timedelta(minutes=1))
    sent = [f"{each['method']} {each['path']}" for each in local.client.requests()[before:]]
    counted = Counter(_without_ids(each) for each in sent if not each.endswith("/@me"))
    assert counted == {
        "POST /channels/0/messages": 1,
        "PATCH /channels/0/messages/0": 4,  # the edit, the channel, the start and the end
        "POST /guilds/0/roles": 1,
        "PUT /guilds/0/members/0/roles/0": 2,
        "DELETE /guilds/0/roles/0": 1,
        "GET /channels/0": 1,  # which category it is in
        "POST /guilds/0/channels": 1,
        "DELETE /channels/0": 1,
    }


def _without_ids(request: str) -> str:
    return re.sub("[0-9]+", "0", request)
