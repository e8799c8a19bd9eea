"""Names and pictures of people and roles in one guild."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from gamesched.lib.compiled_query import CompiledQuery
from guilds.models import Member, Role, User, avatar_url, member_avatar_url
from guilds.names import isolated, shown_name
from guilds.names import normalize_name as normalize_name


@dataclass(frozen=True)
class DisplayName:
    """Name and picture of a person in a guild. The name is isolated: it can stand in any sentence."""

    text: str
    avatar_url: str
    is_member: bool = True


def _name_rows(guild_id: int) -> QuerySet[Member, tuple[Any, ...]]:
    # Tuples instead of rows: a page names everybody in a game, and making two objects for each takes most of the time.
    return Member.objects.filter(guild_id=guild_id).values_list(
        "user_id", "nick", "avatar", "left_at", "user__global_name", "user__handle", "user__avatar"
    )


# Each post names its host.
NAME_OF_ONE = CompiledQuery(lambda guild_id, user_id: _name_rows(guild_id).filter(user_id=user_id))


def display_names(guild_id: int, user_ids: Iterable[int]) -> dict[int, DisplayName]:
    """Return names and pictures by user id, of people who left too. Takes two queries, however many ids."""
    ids = set(user_ids)
    rows = NAME_OF_ONE.all(guild_id, *ids) if len(ids) == 1 else _name_rows(guild_id).filter(user_id__in=ids)
    names = {
        user_id: DisplayName(
            shown_name(nick, global_name, handle, user_id=user_id),
            member_avatar_url(guild_id, user_id, avatar) if avatar else avatar_url(user_id, user_avatar),
            left_at is None,
        )
        for user_id, nick, avatar, left_at, global_name, handle, user_avatar in rows
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


def role_names(guild_id: int, role_ids: Iterable[int]) -> list[str]:
    """Return names of the roles that still exist, the highest first."""
    roles = Role.objects.filter(guild_id=guild_id, pk__in=list(role_ids), deleted_at=None)
    return [isolated(name) for name in roles.values_list("name", flat=True)]
