"""Entering what the worker does from time to time into its schedule."""

from collections.abc import Iterable


def ensure_schedules(tasks: Iterable[tuple[str, str, int]]) -> None:
    """Enter tasks (name, function, minutes between runs) once each; an operator's own timing is kept.

    The function follows the code: a row of an older version may name one that has moved.
    """
    from django_q.models import Schedule

    for name, function, minutes in tasks:
        Schedule.objects.get_or_create(
            name=name, defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        )
        Schedule.objects.filter(name=name).exclude(func=function).update(func=function)
