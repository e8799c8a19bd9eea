"""Entering what the worker does from time to time into its schedule."""

from collections.abc import Iterable


def ensure_schedules(tasks: Iterable[tuple[str, str, int]]) -> None:
    """Enter chores (name, function, minutes between runs) once each; an operator's own timing is kept."""
    from django_q.models import Schedule

    for name, function, minutes in tasks:
        Schedule.objects.get_or_create(
            name=name, defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        )
