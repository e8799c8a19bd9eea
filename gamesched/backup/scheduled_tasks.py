"""The worker's backup."""

from django.conf import settings

from gamesched.backup.actions import is_backup_due, make_backup
from gamesched.lib.clock import db_now


def back_up() -> str:
    """Make a backup once a day, if there is a place for it. What goes wrong is a failed task."""
    if not settings.BACKUP_TO:
        return "BACKUP_TO isn't set, so we make no backups."
    now = db_now()
    if not is_backup_due(now):
        return f"The next backup is due at {settings.BACKUP_HOUR}:00 UTC."
    return f"Made {make_backup(now, settings.BACKUP_TO)}."
