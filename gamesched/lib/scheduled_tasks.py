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

    wanted = {name: (function, minutes) for name, function, minutes in tasks}
    rows = Schedule.objects.filter(name__in=[*wanted, *former])
    stored = {row.name: row for row in rows}
    Schedule.objects.bulk_create(
        Schedule(name=name, func=function, schedule_type=Schedule.MINUTES, minutes=minutes)
        for name, (function, minutes) in wanted.items()
        if name not in stored
    )
    for name, row in stored.items():
        function, minutes = wanted.get(name, ("", 0))
        if name in former:
            row.delete()
        elif row.func != function or row.minutes == former_minutes.get(name):
            row.func, row.minutes = function, minutes if row.minutes == former_minutes.get(name) else row.minutes
            row.save(update_fields=["func", "minutes"])


def run_soon(function: str) -> None:
    """Have the worker run a task now, beside its schedule, once the transaction commits."""
    from django_q.tasks import async_task

    async_task(function)


def delete_old_results(now: datetime) -> None:
    """Delete the results of tasks that succeeded long ago."""
    from django_q.models import Success

    Success.objects.filter(stopped__lt=now - RESULTS_KEPT).delete()
