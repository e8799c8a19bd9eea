"""A guild's people, as its managers see them: what they played, missed and left late, blocks and notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from games.core.permissions import Viewer
from games.models import PersonNote, Signup
from games.pages import health_wording as words
from guilds.display_names import display_names
from guilds.models import Block, Member

PER_PAGE = 50
FOUND_MAX = 50  # members shown by a search
COUNTED_FOR = timedelta(days=365)


@dataclass(frozen=True)
class PersonRow:
    """One person with their figures of the last year."""

    user_id: int
    name: str
    avatar_url: str
    is_member: bool
    facts: list[str]
    last_at: datetime | None
    block: Block | None
    note: str  # of managers, for managers


def played(viewer: Viewer, now: datetime) -> QuerySet[Signup, Any]:
    """Return the people who had a seat or left late in the last year, with their figures; the latest first."""
    had_seat = Q(left_at=None, seated_at__isnull=False, game__starts_at__lte=now)
    rows = Signup.objects.people().filter(had_seat | Q(left_late=True), _of_games(viewer, now))
    return (
        rows.values("user_id")
        .annotate(
            came=Count("pk", filter=Q(left_at=None, no_show=False)),
            missed=Count("pk", filter=Q(left_at=None, no_show=True)),
            late=Count("pk", filter=Q(left_late=True)),
            last=Max("game__starts_at"),
        )
        .order_by("-last", "user_id")
    )


def _of_games(viewer: Viewer, now: datetime) -> Q:
    of_guild = Q(game__guild=viewer.guild_id, game__cancelled_at=None, game__announced_at__isnull=False)
    return of_guild & Q(game__starts_at__gt=now - COUNTED_FOR) & ~Q(game__channel__in=viewer.hidden_channel_ids)


def members_matching(guild_id: int, text: str) -> list[int]:
    """Return the members whose names hold a text, at most so many as a page shows."""
    members = Member.objects.filter(guild=guild_id, left_at=None).named(text).order_by("user__handle", "user_id")
    return list(members.values_list("user_id", flat=True)[:FOUND_MAX])


def person_rows(guild_id: int, figures: Sequence[Mapping[str, Any]], others: Iterable[int] = ()) -> list[PersonRow]:
    """Return people with their figures as rows, then others without any; in four statements."""
    by_id: dict[int, Mapping[str, Any]] = {one["user_id"]: one for one in figures}
    by_id |= {pk: {} for pk in others if pk not in by_id}
    names = display_names(guild_id, by_id)
    notes = dict(PersonNote.objects.filter(guild=guild_id, user__in=list(by_id)).values_list("user_id", "text"))
    blocks = {block.user_id: block for block in Block.objects.filter(guild=guild_id, user__in=list(by_id))}
    return [
        PersonRow(
            pk,
            names[pk].text,
            names[pk].avatar_url,
            names[pk].is_member,
            _facts(one),
            one.get("last"),
            blocks.get(pk),
            notes.get(pk, ""),
        )
        for pk, one in by_id.items()
    ]


def _facts(figures: Mapping[str, Any]) -> list[str]:
    came, missed, late = (figures.get(name, 0) for name in ("came", "missed", "late"))
    facts = [words.games_played(came)]
    facts += [words.no_shows(missed)] if missed else []
    return facts + ([words.left_late(late)] if late else [])
