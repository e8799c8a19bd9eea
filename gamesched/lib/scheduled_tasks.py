"""Registers the worker's periodic tasks with django-q."""

from collections.abc import Iterable


def ensure_schedules(tasks: Iterable[tuple[str, str, int]]) -> None:
    """Create a schedule for each task (name, function, minutes between runs) that has none.

    An operator's own timing is kept. The function is updated, because an older row may name one that has moved.
    """
    from django_q.models import Schedule

    wanted = {name: (function, minutes) for name, function, minutes in tasks}
    stored = dict(Schedule.objects.filter(name__in=wanted).values_list("name", "func"))
    Schedule.objects.bulk_create(
        Schedule(name=name, func=function, schedule_type=Schedule.MINUTES, minutes=minutes)
        for name, (function, minutes) in wanted.items()
        if name not in stored
    )
    for name, (function, _) in wanted.items():
        if stored.get(name, function) != function:
            Schedule.objects.filter(name=name).update(func=function)
