"""Which companions of a game are switched on, and what the bot needs for each."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from games.core.codes import NotificationKind
from games.core.resolved_settings import ResolvedSettings
from games.core.settings import ThreadStart, VoiceAccess
from games.models import Game
from games.models.companion import CompanionKind
from guilds.models import (
    CONNECT,
    CREATE_EVENTS,
    CREATE_PUBLIC_THREADS,
    MANAGE_CHANNELS,
    MANAGE_ROLES,
    SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
    Channel,
)
from notifications.queue import Planned, schedule_all, schedule_of_games

# The settings that say which companions a game has, and whether what people do to them in Discord holds.
COMPANION_SETTINGS = ("server_event", "thread", "voice_channel", "player_role", "discord_changes")

# Discord's permission bits with the names that its settings show.
PERMISSIONS: Mapping[CompanionKind, Mapping[int, str]] = {
    CompanionKind.EVENT: {CREATE_EVENTS: "Create Events"},
    CompanionKind.THREAD: {
        CREATE_PUBLIC_THREADS: "Create Public Threads",
        SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
    },
    # A channel can be made only with overwrites of what the bot itself has.
    CompanionKind.VOICE: {MANAGE_CHANNELS: "Manage Channels", VIEW_CHANNEL: "View Channels", CONNECT: "Connect"},
    CompanionKind.ROLE: {MANAGE_ROLES: "Manage Roles"},
}


# The setting that switches each kind on, and its value that means none.
SWITCHES: Mapping[CompanionKind, tuple[str, Any]] = {
    CompanionKind.EVENT: ("server_event", False),
    CompanionKind.THREAD: ("thread", ThreadStart.NEVER),
    CompanionKind.VOICE: ("voice_channel", VoiceAccess.NO_CHANNEL),
    CompanionKind.ROLE: ("player_role", False),
}


def switched_on(settings: ResolvedSettings) -> list[CompanionKind]:
    """Return the kinds of companions that a game's settings ask for."""
    return [kind for kind, (name, off) in SWITCHES.items() if settings.values[name] != off]


def missing_permissions(channel: Channel, kind: CompanionKind) -> list[str]:
    """Return the permissions that the bot lacks for a companion of games in a channel, by Discord's names."""
    return [name for bit, name in PERMISSIONS[kind].items() if not channel.bot_has(bit)]


def companion_settings(settings: ResolvedSettings) -> dict[str, Any]:
    """Return the settings about companions, to see whether they change."""
    return {name: settings.values[name] for name in COMPANION_SETTINGS}


def schedule_companions_of(games: Collection[Game], at: datetime) -> None:
    """Have every kind of companion of several games looked at, in one statement, as `schedule_all_companions` does."""
    announced = [game for game in games if game.announced_at is not None]
    schedule_of_games([(game.pk, kind, game.post_version) for game in announced for kind in CompanionKind], at)


def schedule_all_companions(game: Game, at: datetime) -> None:
    """Have every kind of companion looked at: a setting changed, so that one may have to go."""
    if game.announced_at is not None:
        planned = [Planned(NotificationKind(kind), at) for kind in CompanionKind]
        schedule_all(game.pk, planned, game.post_version, keep_earlier=True)
