"""Records when each program was last running, and when the bot last heard Discord."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable

from gamesched.lib.clock import DbNow
from notifications import probe
from notifications.models import Heartbeat

DAEMON_NAME, BOT_NAME, WORKER_NAME, WEB_NAME = "notifyd", "bot", "worker", "web"  # the names of their heartbeats
BACKUP_NAME = "backup"  # recorded by each one that is made
BACKUP_OVERDUE = timedelta(hours=36)  # a day, and what a night with trouble takes


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


def bot_name(shard: int) -> str:
    """Return the name of the heartbeat of the bot that has a shard."""
    return f"{BOT_NAME} {shard}" if shard else BOT_NAME


def bots() -> QuerySet[Heartbeat]:
    """Return the heartbeats of all shards' bots."""
    return Heartbeat.objects.filter(Q(name=BOT_NAME) | Q(name__startswith=f"{BOT_NAME} "))


def expect_bots(count: int, now: datetime | DbNow) -> None:
    """Have the heartbeats of so many shards: others go, and a shard that nobody takes is missed from now on."""
    names = [bot_name(shard) for shard in range(count)]
    bots().exclude(name__in=names).delete()
    if count > 1:
        Heartbeat.objects.bulk_create([Heartbeat(name=name, at=now) for name in names], ignore_conflicts=True)


def bot_silence(now: datetime) -> timedelta | None:
    """Return for how long a shard's bot has not run or heard Discord; None while all do, and before one ever ran."""
    found = (now - row.at if probe.is_overdue(row.at, now) else probe.silence(row.last_event_at, now) for row in bots())
    return max((silence for silence in found if silence is not None), default=None)


def is_overdue(row: Heartbeat, now: datetime) -> bool:
    """Return whether a program, or the daily backup, should have recorded another one by now."""
    return now - row.at > BACKUP_OVERDUE if row.name == BACKUP_NAME else probe.is_overdue(row.at, now)
