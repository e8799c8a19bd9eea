"""Names and pictures of people and roles in one guild."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guilds.models import Member, Role, User


@dataclass(frozen=True)
class DisplayName:
    """Name and picture of a person in a guild."""

    text: str
    avatar_url: str
    is_member: bool = True


def normalize_name(text: str) -> str:
    """Return a name for comparison, without differences of case, width or accent encoding."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def display_names(guild_id: int, user_ids: Iterable[int]) -> dict[int, DisplayName]:
    """Return names and pictures by user id, of people who left too. Takes two queries, however many ids."""
    ids = set(user_ids)
    names = {
        member.user_id: DisplayName(member.display_name, member.avatar_url, member.left_at is None)
        for member in Member.objects.filter(guild_id=guild_id, user_id__in=ids).select_related("user")
    }
    for user in User.objects.filter(pk__in=ids - names.keys()):
        names[user.pk] = DisplayName(user.display_name, user.avatar_url, is_member=False)
    return names


class DisplayNames:
    """What people are called in one guild, for one page: each is read once."""

    def __init__(self, guild_id: int) -> None:
        self._guild_id = guild_id
        self._known: dict[int, DisplayName] = {}

    def read(self, user_ids: Iterable[int]) -> Mapping[int, DisplayName]:
        """Names and pictures of these people, with those read before."""
        if missing := set(user_ids) - self._known.keys():
            self._known |= display_names(self._guild_id, missing)
        return self._known


def role_names(guild_id: int, role_ids: Iterable[int]) -> list[str]:
    """Return names of the roles that still exist, the highest first."""
    roles = Role.objects.filter(guild_id=guild_id, pk__in=list(role_ids), gone_at=None)
    return list(roles.values_list("name", flat=True))
