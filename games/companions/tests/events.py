"""What the tests of events share: the local Discord with the right to make some, and the events there."""

from datetime import UTC, datetime, timedelta
from typing import Any

from conftest import PERMISSIONS, World
from discord_bot.backend.companions.events import read_event
from discord_bot.tests.helpers import send_due
from games.companions.event import FoundEvent
from games.core.base import Actor, EntryPoint
from games.models import CompanionKind, Game, GameCompanion
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import ScheduledEvent
from guilds.models import CREATE_EVENTS, Channel
from notifications.models import Notification

EVENTS = "/scheduled-events"
SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def prepared(discord: LocalDiscord, settings: Any) -> LocalDiscord:
    """Have no event, and the right to make some."""
    settings.DISCORD_API_URL, settings.DISCORD_IS_LOCAL = discord.api_url, True
    discord.client.clear_faults()
    discord.run_in_loop(lambda state: state.guilds[fixtures.GUILD_ID].scheduled.clear())
    Channel.objects.update(bot_permissions=PERMISSIONS | CREATE_EVENTS)
    return discord


def by(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def events(local: LocalDiscord) -> list[ScheduledEvent]:
    return list(local.state.guilds[fixtures.GUILD_ID].scheduled.values())


def open_events(local: LocalDiscord) -> list[ScheduledEvent]:
    return [one for one in events(local) if one.status in (SCHEDULED, ACTIVE)]


def only_event(local: LocalDiscord) -> ScheduledEvent:
    [event] = events(local)
    return event


def asked(local: LocalDiscord, since: int = 0) -> list[str]:
    """Return the methods of the requests about events, from the one with this number on."""
    return [one["method"] for one in local.client.requests() if EVENTS in one["path"]][since:]


def make(world: World, **changes: Any) -> Game:
    """Create a game with an event, of which nothing else is sent."""
    game = world.create_game(**{"server_event": True} | changes)
    Notification.objects.exclude(kind="server_event").delete()
    return game


def companion() -> GameCompanion:
    return GameCompanion.objects.get(kind=CompanionKind.EVENT)


def send_again(now: datetime, lost: bool = False) -> None:
    """Send what is due of events only."""
    Notification.objects.exclude(kind="server_event").delete()
    send_due(now, lost)


def as_time(seconds: float | None) -> datetime:
    return datetime.fromtimestamp(seconds or 0, tz=UTC)


def told(local: LocalDiscord, event: ScheduledEvent | None = None) -> FoundEvent:
    """Return an event as Discord tells of it."""
    found = read_event(payloads.scheduled_event(event or only_event(local), local.state.users, with_user_count=True))
    assert found is not None
    return found


def as_alice(local: LocalDiscord, **changes: Any) -> None:
    """Change the event in Discord, as who manages its events."""
    path = f"/guilds/{fixtures.GUILD_ID}{EVENTS}/{open_events(local)[0].id}"
    local.client.as_person("alice", "PATCH", path, changes)
