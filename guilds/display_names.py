"""What people are called, in one guild."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from guilds.models import Member, Role, User


@dataclass(frozen=True)
class Name:
    """How a person appears in a guild."""

    text: str
    avatar_url: str


def fold(text: str) -> str:
    """A name as it is compared: whatever its case, its width or how its accents were typed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def names_in(guild_id: int, user_ids: Iterable[int]) -> dict[int, Name]:
    """Names and pictures by user id, those of people who have left included. Two queries, however many."""
    wanted = set(user_ids)
    found = {
        member.user_id: Name(member.display_name, member.avatar_url)
        for member in Member.objects.filter(guild_id=guild_id, user_id__in=wanted).select_related("user")
    }
    for user in User.objects.filter(pk__in=wanted - found.keys()):
        found[user.pk] = Name(user.display_name, user.avatar_url)
    return found


def role_names(guild_id: int, role_ids: Iterable[int]) -> list[str]:
    """Names of roles that there still are, the highest first."""
    roles = Role.objects.filter(guild_id=guild_id, pk__in=list(role_ids), gone_at=None)
    return list(roles.values_list("name", flat=True))
