"""Which companions of a game are switched on, and what the bot needs for each."""

from collections.abc import Mapping
from datetime import datetime

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
from notifications.queue import Planned, schedule_all

# Discord's permission bits with the names that its settings show.
PERMISSIONS: Mapping[CompanionKind, Mapping[int, str]] = {
    CompanionKind.EVENT: {CREATE_EVENTS: "Create Events"},
    CompanionKind.THREAD: {
        CREATE_PUBLIC_THREADS: "Create Public Threads",
        SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
    },
    # A channel can be made only with overwrites of what the bot itself has, and changing these takes Manage Roles.
    CompanionKind.VOICE: {
        MANAGE_CHANNELS: "Manage Channels",
        MANAGE_ROLES: "Manage Roles",
        VIEW_CHANNEL: "View Channels",
        CONNECT: "Connect",
    },
    CompanionKind.ROLE: {MANAGE_ROLES: "Manage Roles"},
}


def switched_on(settings: ResolvedSettings) -> list[CompanionKind]:
    """Return the kinds of companions that a game's settings ask for."""
    asked = {
        CompanionKind.EVENT: settings.server_event,
        CompanionKind.THREAD: settings.thread != ThreadStart.NEVER,
        CompanionKind.VOICE: settings.voice_channel != VoiceAccess.NO_CHANNEL,
        CompanionKind.ROLE: settings.player_role,
    }
    return [kind for kind, on in asked.items() if on]


def missing_permissions(channel: Channel, kind: CompanionKind) -> list[str]:
    """Return the permissions that the bot lacks for a companion of games in a channel, by Discord's names."""
    return [name for bit, name in PERMISSIONS[kind].items() if not channel.bot_has(bit)]


def schedule_all_companions(game: Game, at: datetime) -> None:
    """Have every kind of companion looked at: a setting changed, so that one may have to go."""
    if game.announced_at is not None:
        planned = [Planned(NotificationKind(kind), at) for kind in CompanionKind]
        schedule_all(game.pk, planned, game.post_version, keep_earlier=True)
