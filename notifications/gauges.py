"""Gauges of the schedule and of the programs, read from the database whenever somebody looks at notifyd's metrics."""

from collections.abc import Iterator

from django_q.models import Failure
from prometheus_client.core import GaugeMetricFamily

from gamesched.lib.clock import db_now
from notifications import report
from notifications.daemon import pause


def read_gauges() -> Iterator[GaugeMetricFamily]:
    """Return how late what waits longest is, how much waits, whether sending is held, and the programs' silence."""
    now = db_now()
    waiting = report.queue_report(now)
    held = pause.current_pause() is not None
    yield GaugeMetricFamily("gamesched_late_seconds", "How late what waits longest is", waiting.oldest.total_seconds())
    yield GaugeMetricFamily("gamesched_due", "Rows and messages that are due now", waiting.due)
    yield GaugeMetricFamily("gamesched_due_within_an_hour", "Rows that are due within an hour", waiting.next_hour)
    yield GaugeMetricFamily("gamesched_held", "1 while sending is held", held)
    silence = GaugeMetricFamily("gamesched_heartbeat_age_seconds", "Since a program's heartbeat", labels=["program"])
    for row in report.heartbeats():
        silence.add_metric([row.name], (now - row.at).total_seconds())
    yield silence
    failed = Failure.objects.count()
    yield GaugeMetricFamily("gamesched_failed_tasks", "Failed tasks of the worker, of those that are kept", failed)
