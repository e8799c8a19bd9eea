"""What a person is in a guild, with the guild's own settings taken into account."""

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
    """A current member, and what the guild's settings make of them."""

    member: Member
    manager_role_ids: tuple[int, ...]

    @property
    def manages(self) -> bool:
        return permissions.is_manager(self.member, self.manager_role_ids)

    def may_host(self, host_role_ids: tuple[int, ...]) -> bool:
        return permissions.may_host(self.member, host_role_ids, self.manager_role_ids)


def guild_permissions(user: User, guild_id: int) -> GuildPermissions | None:
    """How a person stands in a guild; None for whom it does not exist."""
    member = permissions.get_membership(user, guild_id)
    if member is None:
        return None
    return GuildPermissions(member, _manager_roles(guild_id))


def manages(user: User, guild_id: int) -> bool:
    """Whether a person manages the guild now."""
    permissions = guild_permissions(user, guild_id)
    return permissions is not None and permissions.manages


def with_role_refresh(user: User, guild_id: int, check: Callable[[], bool]) -> bool:
    """Whether a person has a right, which nobody is denied before their roles were read at all."""
    return check() or (fetch_roles_if_unknown(guild_id, user.pk) and check())


def may_schedule(user: User, guild_id: int) -> bool:
    """Whether some level lets a person schedule there; which kind of game is for the verb to judge."""
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
    """Whether a person names members in forms there: they may schedule, or host a game already."""
    if may_schedule(user, guild_id):
        return True
    return Game.objects.filter(guild_id=guild_id).filter(Q(host=user) | Q(cohosts=user)).exists()


def managed_guild_ids(user: User) -> set[int]:
    """The guilds that a person manages now, asked anew each time: never a stored right."""
    guild_ids = set()
    for guild_id in Guild.objects.visible_to(user).values_list("pk", flat=True):
        if manages(user, guild_id):
            guild_ids.add(guild_id)
    return guild_ids


def visible_to(user: User) -> GameQuerySet:
    """The games that exist for a person, those among them that players do not see yet: the one answer for all doors."""
    hidden = Game.objects.filter(announced_at=None, guild__in=Guild.objects.visible_to(user).order_by().values("pk"))
    where = hidden.order_by().values_list("guild_id", flat=True).distinct()
    games: GameQuerySet = Game.objects.visible_to_member(
        user, [guild_id for guild_id in where if manages(user, guild_id)]
    )
    return games


def _manager_roles(guild_id: int) -> tuple[int, ...]:
    defaults = GuildDefaults.objects.filter(pk=guild_id).values_list("manager_role_ids", flat=True).first()
    return tuple(defaults or ())
