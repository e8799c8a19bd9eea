"""What is wrong with the programs that run, by their heartbeats and by what waits. Probes and pages ask here."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Min
from django_q.models import OrmQ, Schedule

from gamesched.lib.readiness import Problem
from notifications import heartbeat, probe, report
from notifications.daemon import pause
from notifications.models import Heartbeat
from notifications.probe import DEAF, HELD, LATE, SILENT

LATE_AFTER = timedelta(minutes=1)
# The worker looks at its schedules once a minute, and after five for a task whose notification was lost.
TASKS_LATE_AFTER = timedelta(minutes=10)
LOOK_AT_LOG = "Check its log, then start it."


def notifyd_problem(now: datetime) -> Problem | None:
    """Return why people are not told on time: no notifyd sends, sending is held, or something waits."""
    if (silent := _silence(heartbeat.DAEMON_NAME, now)) is not None:
        return silent
    if (paused := pause.current_pause()) is not None:
        since = f"{paused.paused_at:%Y-%m-%d %H:%M} UTC"
        return Problem(
            HELD,
            f"Sending is on hold since {since}.",
            "Check what's due, then run: python manage.py notifyd --release",
            paused.reason,
        )
    late = report.lateness(now)
    if late > LATE_AFTER:
        return Problem(
            LATE,
            f"The most overdue message is {late.total_seconds():.0f} s late.",
            "Check notifyd's log for the reason.",
        )
    return None


def bot_problem(now: datetime) -> Problem | None:
    """Return why clicks are not answered: no bot has a shard, or it does not hear Discord."""
    if (silent := _silence(heartbeat.BOT_NAME, now)) is not None:
        return silent
    for row in heartbeat.bots().order_by("name"):
        if (silent := _silence(row.name, now)) is not None:
            return silent
    if (silence := heartbeat.bot_silence(now)) is not None:
        return Problem(DEAF, f"The bot hasn't heard Discord for {silence.total_seconds():.0f} s.", LOOK_AT_LOG)
    return None


def worker_problem(now: datetime) -> Problem | None:
    """Return why roles, posts and the ledger are not looked after: no worker runs, or its tasks wait."""
    if (silent := _silence(heartbeat.WORKER_NAME, now)) is not None:
        return silent
    if (late := _tasks_lateness(now)) > TASKS_LATE_AFTER:
        return Problem(
            LATE, f"The worker's most overdue task is {late.total_seconds():.0f} s late.", "Check the worker's log."
        )
    return None


def web_problem(now: datetime) -> Problem | None:
    """Return why no page is answered: no web process runs."""
    return _silence(heartbeat.WEB_NAME, now)


CHECKS: dict[str, Callable[[datetime], Problem | None]] = {
    heartbeat.DAEMON_NAME: notifyd_problem,
    heartbeat.BOT_NAME: bot_problem,
    heartbeat.WORKER_NAME: worker_problem,
    heartbeat.WEB_NAME: web_problem,
}


def problems(now: datetime) -> dict[str, Problem]:
    """Return the programs that have a problem, by name."""
    found = {name: check(now) for name, check in CHECKS.items()}
    return {name: problem for name, problem in found.items() if problem is not None}


def _silence(name: str, now: datetime) -> Problem | None:
    row = Heartbeat.objects.filter(name=name).first()
    if row is not None and not probe.is_overdue(row.at, now):
        return None
    since = f"since {row.at:%Y-%m-%d %H:%M:%S} UTC" if row else "yet"
    return Problem(SILENT, f"No {name} has run {since}.", LOOK_AT_LOG)


def _tasks_lateness(now: datetime) -> timedelta:
    """Return how late the worker's task is that waits longest: to be planned, or to be taken."""
    planned = Schedule.objects.exclude(repeats=0).aggregate(first=Min("next_run"))["first"]
    queued = OrmQ.objects.aggregate(first=Min("lock"))["first"]
    return max((now - first for first in (planned, queued) if first is not None), default=timedelta())
