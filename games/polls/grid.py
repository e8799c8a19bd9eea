"""Who can come when, for a poll's page: counted and cut by the database, as a thousand people may answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from games.models import TimePoll, TimePollOption, TimePollVote

PER_PAGE = 50  # people; a row each is some hundred bytes a time


@dataclass(frozen=True)
class Votes:
    """How many people answered, and how many of them can come at each time, by its id."""

    people: int
    counts: dict[int, int]


@dataclass(frozen=True)
class GridPage:
    """Some of those who answered, by id, and the times that each ticked; `before` and `after`: keys of other pages.

    `own`: what the viewer ticked, who is on every page and no row of `ticks`.
    """

    ticks: dict[int, set[int]]
    own: set[int]
    before: int | None = None
    after: int | None = None


def count_votes(poll: TimePoll, options: Sequence[TimePollOption]) -> Votes:
    """Return how many people can come at each time, in one statement."""
    counts: dict[str, Any] = {f"of_{one.pk}": Count("pk", filter=Q(option=one.pk)) for one in options}
    row = _votes(poll).aggregate(people=Count("user", distinct=True), **counts)
    return Votes(row["people"], {one.pk: row[f"of_{one.pk}"] for one in options})


def grid_page(poll: TimePoll, viewer_id: int, before: int | None = None, after: int | None = None) -> GridPage:
    """Return a page of the people who answered: those with ids below `before`, those above `after`, or the first.

    Where nobody is there any more, it is the first.
    """
    people = _votes(poll).exclude(user=viewer_id).order_by("user").values("user").distinct()
    if before is not None:
        wanted = people.filter(user__lt=before).order_by("-user")
    else:
        wanted = people.filter(user__gt=after) if after is not None else people
    chosen = Q(user__in=wanted[: PER_PAGE + 1]) | Q(user=viewer_id)
    ticks: dict[int, set[int]] = {}
    for user_id, option_id in _votes(poll).filter(chosen).values_list("user_id", "option_id"):
        ticks.setdefault(user_id, set()).add(option_id)
    own = ticks.pop(viewer_id, set())
    if not ticks and (before is not None or after is not None):
        return grid_page(poll, viewer_id)
    ids = sorted(ticks, reverse=before is not None)
    more, ids = len(ids) > PER_PAGE, sorted(ids[:PER_PAGE])
    has_before, has_after = (more, True) if before is not None else (after is not None, more)
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    return GridPage({pk: ticks[pk] for pk in ids}, own, first if has_before else None, last if has_after else None)


def _votes(poll: TimePoll) -> QuerySet[TimePollVote]:
    return TimePollVote.objects.filter(option__poll=poll).order_by()
