"""Voice channels when the bot was away, a program deletes them, or somebody is in one that nobody wants any more."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from discord_bot.tests.helpers import edit_game
from games.companions.actions import PUT_BACK_AT_ONCE, PUT_BACK_LATER, handle_deleted
from games.companions.tests.discord_rooms import (
    companion,
    discord,
    join,
    local,
    made_channels,
    may_in,
    requests_about,
    send_all,
)
from games.companions.voice import STAYS_UNKNOWN, forget_counts, record_people
from games.core.companions import schedule_all_companions
from games.models import CompanionKind, Game
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.permissions import Permission, channel_permissions
from gamesched.local_discord.state.state import State
from guilds.directory.payloads import OverwritePayload
from notifications.heartbeat import BOT_NAME, record_heartbeat
from notifications.models import Notification
from notifications.probe import OVERDUE

__all__ = ["discord", "local"]
pytestmark = pytest.mark.slow
VIEW = int(Permission.VIEW_CHANNEL)


def _delete_made(state: State) -> None:
    for channel in made_channels(state):
        state.delete_channel(channel)


def make_game(world: World, access: str = "everyone", **changes: Any) -> Game:
    return world.create_game(**{"voice_channel": access, "starts_at": world.now + timedelta(minutes=5)} | changes)


def test_switched_off_it_stays_until_the_last_has_left(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(world.now)
    [channel] = made_channels(local.state)
    record_people({channel.id: 2}, world.now)
    schedule_all_companions(edit_game(world, game, world.now, voice_channel="no_channel"), world.now)
    send_all(world.now + timedelta(seconds=3))
    assert made_channels(local.state) == [channel], "people are in it"
    open_rows = Notification.objects.open().filter(kind=CompanionKind.VOICE, due_at__lte=world.now + timedelta(hours=1))
    assert not open_rows.exists(), "nothing is looked at over and over"
    record_people({channel.id: 0}, world.now + timedelta(minutes=1))
    send_all(world.now + timedelta(minutes=1))
    assert not made_channels(local.state)
    assert companion(game, CompanionKind.VOICE).discord_id is None


def test_switched_off_with_nobody_to_say_it_goes_half_a_day_later(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(world.now)
    schedule_all_companions(edit_game(world, game, world.now, voice_channel="no_channel"), world.now)
    send_all(world.now + timedelta(seconds=3))
    assert made_channels(local.state)
    send_all(world.now + STAYS_UNKNOWN + timedelta(minutes=1))
    send_all(game.ends_at + STAYS_UNKNOWN + timedelta(minutes=1))
    assert not made_channels(local.state)


def test_empty_when_the_bot_went_away_is_not_empty_now(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(world.now)
    [channel] = made_channels(local.state)
    record_people({channel.id: 0}, game.starts_at)
    record_heartbeat(BOT_NAME, game.ends_at - OVERDUE)
    send_all(game.ends_at + timedelta(seconds=1))
    assert made_channels(local.state) == [channel], "somebody may have come"
    record_heartbeat(BOT_NAME, game.ends_at + timedelta(minutes=5))
    send_all(game.ends_at + timedelta(minutes=5))
    assert not made_channels(local.state), "it is back, and nobody is there"


def test_empty_and_the_bot_never_back_it_goes_half_a_day_later(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(world.now)
    [channel] = made_channels(local.state)
    record_people({channel.id: 0}, game.starts_at)
    record_heartbeat(BOT_NAME, game.starts_at)
    send_all(game.ends_at + timedelta(seconds=1))
    assert made_channels(local.state)
    send_all(game.ends_at + STAYS_UNKNOWN + timedelta(seconds=1))
    assert not made_channels(local.state)


def test_what_was_counted_before_the_bot_began_is_forgotten(world: World, local: LocalDiscord) -> None:
    game = make_game(world)
    send_all(world.now)
    [channel] = made_channels(local.state)
    record_people({channel.id: 0}, game.starts_at)
    forget_counts()
    send_all(game.ends_at + timedelta(seconds=1))
    assert made_channels(local.state)
    record_people({channel.id: 0}, game.ends_at + timedelta(minutes=1))
    send_all(game.ends_at + timedelta(minutes=1))
    assert not made_channels(local.state)


def test_it_is_there_on_time_however_near_it_was_looked_at(world: World, local: LocalDiscord) -> None:
    make_game(world, starts_at=world.now + timedelta(minutes=15, seconds=20))
    send_all(world.now)
    assert not made_channels(local.state)
    send_all(world.now + timedelta(seconds=21))
    assert len(made_channels(local.state)) == 1


def test_what_a_program_deletes_is_not_made_without_end(world: World, local: LocalDiscord) -> None:
    before = len(requests_about(local, f"POST /guilds/{fixtures.GUILD_ID}/channels"))
    make_game(world)
    send_all(world.now)
    for _ in range(10):
        ids = [channel.id for channel in made_channels(local.state)]
        local.run_in_loop(_delete_made)
        handle_deleted(CompanionKind.VOICE, ids, world.now)
        send_all(world.now + timedelta(seconds=3))
    made = len(requests_about(local, f"POST /guilds/{fixtures.GUILD_ID}/channels", before))
    assert (made, made_channels(local.state)) == (1 + PUT_BACK_AT_ONCE, [])
    send_all(world.now + PUT_BACK_LATER + timedelta(seconds=1))
    assert len(made_channels(local.state)) == 1


def test_a_player_who_may_not_see_the_game_does_not_see_its_channel(world: World, local: LocalDiscord) -> None:
    game = make_game(world, "players")
    join(world, game, world.charlie)
    may_in(world, 0, OverwritePayload(world.charlie.pk, 0, VIEW))
    send_all(world.now)
    [channel] = made_channels(local.state)
    bits = channel_permissions(local.state.guilds[fixtures.GUILD_ID], channel, world.charlie.pk, 0)
    assert not bits & VIEW
