"""Records when each program was last running."""

from datetime import datetime
from typing import Any

from notifications.models import Heartbeat

DAEMON_NAME = "notifyd"  # the name of its heartbeat


def record_heartbeat(name: str, now: datetime, note: str = "") -> None:
    """Record that a program is running."""
    fields: dict[str, Any] = {"at": now, "note": note[:200]}
    Heartbeat.objects.update_or_create(name=name, defaults=fields)
