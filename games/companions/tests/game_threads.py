"""A local Discord with the threads of games, and what is seen of them there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from conftest import GUILD, World
from discord_bot.tests.helpers import send_due
from games.core.base import Actor, EntryPoint
from games.models import CompanionKind, Game, GameCompanion
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID, Json
from gamesched.local_discord.state.entities import Channel as Thread
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS, Permission
from guilds.directory.payloads import ChannelPayload, TagPayload
from guilds.directory.upsert import upsert_channels
from notifications.models import Notification

GENERAL = ChannelPayload(fixtures.GENERAL_ID, "general", 0, 10, BOT_PERMISSIONS)
NIGHT = ChannelPayload(fixtures.GAME_NIGHT_ID, "game-night", 0, 11, BOT_PERMISSIONS)
FORUM = ChannelPayload(fixtures.CAMPAIGNS_ID, "campaigns", 15, 20, BOT_PERMISSIONS)
MODERATES = BOT_PERMISSIONS | int(Permission.MANAGE_THREADS)
FULL, OPEN, STARTED, OVER, CANCELLED, ONE_SHOT = range(5, 11)
TAGS = {FULL: "full", OPEN: "Open", STARTED: "STARTED", OVER: "Over", CANCELLED: "Canceled", ONE_SHOT: "One-shot"}
OTHERS = set(CompanionKind) - {CompanionKind.THREAD}


@pytest.fixture
def local(world: World, settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = running.api_url, True
        upsert_channels(GUILD, [GENERAL, NIGHT])
        yield running


def settle(now: datetime, turns: int = 12) -> None:
    """Send what is due until nothing is."""
    for _ in range(turns):
        send_due(now)
        if not Notification.objects.open().filter(due_at__lte=now).exclude(kind__in=OTHERS).exists():
            return
    raise AssertionError("it never ends")


def allow(local: LocalDiscord, bits: int, channel: ChannelPayload = GENERAL) -> None:
    """Give the bot these permissions."""
    role = local.state.guilds[GUILD].roles[fixtures.BOT_ROLE_ID]
    local.run_in_loop(lambda state: state.change_role(state.guilds[GUILD], role, permissions=bits))
    upsert_channels(GUILD, [replace(channel, bot_permissions=bits)])


def make_game(world: World, **changes: Any) -> Game:
    return world.create_game(**{"channel_id": fixtures.GENERAL_ID, "thread": "post", "reminders": ()} | changes)


def join(game: Game, person: Any, now: datetime) -> None:
    signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), now)


def leave(game: Game, person: Any, now: datetime) -> None:
    signups.leave(game.pk, person, Actor(person, EntryPoint.PAGE), now)


def companion() -> GameCompanion:
    return GameCompanion.objects.get(kind=CompanionKind.THREAD)


def threads_of(local: LocalDiscord, channel_id: int = fixtures.GENERAL_ID) -> list[Thread]:
    """Return a channel's threads, the oldest first."""
    inside = [each for each in list(local.state.channels.values()) if each.thread and each.parent_id == channel_id]
    return sorted(inside, key=lambda each: each.id)


def is_archived(thread: Thread) -> bool:
    assert thread.thread is not None
    return thread.thread.archived


def people_in(thread: Thread) -> set[int]:
    """Return who is in a thread beside the bot."""
    assert thread.thread is not None
    return set(thread.thread.members) - {APPLICATION_ID}


def requests(local: LocalDiscord) -> list[str]:
    """Return what was asked of Discord so far, as "METHOD /path", without the log-in and edits of messages."""
    entries = [f"{each['method']} {each['path']}" for each in local.client.requests()]
    edits = [each for each in entries if each.startswith("PATCH") and "/messages/" in each]
    return [each for each in entries if "@me" not in each and each not in edits]


def made_since(local: LocalDiscord, before: list[str]) -> list[str]:
    """Return the requests since then, of each its method and the end of its path."""
    return [f"{each.split(' ')[0]} {each.split('/')[-1]}" for each in requests(local)[len(before) :]]


@pytest.fixture
def forum(local: LocalDiscord) -> Thread:
    tags: list[Json] = [{"id": key, "name": name, "moderated": key == FULL} for key, name in TAGS.items()]
    known = tuple(TagPayload(key, name, key == FULL) for key, name in TAGS.items())
    upsert_channels(GUILD, [replace(FORUM, tags=known)])
    return local.run_in_loop(lambda state: fixtures.add_forum(state, available_tags=tags))


def tags_of(thread: Thread) -> list[int]:
    assert thread.thread is not None
    return thread.thread.applied_tags
