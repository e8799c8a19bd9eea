"""When each program was last running."""

from datetime import datetime
from typing import Any

from notifications.models import Heartbeat

DAEMON_NAME = "notifyd"  # by which name it beats


def record_heartbeat(name: str, now: datetime, note: str = "") -> None:
    """Show that a program is alive."""
    fields: dict[str, Any] = {"at": now, "note": note[:200]}
    Heartbeat.objects.update_or_create(name=name, defaults=fields)
