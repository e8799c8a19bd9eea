"""A user's permissions in a guild, with the guild's own settings taken into account."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from games.models import Game, GameQuerySet, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from guilds import permissions
from guilds.directory.lookup import fetch_roles_if_unknown
from guilds.models import Guild, Member, User


@dataclass(frozen=True)
class GuildPermissions:
    """A current member, with the permissions that the guild's settings give them."""

    member: Member
    manager_role_ids: tuple[int, ...]

    @property
    def manages(self) -> bool:
        return permissions.is_manager(self.member, self.manager_role_ids)

    def may_host(self, host_role_ids: tuple[int, ...]) -> bool:
        return permissions.may_host(self.member, host_role_ids, self.manager_role_ids)


def guild_permissions(user: User, guild_id: int) -> GuildPermissions | None:
    """Return a user's permissions in a guild; None for non-members."""
    member = permissions.get_membership(user, guild_id)
    if member is None:
        return None
    return GuildPermissions(member, _manager_roles(guild_id))


def manages(user: User, guild_id: int) -> bool:
    """Return whether the user manages the guild now."""
    permissions = guild_permissions(user, guild_id)
    return permissions is not None and permissions.manages


def with_role_refresh(user: User, guild_id: int, check: Callable[[], bool]) -> bool:
    """Return whether the check passes; if not, read roles that were never read and check again.

    Nobody is refused because their roles are still unknown.
    """
    return check() or (fetch_roles_if_unknown(guild_id, user.pk) and check())


def may_schedule(user: User, guild_id: int) -> bool:
    """Return whether some layer lets the user schedule there; the action checks the kind of game."""
    permissions = guild_permissions(user, guild_id)
    if permissions is None:
        return False
    layers = (
        GuildDefaults.objects.filter(pk=guild_id),
        ChannelDefaults.objects.filter(channel__guild_id=guild_id),
        GameTemplate.objects.filter(guild_id=guild_id, deleted_at=None),
    )
    roles = {role for rows in layers for ids in rows.values_list("host_role_ids", flat=True) for role in ids or ()}
    return permissions.may_host(tuple(roles))


def may_search_members(user: User, guild_id: int) -> bool:
    """Return whether the user may look up members in forms: those who may schedule, and current hosts."""
    if may_schedule(user, guild_id):
        return True
    return Game.objects.filter(guild_id=guild_id).filter(Q(host=user) | Q(cohosts=user)).exists()


def managed_guild_ids(user: User) -> set[int]:
    """Return the guilds that the user manages now; the right is never stored, so it is checked each time."""
    guild_ids = set()
    for guild_id in Guild.objects.visible_to(user).values_list("pk", flat=True):
        if manages(user, guild_id):
            guild_ids.add(guild_id)
    return guild_ids


def visible_to(user: User) -> GameQuerySet:
    """Return the games that the user may see, hidden ones that they manage included; all entry points use this."""
    hidden = Game.objects.filter(announced_at=None, guild__in=Guild.objects.visible_to(user).order_by().values("pk"))
    where = hidden.order_by().values_list("guild_id", flat=True).distinct()
    games: GameQuerySet = Game.objects.visible_to_member(
        user, [guild_id for guild_id in where if manages(user, guild_id)]
    )
    return games


def _manager_roles(guild_id: int) -> tuple[int, ...]:
    defaults = GuildDefaults.objects.filter(pk=guild_id).values_list("manager_role_ids", flat=True).first()
    return tuple(defaults or ())
