"""What people are called, in one guild."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from guilds.models import Member, Role, User


@dataclass(frozen=True)
class DisplayName:
    """How a person appears in a guild."""

    text: str
    avatar_url: str


def normalize_name(text: str) -> str:
    """A name as it is compared: whatever its case, its width or how its accents were typed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def display_names(guild_id: int, user_ids: Iterable[int]) -> dict[int, DisplayName]:
    """Names and pictures by user id, those of people who have left included. Two queries, however many."""
    ids = set(user_ids)
    names = {
        member.user_id: DisplayName(member.display_name, member.avatar_url)
        for member in Member.objects.filter(guild_id=guild_id, user_id__in=ids).select_related("user")
    }
    for user in User.objects.filter(pk__in=ids - names.keys()):
        names[user.pk] = DisplayName(user.display_name, user.avatar_url)
    return names


def role_names(guild_id: int, role_ids: Iterable[int]) -> list[str]:
    """Names of roles that there still are, the highest first."""
    roles = Role.objects.filter(guild_id=guild_id, pk__in=list(role_ids), deleted_at=None)
    return list(roles.values_list("name", flat=True))
