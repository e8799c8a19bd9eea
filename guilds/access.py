"""Who may do what in a guild. One answer to "may this person", asked by every door."""

from guilds.models import ADMINISTRATOR, MANAGE_GUILD, Member, Role, User


def membership(user: User, guild_id: int) -> Member | None:
    """The person's current membership; None for a stranger, an ex-member, or a guild that the bot left."""
    return (
        Member.objects.select_related("guild", "user")
        .filter(guild_id=guild_id, user=user, left_at=None, guild__gone_at=None)
        .first()
    )


def permissions(member: Member) -> int:
    """The guild-wide permission bits of a member: those of @everyone and of each of their roles."""
    bits = 0
    roles = Role.objects.filter(pk__in=[member.guild_id, *member.role_ids], guild_id=member.guild_id, gone_at=None)
    for role_bits in roles.values_list("permissions", flat=True):
        bits |= role_bits
    return bits


def is_manager(member: Member) -> bool:
    """Whether a member may manage every game of the guild: its owner, Administrator, or Manage Server."""
    if member.guild.owner_id == member.user_id:
        return True
    return bool(permissions(member) & (ADMINISTRATOR | MANAGE_GUILD))
