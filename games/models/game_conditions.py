"""The conditions of lists of games: to come, or past."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q, Value
from django.db.models.expressions import Combinable

from games.core import rules

# No game to come began longer ago, and no past one is to begin. Both follow from the rest, and let the index by guild
# and start end or begin there: else a guild's whole history is read to find what is to come.
LONGEST = Value(timedelta(minutes=rules.DURATION_MAX), models.DurationField())


def earliest_start(now: datetime) -> Combinable:
    """Return the earliest start of what is not over, computed in the database: compiled queries keep `now` itself."""
    return Value(now, models.DateTimeField()) - LONGEST


def is_to_come(now: datetime) -> Q:
    """Return the condition of lists of games to come: not over; if cancelled, its start would be to come.

    Who looks for a cancelled game looks where it stood.
    """
    running = Q(cancelled_at=None, ends_at__gt=now) | Q(cancelled_at__isnull=False, starts_at__gt=now)
    return Q(running, starts_at__gt=earliest_start(now))


def is_past(now: datetime) -> Q:
    """Return the condition of lists of past games: all that are announced and not to come."""
    over = Q(cancelled_at=None, ends_at__lte=now) | Q(cancelled_at__isnull=False, starts_at__lte=now)
    return Q(over, starts_at__lte=now)
