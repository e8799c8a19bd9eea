"""Rules for who may do what in a guild, shared by all entry points. Role ids come in as values."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import QuerySet

from gamesched.lib.compiled_query import CompiledQuery
from guilds.models import (
    ADMINISTRATOR,
    MANAGE_GUILD,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
    Block,
    Channel,
    Member,
    Role,
    User,
)

ALL_PERMISSIONS = -1  # every bit, also those that Discord may add
NO_OVERWRITE = (0, 0)
NOBODY = 0  # no person's id
BLOCKS_OF_USER = CompiledQuery(
    lambda guild_id, user_id, now: Block.objects.in_force(now).filter(guild_id=guild_id, user_id=user_id)
)
MEMBERSHIPS = CompiledQuery(
    lambda user_id: Member.objects.with_role_permissions().select_related("guild").filter(user_id=user_id, left_at=None)
)


MEMBERSHIP = CompiledQuery(
    lambda guild_id, user_id: (
        Member.objects.with_role_permissions()
        .select_related("guild", "user")
        .filter(guild_id=guild_id, user_id=user_id, left_at=None, guild__bot_removed_at=None)
    )
)


def get_membership(user: User, guild_id: int) -> Member | None:
    """Return the person's current membership; None for non-members and ex-members, or if the bot left the guild."""
    return MEMBERSHIP.first(guild_id, user.pk)


def guild_permissions(member: Member) -> int:
    """Return the guild-wide permission bits of a member: those of @everyone and of each of their roles."""
    if member.guild.owner_id == member.user_id:
        return ALL_PERMISSIONS
    bits = reduce(or_, member.role_permissions.values(), 0)
    return ALL_PERMISSIONS if bits & ADMINISTRATOR else bits


def channel_permissions(member: Member, channel: Channel) -> int:
    """Return the permission bits of a member in a channel; in a thread, those in its channel.

    0 means that the channel does not exist for them. https://discord.com/developers/docs/topics/permissions
    """
    bits = guild_permissions(member)
    if bits == ALL_PERMISSIONS:
        return bits
    return _with_overwrites(bits, channel, member.role_permissions, member.user_id)


def _with_overwrites(bits: int, channel: Channel, role_ids: Iterable[int], user_id: int) -> int:
    """Return what a channel's overwrites make of the guild-wide bits of somebody with these roles."""
    overwrites = {target: (allow, deny) for target, allow, deny in channel.settings_channel.overwrites}
    everyone = overwrites.get(channel.guild_id, NO_OVERWRITE)
    of_roles = [overwrites[role] for role in role_ids if role in overwrites and role != channel.guild_id]
    roles = (reduce(or_, (allow for allow, _ in of_roles), 0), reduce(or_, (deny for _, deny in of_roles), 0))
    # In this order: what a role is allowed wins over what another role is denied, and a person's own over both.
    for allow, deny in (everyone, roles, overwrites.get(user_id, NO_OVERWRITE)):
        bits = bits & ~deny | allow
    return bits if bits & VIEW_CHANNEL else 0


def may_view(member: Member, channel: Channel) -> bool:
    """Return whether the channel, and so a game announced there, exists for a member."""
    return bool(channel_permissions(member, channel) & VIEW_CHANNEL)


def may_write(member: Member, channel: Channel) -> bool:
    """Return whether Discord would let a member post there: a message, or in a forum a post of their own."""
    needed = SEND_MESSAGES_IN_THREADS if channel.parent_id else SEND_MESSAGES
    return bool(channel_permissions(member, channel) & needed)


def may_act(member: Member, now: datetime) -> bool:
    """Return whether Discord lets a member act: neither timed out, nor before the server's membership screening."""
    timed_out = member.timed_out_until is not None and member.timed_out_until > now
    return not (timed_out or member.pending) or guild_permissions(member) == ALL_PERMISSIONS


def roles_that_view(channel: Channel, roles: Mapping[int, int]) -> set[int]:
    """Return which of a guild's roles, given with their permissions, let a member with no other role view a channel."""
    return {role for role in roles if _view_with(channel, roles, role)}


def _view_with(channel: Channel, roles: Mapping[int, int], *own: int) -> bool:
    """Return whether somebody with these of a guild's roles, and no overwrite of their own, views a channel."""
    bits = reduce(or_, (roles[role] for role in own), roles.get(channel.guild_id, 0))
    return bool(bits & ADMINISTRATOR or _with_overwrites(bits, channel, own, NOBODY) & VIEW_CHANNEL)


def denies_somebody(channel: Channel, everyone: int) -> bool:
    """Return whether there may be members who cannot view a channel, given the guild-wide bits of @everyone."""
    denied = any(deny & VIEW_CHANNEL for _, _, deny in channel.settings_channel.overwrites)
    return denied or not everyone & (VIEW_CHANNEL | ADMINISTRATOR)


def people_that_view(channel: Channel, role_ids: Collection[int]) -> set[int]:
    """Return the ids that a channel's overwrites let view it and that are none of these roles: people."""
    overwrites = channel.settings_channel.overwrites
    return {target for target, allow, _ in overwrites if target not in role_ids and allow & VIEW_CHANNEL}


