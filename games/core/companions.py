"""Which companions of a game are switched on, and what the bot needs for each."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext, gettext_noop

from games.core.codes import NotificationKind
from games.core.resolved_settings import ResolvedSettings
from games.core.settings import ThreadStart, VoiceAccess
from games.models import Game, GameCompanion
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
    Role,
)
from notifications.queue import Planned, schedule_all, schedule_of_games

# The settings that say which companions a game has, and whether what people do to them in Discord holds.
COMPANION_SETTINGS = ("server_event", "thread", "voice_channel", "player_role", "discord_changes")

# Discord's permission bits with the names that its settings show.
PERMISSIONS: Mapping[CompanionKind, Mapping[int, str]] = {
    CompanionKind.EVENT: {CREATE_EVENTS: gettext_noop("Create Events")},
    CompanionKind.THREAD: {
        CREATE_PUBLIC_THREADS: gettext_noop("Create Public Threads"),
        SEND_MESSAGES_IN_THREADS: gettext_noop("Send Messages in Threads"),
    },
    # A channel can be made only with overwrites of what the bot itself has, and changing these takes Manage Roles.
    CompanionKind.VOICE: {
        MANAGE_CHANNELS: gettext_noop("Manage Channels"),
        MANAGE_ROLES: gettext_noop("Manage Roles"),
        VIEW_CHANNEL: gettext_noop("View Channels"),
        CONNECT: gettext_noop("Connect"),
    },
    CompanionKind.ROLE: {MANAGE_ROLES: gettext_noop("Manage Roles")},
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


def made_id(game: Game, kind: CompanionKind) -> int | None:
    """Return the id in Discord of a game's companion; None if there is none."""
    made = GameCompanion.objects.filter(game=game.pk, kind=kind, discord_id__isnull=False)
    return made.values_list("discord_id", flat=True).first()


def missing_permissions(channel: Channel, kind: CompanionKind) -> list[str]:
    """Return the permissions that the bot lacks for a companion of games in a channel, as Discord calls them."""
    if kind == CompanionKind.THREAD and (channel.is_forum or channel.parent_id):
        return []  # the post is in a thread, and needs all that its people need
    return [gettext(name) for bit, name in PERMISSIONS[kind].items() if not channel.bot_has(bit)]


def thread_id_of(game: Game) -> int | None:
    """Return the id of a game's thread in Discord; None where it has none."""
    if game.settings.thread == ThreadStart.NEVER:
        return None
    # One in the channel that the game had before is no place for it: perhaps others see that.
    threads = GameCompanion.objects.filter(
        game=game.pk,
        kind=CompanionKind.THREAD,
        discord_id__isnull=False,
        shown__channel_id=game.announcement.channel_id,
    )
    return threads.values_list("discord_id", flat=True).first()


def companion_settings(settings: ResolvedSettings) -> dict[str, Any]:
    """Return the settings about companions, to see whether they change."""
    return {name: settings.values[name] for name in COMPANION_SETTINGS}


def roles_to_choose(guild_id: int) -> "QuerySet[Role]":
    """Return the roles of a guild that settings may name: not those of single games, which come and go, nor bots'."""
    of_games = GameCompanion.objects.filter(kind=CompanionKind.ROLE, discord_id=OuterRef("pk"))
    return Role.objects.filter(~Exists(of_games), guild=guild_id, is_bot_managed=False, deleted_at=None)


def schedule_companions_of(games: Collection[Game], at: datetime) -> None:
    """Have every kind of companion of several games looked at, in one statement, as `schedule_all_companions` does."""
    announced = [game for game in games if game.announced_at is not None]
    schedule_of_games([(game.pk, kind, game.post_version) for game in announced for kind in CompanionKind], at)


def schedule_all_companions(game: Game, at: datetime) -> None:
    """Have every kind of companion looked at: a setting changed, so that one may have to go."""
    if game.announced_at is not None:
        planned = [Planned(NotificationKind(kind), at) for kind in CompanionKind]
        schedule_all(game.pk, planned, game.post_version, keep_earlier=True)
