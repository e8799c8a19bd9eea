"""A local Discord with the companions of games that stand for themselves: voice channels and roles."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from conftest import GUILD, PERMISSIONS, World
from discord_bot.tests.helpers import send_due
from games.core.base import Actor, EntryPoint
from games.models import Game, GameCompanion
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import VOICE, Channel, Role
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS, Permission
from gamesched.local_discord.state.state import State
from guilds.directory import upsert
from guilds.directory.payloads import ChannelPayload, OverwritePayload
from guilds.models import CONNECT, MANAGE_CHANNELS, MANAGE_ROLES, User

BOT_MAY = BOT_PERMISSIONS | Permission.MANAGE_CHANNELS | Permission.MANAGE_ROLES
KNOWN_IDS = {fixtures.ORGANISER_ID, fixtures.PLAYER_ID, fixtures.BOT_ROLE_ID, GUILD}


@pytest.fixture(scope="module")
def discord() -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        yield running


@pytest.fixture
def local(discord: LocalDiscord, world: World, settings: Any) -> LocalDiscord:
    """Return the local Discord without companions, where the bot may make all of them."""
    settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = discord.api_url, True
    settings.DISCORD_CLIENT_ID = discord.client_id
    discord.client.clear_faults()
    discord.run_in_loop(_tidy)
    may_in(world)
    return discord


def _tidy(state: State) -> None:
    guild = state.guilds[GUILD]
    fixed = {getattr(fixtures, name) for name in ("GENERAL_ID", "GAME_NIGHT_ID", "RAIDS_ID", "TABLE_ID")}
    for channel in state.channels_of(guild):
        if channel.id not in fixed:
            state.delete_channel(channel)
    for role in made_roles(state):
        state.delete_role(guild, role)
    state.rate_limits.rules.clear()
    state.change_role(guild, guild.roles[fixtures.BOT_ROLE_ID], bits=int(BOT_MAY), position=len(guild.roles) + 5)
    state.change_channel(state.channels[fixtures.GAME_NIGHT_ID], overwrites=[], parent_id=None)


def may_in(world: World, bits: int = 0, *overwrites: OverwritePayload) -> None:
    """Save what the bot and others may in the game's channel, as the bot would."""
    bits = bits or PERMISSIONS | MANAGE_CHANNELS | MANAGE_ROLES | CONNECT
    payload = ChannelPayload(fixtures.GAME_NIGHT_ID, "game-night", 0, 11, bits, overwrites=overwrites)
    upsert.upsert_channels(world.guild.pk, [payload])


def made_channels(state: State) -> list[Channel]:
    """Return the voice channels that are no fixture."""
    return [each for each in state.channels.values() if each.type == VOICE and each.id != fixtures.TABLE_ID]


def made_roles(state: State) -> list[Role]:
    """Return the roles that are no fixture."""
    return [role for role in state.guilds[GUILD].roles.values() if role.id not in KNOWN_IDS]


def holders(local: LocalDiscord, role: Role) -> set[int]:
    """Return who has a role."""
    return {pk for pk, member in local.state.guilds[GUILD].members.items() if role.id in member.roles}


def send_all(now: datetime, turns: int = 8) -> None:
    """Send what is due, until nothing is."""
    for _ in range(turns):
        send_due(now)


def requests_about(local: LocalDiscord, match: str, since: int = 0) -> list[str]:
    """Return the bot's requests, "METHOD path", without the API's prefix, since so many before."""
    found = [f"{each['method']} {each['path']}" for each in local.client.requests(match)]
    return found[since:]


def join(world: World, game: Game, user: User, now: datetime | None = None) -> None:
    signups.join(game.pk, user, Actor(user, EntryPoint.PAGE), now or world.now)


def leave(world: World, game: Game, user: User, now: datetime | None = None) -> None:
    signups.leave(game.pk, user, Actor(user, EntryPoint.PAGE), now or world.now)


def companion(game: Game, kind: str) -> GameCompanion:
    found = GameCompanion.objects.get(game=game, kind=kind)
    found.game = Game.objects.get(pk=game.pk)
    return found
