"""Computes permissions: https://discord.com/developers/docs/topics/permissions#permission-overwrites"""

from enum import IntFlag

from gamesched.local_discord.state.entities import STAGE, VOICE, Channel, Guild, Member, Role


class Permission(IntFlag):
    """The permission bits that the local Discord checks."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    CREATE_EVENTS = 1 << 44
    PIN_MESSAGES = 1 << 51
    BYPASS_SLOWMODE = 1 << 52


ALL_PERMISSIONS = (1 << 53) - 1

EVERYONE_PERMISSIONS = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.ADD_REACTIONS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
BOT_PERMISSIONS = EVERYONE_PERMISSIONS | int(Permission.MENTION_EVERYONE | Permission.CREATE_EVENTS)
ORGANISER_PERMISSIONS = int(Permission.MANAGE_MESSAGES | Permission.MANAGE_EVENTS | Permission.MENTION_EVERYONE)
DM_PERMISSIONS = EVERYONE_PERMISSIONS | int(Permission.PIN_MESSAGES)
READING = int(Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
# What nobody has in a voice channel that they may not enter: CONNECT denied denies MANAGE_CHANNELS and others too.
CHANGING = int(
    Permission.MANAGE_CHANNELS
    | Permission.MANAGE_ROLES
    | Permission.SPEAK
    | Permission.MUTE_MEMBERS
    | Permission.DEAFEN_MEMBERS
    | Permission.MOVE_MEMBERS
)


def may_only_read(member: Member, now: float) -> bool:
    """Return whether a member is timed out, or has not passed the guild's membership screening.

    Owners and administrators are exempt from both: `guild_permissions`.
    """
    return member.pending or (member.timed_out_until or 0.0) > now


def guild_permissions(guild: Guild, user_id: int, now: float) -> int:
    """Return a member's permission bits without channel overwrites; 0 for non-members."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if guild.owner_id == user_id:
        return ALL_PERMISSIONS
    bits = guild.roles[guild.id].permissions
    for role_id in member.roles:
        if role_id in guild.roles:
            bits |= guild.roles[role_id].permissions
    if bits & Permission.ADMINISTRATOR:
        return ALL_PERMISSIONS
    return bits & READING if may_only_read(member, now) else bits


def channel_permissions(guild: Guild | None, channel: Channel, user_id: int, now: float) -> int:
    """Return a person's permission bits in a channel; 0 if they cannot see it."""
    if guild is None:
        return DM_PERMISSIONS if user_id in channel.recipients else 0
    if user_id not in guild.members:
        return 0
    bits = guild_permissions(guild, user_id, now)
    if bits == ALL_PERMISSIONS:
        return bits
    overwrites = {overwrite.id: overwrite for overwrite in channel.overwrites}
    if everyone := overwrites.get(guild.id):
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in guild.members[user_id].roles:
        if role := overwrites.get(role_id):
            allow |= role.allow
            deny |= role.deny
    bits = bits & ~deny | allow
    if member_overwrite := overwrites.get(user_id):
        bits = bits & ~member_overwrite.deny | member_overwrite.allow
    if may_only_read(guild.members[user_id], now):
        bits &= READING  # an overwrite gives nothing back
    if channel.type in (VOICE, STAGE) and not bits & Permission.CONNECT:
        bits &= ~CHANGING
    return bits if bits & Permission.VIEW_CHANNEL else 0


def outranks_role(guild: Guild, user_id: int, role: Role) -> bool:
    """Return whether a member is above a role, and so may change, give and take it."""
    if user_id == guild.owner_id:
        return True
    return _highest_position(guild, user_id) > role.position


def outranks(guild: Guild, user_id: int, other_id: int) -> bool:
    """Return whether a member may act on another: the highest role decides, and no one may act on the owner."""
    if other_id == guild.owner_id:
        return False
    return user_id == guild.owner_id or _highest_position(guild, user_id) > _highest_position(guild, other_id)


def _highest_position(guild: Guild, user_id: int) -> int:
    role_ids = guild.members[user_id].roles
    return max((guild.roles[each].position for each in role_ids if each in guild.roles), default=0)


def permissions_by_name(names: list[str]) -> int:
    """Return the bits of permissions given by name. Raise KeyError for an unknown name."""
    bits = 0
    for name in names:
        bits |= Permission[name.upper()]
    return bits
