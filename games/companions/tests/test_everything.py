"""A game with everything switched on: all limits of Discord are kept, and its whole life takes few requests."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import GUILD, World
from discord_bot.tests.helpers import send_due
from games.companions.tests.discord_rooms import made_channels, made_roles
from games.core.base import Actor, EntryPoint
from games.models import Announcement, CompanionKind, Game, GameCompanion
from games.scheduling.cancellation import cancel_game
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import User
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS, Permission
from guilds.models import Channel
from notifications.models import Notification

pytestmark = pytest.mark.slow

ALL_ON: dict[str, Any] = {"server_event": True, "thread": "post", "voice_channel": "players", "player_role": True}
BOT_MAY = int(
    BOT_PERMISSIONS
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_ROLES
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.MANAGE_THREADS
)


@pytest.fixture
def local(world: World, settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = running.api_url, True
        settings.DISCORD_CLIENT_ID = running.client_id
        role = running.state.guilds[GUILD].roles[fixtures.BOT_ROLE_ID]
        running.run_in_loop(lambda state: state.change_role(state.guilds[GUILD], role, bits=BOT_MAY, position=90))
        Channel.objects.update(bot_permissions=BOT_MAY)
        yield running


def settle(now: Any, turns: int = 40) -> None:
    """Send what is due until nothing is."""
    for _ in range(turns):
        send_due(now)
        if not Notification.objects.open().filter(due_at__lte=now).exists():
            return
    raise AssertionError(list(Notification.objects.open().filter(due_at__lte=now).values("kind", "error")))


def come_to(local: LocalDiscord, world: World, moment: datetime) -> None:
    """Have Discord's clock come to a time of the test."""
    local.client.set_clock(advance=max((moment - world.now).total_seconds(), 0.0))


def all_leave() -> None:
    """Have the bot say that nobody is in the voice channel."""
    GameCompanion.objects.filter(kind=CompanionKind.VOICE).update(people_count=0)


def asked(local: LocalDiscord, since: int) -> "Counter[str]":
    """Return the bot's requests that change something or read, by what they are about, without those of messages."""
    about = {
        "/scheduled-events": "event",
        "/thread-members": "thread member",
        "/threads": "thread",
        "/roles": "role",
        "/guilds/1200000000000000001/channels": "voice",
    }
    found: Counter[str] = Counter()
    for each in local.client.requests()[since:]:
        path = each["path"]
        if "/members/" in path and "/roles/" in path:
            name = "role member"
        elif "/messages" in path:
            name = "thread" if path.endswith("/threads") else "message"
        else:
            name = next((word for part, word in about.items() if part in path), path.split("/v10")[-1].split("/")[1])
        if path.endswith("/users/@me") or "applications" in path:
            continue
        found[f"{each['method']} {name}"] += 1
    return found


def made(game: Game) -> dict[str, GameCompanion]:
    return {one.kind: one for one in GameCompanion.objects.filter(game=game)}


def test_a_hundred_players_with_long_names_keep_every_limit(world: World, local: LocalDiscord) -> None:
    people = world.add_members(range(1000, 1100), nick="Sir Bartholomew of the Long Nam {}"[:30] + "{}")
    local.run_in_loop(
        lambda state: state.add_members(
            state.guilds[GUILD], [state.add_user(User(one.pk, one.handle, "N" * 32)) for one in people]
        )
    )
    title = "@everyone come to the discord of " + "long names " * 15
    game = world.create_game(seats=100, title=title[:200], description="d" * 2000, **ALL_ON)
    settle(world.now)
    for person in people:
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    since = len(local.client.requests())
    settle(world.now + timedelta(seconds=5))
    found = made(game)
    assert {kind: one.problem_code for kind, one in found.items()} == dict.fromkeys(found, "")
    members = sorted(one.pk for one in people)
    assert found[CompanionKind.ROLE].member_ids == members
    assert set(members) <= set(found[CompanionKind.THREAD].member_ids)
    counted = asked(local, since)
    assert counted["PUT role member"] == 100, "one each"
    assert counted["PUT thread member"] <= 101
    assert Announcement.objects.get().problem_code == ""
    names = [role.name for role in made_roles(local.state)]
    assert len(names) == 1
    assert all(len(name) <= 100 and "@everyone" not in name for name in names)
    settle(game.starts_at - timedelta(minutes=15))
    [voice] = made_channels(local.state)
    assert len(voice.name) <= 100
    assert made(game)[CompanionKind.VOICE].problem_code == ""


def test_the_whole_life_of_a_game_takes_few_requests(world: World, local: LocalDiscord) -> None:
    since = len(local.client.requests())
    game = world.create_game(reminders=(), **ALL_ON)
    settle(world.now)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    for later in (
        world.now + timedelta(seconds=5),
        game.starts_at - timedelta(minutes=15),
        game.starts_at - timedelta(minutes=14),
        game.starts_at,
        game.starts_at + timedelta(minutes=2),
        game.ends_at,
        game.ends_at + timedelta(minutes=2),
        game.ends_at + timedelta(hours=1),
    ):
        settle(later)
        all_leave()
    counted = asked(local, since)
    found = made(game)
    assert found[CompanionKind.VOICE].discord_id is None
    assert found[CompanionKind.ROLE].discord_id is None
    assert (made_channels(local.state), made_roles(local.state)) == ([], [])
    assert counted["POST event"] == counted["POST thread"] == counted["POST voice"] == counted["POST role"] == 1
    assert (counted["PUT role member"], counted["PUT thread member"]) == (1, 2), "the host is in the thread too"
    assert counted["DELETE role"] == counted["DELETE channels"] == 1
    # The event starts and ends, and its thread is archived; the voice channel is linked to by the post.
    assert {name: count for name, count in counted.items() if name.startswith("PATCH")} == {
        "PATCH event": 2,
        "PATCH channels": 1,
        "PATCH message": 4,
    }


def test_a_cancelled_game_leaves_nothing(world: World, local: LocalDiscord) -> None:
    game = world.create_game(reminders=(), **ALL_ON)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    settle(world.now + timedelta(seconds=5))
    settle(game.starts_at - timedelta(minutes=15))
    assert len(made_channels(local.state)) == len(made_roles(local.state)) == 1
    all_leave()
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), game.starts_at - timedelta(minutes=14))
    settle(game.starts_at - timedelta(minutes=13))
    assert (made_channels(local.state), made_roles(local.state)) == ([], [])
    events = local.state.guilds[GUILD].scheduled.values()
    assert [one.status for one in events if one.status in (1, 2)] == []


@pytest.mark.parametrize("kind", ["role", "voice"])
def test_what_a_killed_attempt_made_for_a_game_that_is_cancelled_goes(
    world: World, local: LocalDiscord, kind: str
) -> None:
    settings = {"player_role": True} if kind == "role" else {"voice_channel": "everyone"}
    game = world.create_game(reminders=(), **settings)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    now = game.starts_at - timedelta(minutes=15)
    if kind == "voice":
        come_to(local, world, now)
    send_due(world.now + timedelta(seconds=5) if kind == "role" else now, lost=True)
    if kind == "role":
        now = world.now + timedelta(seconds=6)
        assert len(made_roles(local.state)) == 1
    else:
        assert len(made_channels(local.state)) == 1
    cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), now)
    settle(now + timedelta(seconds=5))
    assert (made_channels(local.state), made_roles(local.state)) == ([], [])
