"""The bot hears who is in a game's voice channel, and what somebody deletes; notifyd is killed in between."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import MagicMock

import discord
import pytest
from django.db import OperationalError

from conftest import make_world
from discord_bot import companion_events
from discord_bot.companion_events import CompanionEvents
from games.companions.tests.discord_rooms import BOT_MAY, made_channels, made_roles
from games.companions.voice import OWN_RIGHTS
from games.core.base import Actor, EntryPoint
from games.models import CompanionKind, Game, GameCompanion
from games.scheduling.cancellation import cancel_game
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.state import State
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import AT_ONCE, eventually
from guilds.models import CONNECT, Channel

GUILD = fixtures.GUILD_ID


def allow_all(state: State) -> None:
    guild = state.guilds[GUILD]
    state.change_role(guild, guild.roles[fixtures.BOT_ROLE_ID], bits=int(BOT_MAY), position=20)


def companion(kind: str) -> GameCompanion:
    return GameCompanion.objects.filter(kind=kind).first() or GameCompanion(kind=kind)


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_voice_channel_and_a_role_come_and_go(now: datetime) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        local, state = stack.discord, stack.discord.state
        local.run_in_loop(allow_all)
        eventually(lambda: Channel.objects.get(pk=fixtures.GAME_NIGHT_ID).bot_has(CONNECT))
        more: dict[str, Any] = {"voice_channel": "players", "player_role": True}
        game = world.create_game(starts_at=now + timedelta(minutes=5), **more)
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), now)
        eventually(lambda: companion(CompanionKind.ROLE).member_ids == [world.charlie.pk])
        eventually(lambda: companion(CompanionKind.VOICE).people_count == 0, AT_ONCE)
        [channel], [role] = made_channels(state), made_roles(state)
        local.client.join_voice(fixtures.CHARLIE_ID, channel.id)
        eventually(lambda: companion(CompanionKind.VOICE).people_count == 1)
        # While the bot is away, somebody comes.
        stack.running["bot"].kill()
        stack.running["bot"].wait()
        local.client.join_voice(fixtures.BOB_ID, channel.id)
        stack.start("bot")
        eventually(lambda: companion(CompanionKind.VOICE).people_count == 2)
        # Killed with an answer under way: the role that was made is found, and no second one is made.
        local.client.add_fault("delay", match=f"POST */guilds/{GUILD}/roles", seconds=30.0, done_first=True)
        local.run_in_loop(lambda state: state.delete_role(state.guilds[GUILD], role))
        [made] = eventually(lambda: made_roles(state))
        stack.running["notifyd"].kill()
        stack.running["notifyd"].wait()
        local.client.clear_faults()
        stack.start("notifyd")
        eventually(lambda: companion(CompanionKind.ROLE).discord_id == made.id)
        eventually(lambda: made.id in state.guilds[GUILD].members[fixtures.CHARLIE_ID].roles)
        assert made_roles(state) == [made]
        # It is over: the role goes, the channel once the last has left.
        cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), now)
        eventually(lambda: not made_roles(state))
        assert made_channels(state) == [channel]
        local.client.leave_voice(fixtures.BOB_ID, GUILD)
        eventually(lambda: companion(CompanionKind.VOICE).people_count == 1)
        local.client.leave_voice(fixtures.CHARLIE_ID, GUILD)
        eventually(lambda: not made_channels(state))
        eventually(lambda: companion(CompanionKind.VOICE).discord_id is None)
        assert Game.objects.get().announcement.problem_code == ""


def voice_channel(channel_id: int, *allowed: int) -> Any:
    channel = MagicMock(spec=discord.VoiceChannel, id=channel_id)
    overwrite = discord.PermissionOverwrite.from_pair(discord.Permissions(sum(allowed)), discord.Permissions())
    channel.overwrites_for.return_value = overwrite
    return channel


def test_other_voice_channels_cost_no_query() -> None:
    begun: list[Any] = []
    client = MagicMock(user=MagicMock(id=5))
    events = CompanionEvents(client, begun.append)
    nowhere, lounge, table = (
        MagicMock(channel=each) for each in (None, voice_channel(1), voice_channel(2, OWN_RIGHTS))
    )
    events.on_voice_state(nowhere, lounge)
    events.on_voice_state(table, table)  # muted there
    assert not begun
    events.on_voice_state(lounge, table)
    events.on_voice_state(table, nowhere)
    assert len(begun) == 1, "what comes together is counted together"
    begun[0].close()


def test_one_whose_rights_somebody_changed_is_still_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moderator who gives the bot more there, or syncs it with its category, must not make it seem empty."""
    monkeypatch.setattr(companion_events, "WAITS", (0.0,))
    counted: list[Mapping[int, int]] = []

    def record(counts: Mapping[int, int]) -> set[int]:
        counted.append(counts)
        return {*counts}

    monkeypatch.setattr(companion_events, "_record_people", record)
    begun: list[Any] = []
    table = voice_channel(2, OWN_RIGHTS)
    client = MagicMock(user=MagicMock(id=5), get_channel=lambda pk: table)
    events = CompanionEvents(client, begun.append)
    members = {7: MagicMock(bot=False), 8: MagicMock(bot=True)}
    table.guild.get_member = members.get
    table.voice_states = {7: None, 8: None, 9: None}
    events.count_soon(table)
    asyncio.run(begun.pop())
    assert counted == [{2: 2}], "a program that plays music is no person, and whoever is unknown is one"
    table.overwrites_for.return_value = discord.PermissionOverwrite()
    events.count_soon(table)
    asyncio.run(begun.pop())
    assert len(counted) == 2


def test_who_is_there_is_saved_once_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion_events, "WAITS", (0.0, 0.0))
    tries: list[Mapping[int, int]] = []

    def record(counts: Mapping[int, int]) -> set[int]:
        tries.append(counts)
        if len(tries) < 6:
            raise OperationalError("away")
        return {*counts}

    monkeypatch.setattr(companion_events, "_record_people", record)
    begun: list[Any] = []
    table = voice_channel(2, OWN_RIGHTS)
    table.voice_states = {}
    events = CompanionEvents(MagicMock(user=MagicMock(id=5), get_channel=lambda pk: table), begun.append)
    events.count_soon(table)
    asyncio.run(begun.pop())
    assert len(tries) == 6
