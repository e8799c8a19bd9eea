"""How often something may be done in a minute, counted on its own row: all processes count together."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Model, Q, QuerySet, Value, When

MINUTE = timedelta(minutes=1)


def count_in_minute(rows: "QuerySet[Any]", column: str, most: int, now: datetime, **also: Any) -> bool:
    """Count once more on a row with the columns `minute_began_at` and `column`, and set the columns in `also`.

    Return False, and write nothing, where there were `most` in this minute.
    """
    # One that is ahead began before the clock was set back: held to it, nobody could go on until then. Of two at once
    # the later one may come first, so a minute ahead still counts.
    counted = Q(minute_began_at__gt=now - MINUTE, minute_began_at__lt=now + MINUTE)
    # Of two at once the second waits for the row and counts anew.
    noted = rows.filter(~counted | Q(**{f"{column}__lt": most})).update(
        **also,
        **{column: Case(When(counted, then=F(column) + 1), default=1)},
        minute_began_at=Case(When(counted, then="minute_began_at"), default=Value(now)),
    )
    return noted == 1


def left_in_minute(row: Model, column: str, most: int, now: datetime) -> tuple[int, int]:
    """Return how often it may still be done after this time, and the seconds until the count begins anew.

    `row`: as it was read before this time was counted.
    """
    began: datetime | None = getattr(row, "minute_began_at")  # noqa: B009  # of several models
    if began is None or not now - MINUTE < began < now + MINUTE:
        return most - 1, int(MINUTE.total_seconds())
    return max(most - 1 - getattr(row, column), 0), max(1, int((began + MINUTE - now).total_seconds()))
