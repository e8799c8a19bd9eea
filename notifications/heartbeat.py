"""Records when each program was last running, and when the bot last heard Discord."""

from datetime import datetime, timedelta

from django.db.models.expressions import Combinable

from gamesched.lib.clock import DbNow
from notifications.models import Heartbeat

DAEMON_NAME, BOT_NAME, WORKER_NAME = "notifyd", "bot", "worker"  # the names of their heartbeats
BACKUP_NAME = "backup"  # recorded by each one that is made
OVERDUE = timedelta(minutes=2)  # every program records one more often
BACKUP_OVERDUE = timedelta(hours=36)  # a day, and what a night with trouble takes
SILENT_FOR = timedelta(minutes=3)  # the bot has something to hear every minute, and begins a new session after two


def record_heartbeat(
    name: str, now: datetime | DbNow, note: str = "", last_event_at: datetime | Combinable | None = None
) -> None:
    """Record that a program is running; `last_event_at`: when it last heard Discord. Takes one statement.

    notifyd records its own with the statement of its turn: see `notifications.daemon.leases.look`.
    """
    row = Heartbeat(name=name, at=now, note=note[:200], last_event_at=last_event_at)
    Heartbeat.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=["at", "note", "last_event_at"]
    )


def bot_silence(now: datetime) -> timedelta | None:
    """Return for how long the bot has not run or heard Discord; None while it does, and before it ever ran."""
    row = Heartbeat.objects.filter(name=BOT_NAME).first()
    if row is None:
        return None
    return now - row.at if now - row.at > OVERDUE else silence_of(row, now)


def is_overdue(row: Heartbeat, now: datetime) -> bool:
    """Return whether a program, or the daily backup, should have recorded another one by now."""
    return now - row.at > (BACKUP_OVERDUE if row.name == BACKUP_NAME else OVERDUE)


def silence_of(row: Heartbeat, now: datetime) -> timedelta | None:
    """Return for how long a running program has not heard Discord; None while it does."""
    silence = now - row.last_event_at if row.last_event_at is not None else timedelta()
    return silence if silence > SILENT_FOR else None
