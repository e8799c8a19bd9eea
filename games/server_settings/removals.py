"""Cleaning up after what was deleted in Discord.

Settings that name deleted roles or channels inherit again, and the audit log shows it. The data of guilds that
the bot left is deleted after a while.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from games.core.base import DISCORD_ACTOR, lock_guild
from games.core.codes import AuditAction
from games.core.freezing import locked_layer, mend_settings
from games.core.payloads import GuildPayload
from games.core.settings import GAME_SETTINGS, ROLE_SETTINGS
from games.models import Agenda, AuditEntry, Game, GameTemplate, PersonNote, TimePoll
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings.actions import apply_to_games, inheriting_games, record_settings_change, stored_layer
from games.server_settings.rules import KEPT_AFTER_LEAVING
from guilds.directory.upsert import delete_guild
from guilds.models import Guild, Role
from notifications.models import Notification

log = logging.getLogger(__name__)

GAME_ROLE_SETTINGS = tuple(name for name in ROLE_SETTINGS if name in GAME_SETTINGS)
GUILD_ROLE_SETTINGS = ("manager_role_ids", "pingable_role_ids")


def clean_up_deleted(guild_ids: Collection[int], now: datetime) -> int:
    """Remove what freshly synced guilds no longer have from all settings; return how many rows changed."""
    return remove_deleted_roles(guild_ids, now) + mend_settings(now, guild_ids)


def remove_deleted_roles(guild_ids: Collection[int], now: datetime) -> int:
    """Remove these guilds' deleted roles from every setting; a layer's setting with no role left inherits.

    Discord never reuses a role's id, so nothing is lost that could come back. Returns how many layers changed. Takes
    two statements where no setting names one.
    """
    deleted = Role.objects.filter(guild__in=guild_ids, deleted_at__isnull=False)
    role_ids = list(deleted.values_list("pk", flat=True))
    return sum(_remove_deleted_roles(guild_id, now) for guild_id in _guilds_naming(role_ids)) if role_ids else 0


def _guilds_naming(role_ids: list[int]) -> list[int]:
    """Return the ids of the guilds in whose settings one of the roles is named."""

    def naming(names: Iterable[str]) -> Q:
        return Q(*((f"{name}__overlap", role_ids) for name in names), _connector=Q.OR)

    guilds = GuildDefaults.objects.filter(naming((*ROLE_SETTINGS, *GUILD_ROLE_SETTINGS))).values_list("guild_id")
    return sorted(
        guild_id
        for (guild_id,) in guilds.union(
            ChannelDefaults.objects.filter(naming(ROLE_SETTINGS)).values_list("channel__guild_id"),
            GameTemplate.objects.filter(naming(ROLE_SETTINGS), deleted_at=None).order_by().values_list("guild_id"),
            Game.objects.filter(naming(GAME_ROLE_SETTINGS), settings_frozen_at=None).values_list("guild_id"),
        )
    )


@transaction.atomic
def _remove_deleted_roles(guild_id: int, now: datetime) -> int:
    deleted_roles = {role.pk: role.name for role in Role.objects.filter(guild_id=guild_id, deleted_at__isnull=False)}
    naming_deleted = Q()
    for name in GAME_ROLE_SETTINGS:
        naming_deleted |= Q(**{f"{name}__overlap": list(deleted_roles)})
    games, rows = locked_layer(inheriting_games(guild_id), lambda: _locked_layers_naming(guild_id, set(deleted_roles)))

    def save() -> None:
        for row, fields in rows:
            dropped: set[int] = set()
            for field in fields:
                left = [role for role in getattr(row, field) if role not in deleted_roles]
                dropped |= set(getattr(row, field)) - set(left)
                setattr(row, field, left or ([] if field in GUILD_ROLE_SETTINGS else None))
            row.edit_version += 1
            row.save(update_fields=[*fields, "edit_version"])
            names = sorted(deleted_roles[role] for role in dropped)
            record_settings_change(
                guild_id, AuditAction.ROLE_DELETED, stored_layer(row), {"roles": names}, DISCORD_ACTOR, now
            )
        for game in inheriting_games(guild_id).filter(naming_deleted, pk__in=[g.pk for g in games]).order_by("pk"):
            for field in GAME_ROLE_SETTINGS:
                named = getattr(game, field)
                if named and set(named) & set(deleted_roles):
                    setattr(game, field, [role for role in named if role not in deleted_roles] or None)
            game.drop_cached_settings()
            game.save(update_fields=list(GAME_ROLE_SETTINGS))

    apply_to_games(games, save, now)
    return len(rows)


def _locked_layers_naming(guild_id: int, role_ids: set[int]) -> list[tuple[Any, list[str]]]:
    """Lock a guild and all its layers, its own first, and return those that name one of the roles."""
    lock_guild(guild_id)
    list(GuildDefaults.objects.select_for_update(no_key=True).filter(pk=guild_id).values_list("pk"))
    for layers in (
        ChannelDefaults.objects.filter(channel__guild_id=guild_id),
        GameTemplate.objects.filter(guild_id=guild_id, deleted_at=None),
    ):
        list(layers.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))
    return list(_layers_naming(guild_id, role_ids))


def _layers_naming(guild_id: int, role_ids: set[int]) -> Iterator[tuple[Any, list[str]]]:
    """Yield each layer of the guild that names one of the roles, with those settings."""
    channels = ChannelDefaults.objects.filter(channel__guild_id=guild_id).order_by("pk")
    templates = GameTemplate.objects.filter(guild_id=guild_id, deleted_at=None).order_by("pk")
    layers: list[tuple[Any, tuple[str, ...]]] = [
        *((row, (*ROLE_SETTINGS, *GUILD_ROLE_SETTINGS)) for row in GuildDefaults.objects.filter(pk=guild_id)),
        *((row, ROLE_SETTINGS) for row in channels),
        *((row, ROLE_SETTINGS) for row in templates),
    ]
    for row, names in layers:
        fields = [name for name in names if set(getattr(row, name) or ()) & role_ids]
        if fields:
            yield row, fields


# --- guilds ------------------------------------------------------------------------------------------------


def purge_departed_guilds(now: datetime) -> int:
    """Delete all data of guilds that the bot left long enough ago; return how many guilds."""
    left = Guild.objects.filter(bot_removed_at__lte=now - KEPT_AFTER_LEAVING).order_by("pk")
    return sum(_purge_guild(guild_id, now) for guild_id in list(left.values_list("pk", flat=True)))


@transaction.atomic
def _purge_guild(guild_id: int, now: datetime) -> bool:
    games = Game.objects.filter(guild_id=guild_id)
    list(games.order_by("pk").select_for_update().values_list("pk"))
    # Checked again under the lock: whoever invites the bot at this moment keeps everything, or starts anew.
    left = Guild.objects.select_for_update().filter(pk=guild_id, bot_removed_at__lte=now - KEPT_AFTER_LEAVING).first()
    if left is None:
        return False
    count = games.count()
    # Welcome messages, channel tests and what concerns polls and agendas belong to no game.
    Notification.objects.filter(game=None, payload__contains=GuildPayload(guild_id).to_json()).delete()
    games.delete()
    for rows in (
        TimePoll.objects.filter(guild_id=guild_id),
        Agenda.objects.filter(guild_id=guild_id),
        PersonNote.objects.filter(guild_id=guild_id),
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
