"""Who may do what in a guild. One answer to "may this person", asked by every door; role ids come in as values."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from guilds.models import ADMINISTRATOR, MANAGE_GUILD, Block, Member, Role, User


def get_membership(user: User, guild_id: int) -> Member | None:
    """The person's current membership; None for a stranger, an ex-member, or a guild that the bot left."""
    return (
        Member.objects.select_related("guild", "user")
        .filter(guild_id=guild_id, user=user, left_at=None, guild__bot_removed_at=None)
        .first()
    )


def guild_permissions(member: Member) -> int:
    """The guild-wide permission bits of a member: those of @everyone and of each of their roles."""
    bits = 0
    roles = Role.objects.filter(pk__in=[member.guild_id, *member.role_ids], guild_id=member.guild_id, deleted_at=None)
    for role_bits in roles.values_list("permissions", flat=True):
        bits |= role_bits
    return bits


def has_role(member: Member, role_ids: Iterable[int]) -> bool:
    """Whether a member has one of the roles; everybody has @everyone, whose id is the guild's."""
    accepted = set(role_ids)
    return member.guild_id in accepted or not accepted.isdisjoint(member.role_ids)


def is_manager(member: Member, manager_role_ids: Iterable[int] = ()) -> bool:
    """Whether a member may manage every game of the guild.

    Its owner, Administrator, Manage Server; the guild's manager roles add to these and never replace them.
    """
    if member.guild.owner_id == member.user_id or has_role(member, manager_role_ids):
        return True
    return bool(guild_permissions(member) & (ADMINISTRATOR | MANAGE_GUILD))


def may_play(member: Member, player_role_ids: Iterable[int]) -> bool:
    """Whether a member's roles let them sign up; with no role named, every member's do."""
    wanted = tuple(player_role_ids)
    return not wanted or has_role(member, wanted)


def may_host(member: Member, host_role_ids: Iterable[int], manager_role_ids: Iterable[int]) -> bool:
    """Whether a member may schedule; with no role named, only managers may."""
    return has_role(member, host_role_ids) or is_manager(member, manager_role_ids)


def is_blocked(guild_id: int, user: User, now: datetime) -> bool:
    """Whether the guild does not let this person sign up at the moment."""
    return bool(blocked_user_ids(guild_id, [user.pk], now))


def blocked_user_ids(guild_id: int, user_ids: Iterable[int], now: datetime) -> set[int]:
    """Those of these people whom the guild does not let sign up at the moment."""
    in_force = Q(until=None) | Q(until__gt=now)
    blocks = Block.objects.filter(in_force, guild_id=guild_id, user__in=user_ids)
    return set(blocks.values_list("user_id", flat=True))
