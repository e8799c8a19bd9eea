"""What is gone from Discord.

Where roles and channels were deleted, what named them falls back up the chain, and that is written down. Guilds that
the bot left are forgotten after a while.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from games.core.base import Actor, Source
from games.core.freezing import freeze_settings, has_started, is_synced, locked_games, resync_game
from games.core.payloads import GuildPayload
from games.models import AuditEntry, Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings.actions import apply_to_games, inheriting_games, record_settings_change
from games.server_settings.rules import KEPT_AFTER_LEAVING
from guilds.directory.upsert import delete_guild
from guilds.models import Guild, Role
from notifications.models import Notification

log = logging.getLogger(__name__)

DISCORD_ACTOR = Actor(None, Source.DISCORD)
GAME_ROLE_SETTINGS = ("player_role_ids", "notify_role_ids", "priority_role_ids")
LAYER_ROLE_SETTINGS = (*GAME_ROLE_SETTINGS, "host_role_ids")
GUILD_ROLE_SETTINGS = ("manager_role_ids", "pingable_role_ids")


def clean_up_deleted(guild_id: int, now: datetime) -> int:
    """After a guild was written down anew: nothing names what it no longer has. Says how many rows that changed."""
    return remove_deleted_roles(guild_id, now) + detach_deleted_channels(guild_id, now)


@transaction.atomic
def remove_deleted_roles(guild_id: int, now: datetime) -> int:
    """Take deleted roles out of every setting; where none is left, the level says nothing and inherits.

    Discord never gives a role's id again, so nothing is lost that could come back.
    """
    deleted_roles = {role.pk: role.name for role in Role.objects.filter(guild_id=guild_id, deleted_at__isnull=False)}
    naming_deleted = Q(player_role_ids__overlap=list(deleted_roles)) | Q(notify_role_ids__overlap=list(deleted_roles))
    if not deleted_roles or not (
        any(_layers_naming(guild_id, set(deleted_roles))) or inheriting_games(guild_id).filter(naming_deleted).exists()
    ):
        return 0
    games = locked_games(inheriting_games(guild_id))
    rows = list(_layers_naming(guild_id, set(deleted_roles)))

    def save() -> None:
        for row, fields in rows:
            dropped: set[int] = set()
            for field in fields:
                left = [role for role in getattr(row, field) if role not in deleted_roles]
                dropped |= set(getattr(row, field)) - set(left)
                setattr(row, field, left or ([] if field in GUILD_ROLE_SETTINGS else None))
            row.edition += 1
            row.save(update_fields=[*fields, "edition"])
            names = sorted(deleted_roles[role] for role in dropped)
            record_settings_change(guild_id, "role_gone", str(row), {"roles": names}, DISCORD_ACTOR, now)
        for game in inheriting_games(guild_id).filter(naming_deleted, pk__in=[g.pk for g in games]).order_by("pk"):
            for field in GAME_ROLE_SETTINGS:
                named = getattr(game, field)
                if named and set(named) & set(deleted_roles):
                    setattr(game, field, [role for role in named if role not in deleted_roles] or None)
            game.save(update_fields=list(GAME_ROLE_SETTINGS))

    apply_to_games(games, save, now)
    return len(rows)


def _layers_naming(guild_id: int, role_ids: set[int]) -> Iterator[tuple[Any, list[str]]]:
    """Each level of the guild that names one of the roles, with the settings that do."""
    layers: list[tuple[Any, tuple[str, ...]]] = [
        *((row, (*LAYER_ROLE_SETTINGS, *GUILD_ROLE_SETTINGS)) for row in GuildDefaults.objects.filter(pk=guild_id)),
        *(
            (row, LAYER_ROLE_SETTINGS)
            for row in ChannelDefaults.objects.filter(channel__guild_id=guild_id).order_by("pk")
        ),
        *(
            (row, LAYER_ROLE_SETTINGS)
            for row in GameTemplate.objects.filter(guild_id=guild_id, gone_at=None).order_by("pk")
        ),
    ]
    for row, names in layers:
        fields = [name for name in names if set(getattr(row, name) or ()) & role_ids]
        if fields:
            yield row, fields


@transaction.atomic
def detach_deleted_channels(guild_id: int, now: datetime) -> int:
    """Games in a deleted channel no longer have its settings: those begun keep them, those to come follow."""
    of_channel = Q(channel__defaults__isnull=False) | Q(channel__parent__defaults__isnull=False)
    below = inheriting_games(guild_id).filter(of_channel, channel__deleted_at__isnull=False)
    ids = list(below.values_list("pk", flat=True))
    resynced = 0
    for game in locked_games(inheriting_games(guild_id).filter(pk__in=ids)) if ids else []:
        if has_started(game, now):
            # What held when it began: the channel was there then.
            game.channel.deleted_at = None
            freeze_settings(game, now)
        elif not is_synced(game, now):
            resync_game(game, now)
            resynced += 1
    return resynced


# --- guilds ------------------------------------------------------------------------------------------------


def purge_departed_guilds(now: datetime) -> int:
    """Delete everything of the guilds that the bot left so long ago; says of how many."""
    left = Guild.objects.filter(bot_removed_at__lte=now - KEPT_AFTER_LEAVING).order_by("pk")
    return sum(_purge_guild(guild_id, now) for guild_id in list(left.values_list("pk", flat=True)))


@transaction.atomic
def _purge_guild(guild_id: int, now: datetime) -> bool:
    games = Game.objects.filter(guild_id=guild_id)
    list(games.order_by("pk").select_for_update().values_list("pk"))
    # Asked again under the lock: whoever invites the bot at this moment has everything, or begins anew.
    left = Guild.objects.select_for_update().filter(pk=guild_id, bot_removed_at__lte=now - KEPT_AFTER_LEAVING).first()
    if left is None:
        return False
    count = games.count()
    # Letters to an owner and test messages belong to no game.
    Notification.objects.filter(game=None, payload__contains=GuildPayload(guild_id).to_json()).delete()
    games.delete()
    for rows in (
        AuditEntry.objects.filter(guild_id=guild_id),
        GameTemplate.objects.filter(guild_id=guild_id),
        ChannelDefaults.objects.filter(channel__guild_id=guild_id),
        GuildDefaults.objects.filter(pk=guild_id),
    ):
        rows.delete()
    delete_guild(guild_id)
    log.info(
        "Deleted the server %s (%s) with %d games: the bot left it on %s.", left, left.pk, count, left.bot_removed_at
    )
    return True
