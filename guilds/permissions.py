"""Rules for who may do what in a guild, shared by all entry points. Role ids come in as values."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from guilds.models import ADMINISTRATOR, MANAGE_GUILD, Block, Member, Role, User


def get_membership(user: User, guild_id: int) -> Member | None:
    """Return the person's current membership; None for non-members and ex-members, or if the bot left the guild."""
    return (
        Member.objects.select_related("guild", "user")
        .filter(guild_id=guild_id, user=user, left_at=None, guild__gone_at=None)
        .first()
    )


def guild_permissions(member: Member) -> int:
    """Return the guild-wide permission bits of a member: those of @everyone and of each of their roles."""
    bits = 0
    roles = Role.objects.filter(pk__in=[member.guild_id, *member.role_ids], guild_id=member.guild_id, gone_at=None)
    for role_bits in roles.values_list("permissions", flat=True):
        bits |= role_bits
    return bits


def has_role(member: Member, role_ids: Iterable[int]) -> bool:
    """Return whether a member has one of the roles. Everyone has @everyone, whose id is the guild's."""
    accepted = set(role_ids)
    return member.guild_id in accepted or not accepted.isdisjoint(member.role_ids)


def is_manager(member: Member, manager_role_ids: Iterable[int] = ()) -> bool:
    """Return whether a member may manage every game of the guild.

    These are its owner and those with Administrator or Manage Server. Manager roles add to these.
    """
    if member.guild.owner_id == member.user_id or has_role(member, manager_role_ids):
        return True
    return bool(guild_permissions(member) & (ADMINISTRATOR | MANAGE_GUILD))


def may_play(member: Member, player_role_ids: Iterable[int]) -> bool:
    """Return whether a member's roles let them sign up. With no role given, every member may."""
    wanted = tuple(player_role_ids)
    return not wanted or has_role(member, wanted)


def is_blocked(guild_id: int, user: User, now: datetime) -> bool:
    """Return whether the guild blocks this person from signing up at the moment."""
    return bool(blocked_user_ids(guild_id, [user.pk], now))


def blocked_user_ids(guild_id: int, user_ids: Iterable[int], now: datetime) -> set[int]:
    """Return the ids of those people that the guild blocks from signing up at the moment."""
    in_force = Q(until=None) | Q(until__gt=now)
    blocks = Block.objects.filter(in_force, guild_id=guild_id, user__in=user_ids)
    return set(blocks.values_list("user_id", flat=True))
