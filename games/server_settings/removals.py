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

from games.core.base import Actor
from games.core.freezing import begun, follow, in_step, locked_games, settle
from games.models import AuditEntry, Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings.actions import apply, unsettled, write_down
from games.server_settings.rules import KEPT_AFTER_LEAVING
from guilds.directory.upsert import delete_guild
from guilds.models import Guild, Role
from notifications.models import Notification

log = logging.getLogger(__name__)

IN_DISCORD = Actor(None, "discord")
OF_GAMES = ("player_role_ids", "notify_role_ids", "priority_role_ids")
OF_LEVELS = (*OF_GAMES, "host_role_ids")
OF_GUILDS = ("manager_role_ids", "pingable_role_ids")


def catch_up(guild_id: int, now: datetime) -> int:
    """After a guild was written down anew: nothing names what it no longer has. Says how many rows that changed."""
    return forget_roles(guild_id, now) + leave_channels(guild_id, now)


@transaction.atomic
def forget_roles(guild_id: int, now: datetime) -> int:
    """Take deleted roles out of every setting; where none is left, the level says nothing and inherits.

    Discord never gives a role's id again, so nothing is lost that could come back.
    """
    gone = {role.pk: role.name for role in Role.objects.filter(guild_id=guild_id, gone_at__isnull=False)}
    own = Q(player_role_ids__overlap=list(gone)) | Q(notify_role_ids__overlap=list(gone))
    if not gone or not (any(_naming(guild_id, set(gone))) or unsettled(guild_id).filter(own).exists()):
        return 0
    games = locked_games(unsettled(guild_id))
    rows = list(_naming(guild_id, set(gone)))

    def save() -> None:
        for row, fields in rows:
            dropped: set[int] = set()
            for field in fields:
                left = [role for role in getattr(row, field) if role not in gone]
                dropped |= set(getattr(row, field)) - set(left)
                setattr(row, field, left or ([] if field in OF_GUILDS else None))
            row.edition += 1
            row.save(update_fields=[*fields, "edition"])
            names = sorted(gone[role] for role in dropped)
            write_down(guild_id, "role_gone", str(row), {"roles": names}, IN_DISCORD, now)
        for game in unsettled(guild_id).filter(own, pk__in=[g.pk for g in games]).order_by("pk"):
            for field in OF_GAMES:
                named = getattr(game, field)
                if named and set(named) & set(gone):
                    setattr(game, field, [role for role in named if role not in gone] or None)
            game.save(update_fields=list(OF_GAMES))

    apply(games, save, now)
    return len(rows)


def _naming(guild_id: int, gone: set[int]) -> Iterator[tuple[Any, list[str]]]:
    """Each level of the guild that names one of the roles, with the settings that do."""
    levels: list[tuple[Any, tuple[str, ...]]] = [
        *((row, (*OF_LEVELS, *OF_GUILDS)) for row in GuildDefaults.objects.filter(pk=guild_id)),
        *((row, OF_LEVELS) for row in ChannelDefaults.objects.filter(channel__guild_id=guild_id).order_by("pk")),
        *((row, OF_LEVELS) for row in GameTemplate.objects.filter(guild_id=guild_id, gone_at=None).order_by("pk")),
    ]
    for row, names in levels:
        fields = [name for name in names if set(getattr(row, name) or ()) & gone]
        if fields:
            yield row, fields


@transaction.atomic
def leave_channels(guild_id: int, now: datetime) -> int:
    """Games in a deleted channel no longer have its settings: those begun keep them, those to come follow."""
    of_channel = Q(channel__defaults__isnull=False) | Q(channel__parent__defaults__isnull=False)
    below = unsettled(guild_id).filter(of_channel, channel__gone_at__isnull=False)
    ids = list(below.values_list("pk", flat=True))
    followed = 0
    for game in locked_games(unsettled(guild_id).filter(pk__in=ids)) if ids else []:
        if begun(game, now):
            # What held when it began: the channel was there then.
            game.channel.gone_at = None
            settle(game, now)
        elif not in_step(game, now):
            follow(game, now)
            followed += 1
    return followed


# --- guilds ------------------------------------------------------------------------------------------------


def forget_guilds(now: datetime) -> int:
    """Delete everything of the guilds that the bot left so long ago; says of how many."""
    left = Guild.objects.filter(gone_at__lte=now - KEPT_AFTER_LEAVING).order_by("pk")
    return sum(_forget(guild_id, now) for guild_id in list(left.values_list("pk", flat=True)))


@transaction.atomic
def _forget(guild_id: int, now: datetime) -> bool:
    games = Game.objects.filter(guild_id=guild_id)
    list(games.order_by("pk").select_for_update().values_list("pk"))
    # Asked again under the lock: whoever invites the bot at this moment has everything, or begins anew.
    left = Guild.objects.select_for_update().filter(pk=guild_id, gone_at__lte=now - KEPT_AFTER_LEAVING).first()
    if left is None:
        return False
    count = games.count()
    # Letters to an owner and test messages belong to no game.
    Notification.objects.filter(game=None, facts__guild=str(guild_id)).delete()
    games.delete()
    for rows in (
        AuditEntry.objects.filter(guild_id=guild_id),
        GameTemplate.objects.filter(guild_id=guild_id),
        ChannelDefaults.objects.filter(channel__guild_id=guild_id),
        GuildDefaults.objects.filter(pk=guild_id),
    ):
        rows.delete()
    delete_guild(guild_id)
    log.info("Deleted the server %s (%s) with %d games: the bot left it on %s.", left, left.pk, count, left.gone_at)
    return True
