"""Registers the worker's periodic tasks with django-q."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

RESULTS_KEPT = timedelta(days=7)


def ensure_schedules(
    tasks: Iterable[tuple[str, str, int]], former: Collection[str] = (), former_minutes: Mapping[str, int] = {}
) -> None:
    """Create a schedule for each task (name, function, minutes between runs) that has none; delete the `former` ones.

    An operator's own timing is kept, and that of an older version, `former_minutes`, updated. The function is updated,
    because an older row may name one that has moved.
    """
    from django_q.models import Schedule

    Schedule.objects.filter(name__in=former).delete()
    for name, function, minutes in tasks:
        Schedule.objects.get_or_create(
            name=name, defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes}
        )
        Schedule.objects.filter(name=name).exclude(func=function).update(func=function)
        if name in former_minutes:
            Schedule.objects.filter(name=name, minutes=former_minutes[name]).update(minutes=minutes)


def run_soon(function: str) -> None:
    """Have the worker run a task now, beside its schedule, once the transaction commits."""
    from django_q.tasks import async_task

    async_task(function)


def delete_old_results(now: datetime) -> None:
    """Delete the results of tasks that succeeded long ago."""
    from django_q.models import Success

    Success.objects.filter(stopped__lt=now - RESULTS_KEPT).delete()
