"""Roles and channels deleted in Discord: what named them falls back up the chain, and that is written down."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from games.actions.levels import apply, unsettled, write_down
from games.actions.planning import Actor
from games.actions.settling import begun, follow, in_step, locked_games, settle
from games.levels import ChannelDefaults, GameTemplate, GuildDefaults
from guilds.models import Role

IN_DISCORD = Actor(None, "discord")
OF_GAMES = ("player_role_ids", "notify_role_ids")
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
