"""Names and pictures of people and roles in one guild."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from gamesched.lib.compiled_query import CompiledQuery, CompiledSets
from guilds.models import Member, Role, User, avatar_url, member_avatar_url
from guilds.names import isolated, shown_name
from guilds.names import normalize_name as normalize_name


@dataclass(frozen=True)
class DisplayName:
    """Name and picture of a person in a guild. The name is isolated: it can stand in any sentence."""

    text: str
    avatar_url: str
    is_member: bool = True
    read_at: datetime | None = None  # when Discord last said so


def _name_rows(guild_id: int) -> QuerySet[Member, tuple[Any, ...]]:
    # Tuples instead of rows: a page names everybody in a game, and making two objects for each takes most of the time.
    return Member.objects.filter(guild_id=guild_id).values_list(
        *("user_id", "nick", "avatar", "left_at", "roles_read_at"),
        *("user__global_name", "user__handle", "user__avatar"),
    )


# Each post names its host.
NAME_OF_ONE = CompiledQuery(lambda guild_id, user_id: _name_rows(guild_id).filter(user_id=user_id))
NAMES = CompiledSets(lambda guild_ids, user_ids: _name_rows(*guild_ids).filter(user_id__in=user_ids))


def display_names(guild_id: int, user_ids: Iterable[int]) -> dict[int, DisplayName]:
    """Return names and pictures by user id, of people who left too. Takes two queries, however many ids."""
    ids = set(user_ids)
    rows = NAME_OF_ONE.all(guild_id, *ids) if len(ids) == 1 else NAMES.all([guild_id], ids)
    names = {
        user_id: DisplayName(
            shown_name(nick, global_name, handle, user_id=user_id),
            member_avatar_url(guild_id, user_id, avatar) if avatar else avatar_url(user_id, user_avatar),
            left_at is None,
            read_at,
        )
        for user_id, nick, avatar, left_at, read_at, global_name, handle, user_avatar in rows
    }
    strangers = ids - names.keys()
    for user in User.objects.filter(pk__in=strangers) if strangers else ():
        names[user.pk] = DisplayName(user.display_name, user.avatar_url, is_member=False)
    return names


def members_named(guild_id: int, names: Iterable[str], ids: Iterable[int] = ()) -> list[Member]:
    """Return members called by one of these names, as typed in lower case or normalized, or with one of these ids."""
    wanted = set(names)
    named = Q(low_nick__in=wanted) | Q(low_handle__in=wanted) | Q(low_name__in=wanted)
    members = Member.objects.filter(guild_id=guild_id, left_at=None).annotate(
        low_nick=Lower("nick"), low_handle=Lower("user__handle"), low_name=Lower("user__global_name")
    )
    return list(members.filter(named | Q(user_id__in=list(ids))).select_related("user"))


class DisplayNames:
    """What people are called in one guild, for one page: each is read once."""

    def __init__(self, guild_id: int) -> None:
        self._guild_id = guild_id
        self._known: dict[int, DisplayName] = {}

    def read(self, user_ids: Iterable[int]) -> Mapping[int, DisplayName]:
        """Return names and pictures of these users, and of all read before."""
        if missing := set(user_ids) - self._known.keys():
            self._known |= display_names(self._guild_id, missing)
        return self._known

    def read_before(self, at: datetime) -> list[tuple[int, int]]:
        """Return (guild, user) of the members among all read of whom Discord has said nothing since, oldest first."""
        aged = {pk: one.read_at for pk, one in self._known.items() if one.is_member}
        never = datetime.max.replace(tzinfo=UTC)
        old = sorted((read_at or never, pk) for pk, read_at in aged.items() if read_at is None or read_at <= at)
        return [(self._guild_id, pk) for _, pk in old]


def role_names(guild_id: int, role_ids: Iterable[int]) -> list[str]:
    """Return names of the roles that still exist, the highest first."""
    roles = Role.objects.filter(guild_id=guild_id, pk__in=list(role_ids), deleted_at=None)
    return [isolated(name) for name in roles.values_list("name", flat=True)]
