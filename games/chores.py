"""The old module of the scheduled tasks, which tasks queued by an older version name."""

from games.scheduled_tasks import (
    check_announcements,
    freeze_settings,
    purge,
    purge_guilds,
    refresh_directory,
    sweep_announcements,
)
from games.scheduled_tasks import freeze_settings as settle

__all__ = [
    "check_announcements",
    "freeze_settings",
    "purge",
    "purge_guilds",
    "refresh_directory",
    "settle",
    "sweep_announcements",
]