def denied_view(channel: Channel) -> set[int]:
    """Return the ids of the roles and people whom a channel's overwrites deny to view it."""
    return {target for target, shown in _shown_and_denied(channel).items() if not shown}


def shows_more_people(channel: Channel, other: Channel) -> bool:
    """Return whether somebody may view a channel and not another of the same guild."""
    return not viewed_by_all_of(channel, [other])


def viewed_by_all_of(channel: Channel, others: Collection[Channel]) -> set[int]:
    """Return which other channels of a guild everybody that may view `channel` may view too.

    People without an overwrite of their own may have any of the guild's roles. Takes two queries.
    """
    roles = dict(Role.objects.filter(guild=channel.guild_id, deleted_at=None).values_list("pk", "permissions"))
    named = {target for each in (channel, *others) for target in _shown_and_denied(each)} - roles.keys()
    known = Member.objects.with_role_permissions().select_related("guild") if named else Member.objects.none()
    members = {one.user_id: one for one in known.filter(guild=channel.guild_id, user__in=named, left_at=None)}
    found = set()
    for other in others:
        by_role = roles_view_both(channel, other, roles)
        if by_role and not any(_views_only(channel, other, pk, members.get(pk), roles) for pk in named):
            found.add(other.pk)
    return found


def _shown_and_denied(channel: Channel) -> dict[int, bool]:
    """Return the ids of roles and people whom a channel's overwrites let view it, or deny that."""
    overwrites = channel.settings_channel.overwrites
    return {target: bool(allow & VIEW_CHANNEL) for target, allow, deny in overwrites if (allow | deny) & VIEW_CHANNEL}


def roles_view_both(channel: Channel, other: Channel, roles: Mapping[int, int]) -> bool:
    """Return whether whoever views a channel by their roles views the other too.

    Two roles suffice for a difference: one that shows the channel, and one that is denied the other.
    """
    denied = denied_view(other) & roles.keys()
    return not any(
        _view_with(channel, roles, role, *more) and not _view_with(other, roles, role, *more)
        for role in roles_that_view(channel, roles)
        for more in ((), *((one,) for one in denied))
    )


def _views_only(
    channel: Channel, other: Channel, user_id: int, member: Member | None, roles: Mapping[int, int]
) -> bool:
    """Return whether a person whom an overwrite names may view a channel, and perhaps not the other."""
    if member is not None:
        return may_view(member, channel) and not may_view(member, other)
    # Nobody that the bot has met: they may have any roles.
    here, there = _shown_and_denied(channel).get(user_id), _shown_and_denied(other).get(user_id)
    if here is False or there is True:
        return False
    if there is False:
        return here is True or bool(roles_that_view(channel, roles))
    anybody = channel.guild_id in roles_that_view(other, roles) and not denied_view(other)
    return here is True and not anybody


def hidden_channel_ids(user: User, channels: QuerySet[Channel]) -> set[int]:
    """Return which of these channels a person may not view, in the guilds that they are a member of.

    Takes two queries, however many guilds and channels there are.
    """
    return hidden_from(MEMBERSHIPS.all(user.pk), channels)


def hidden_from(members: Iterable[Member], channels: QuerySet[Channel]) -> set[int]:
    """Return which of these channels a person may not view, given as a member of guilds. Takes one query."""
    of_guild = {member.guild_id: member for member in members}
    found = channels.filter(guild__in=of_guild).select_related("parent")
    return {channel.pk for channel in found if not may_view(of_guild[channel.guild_id], channel)}


def has_role(member: Member, role_ids: Iterable[int]) -> bool:
    """Return whether a member has one of the roles. Everyone has @everyone, whose id is the guild's.

    A role that Discord has deleted is nobody's, although members were last seen with it.
    """
    accepted = set(role_ids)
    held = accepted & {*member.role_ids}
    return member.guild_id in accepted or bool(held and held - member.deleted_role_ids)


def is_manager(member: Member, manager_role_ids: Iterable[int] = ()) -> bool:
    """Return whether a member may manage every game of the guild.

    These are its owner and those with Administrator or Manage Server. Manager roles add to these.
    """
    if has_role(member, manager_role_ids):
        return True
    return bool(guild_permissions(member) & (ADMINISTRATOR | MANAGE_GUILD))


def may_play(member: Member, player_role_ids: Iterable[int]) -> bool:
    """Return whether a member's roles let them sign up. With no role given, every member may."""
    wanted = tuple(player_role_ids)
    return not wanted or has_role(member, wanted)


def is_blocked(guild_id: int, user: User, now: datetime) -> bool:
    """Return whether the guild blocks this person from signing up at the moment."""
    return bool(BLOCKS_OF_USER.all(guild_id, user.pk, now))


def blocked_user_ids(guild_id: int, user_ids: Iterable[int], now: datetime) -> set[int]:
    """Return the ids of those people that the guild blocks from signing up at the moment."""
    blocks = Block.objects.in_force(now).filter(guild_id=guild_id, user__in=user_ids)
    return set(blocks.values_list("user_id", flat=True))
