"""Registers the worker's periodic tasks with django-q."""

from collections.abc import Iterable


def ensure_schedules(tasks: Iterable[tuple[str, str, int]]) -> None:
    """Create a schedule for each task (name, function, minutes between runs) that has none.

    An operator's own timing is kept. The function is updated, because an older row may name one that has moved.
    """
    from django_q.models import Schedule

    for name, function, minutes in tasks:
        Schedule.objects.get_or_create(
            name=name, defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        )
        Schedule.objects.filter(name=name).exclude(func=function).update(func=function)
