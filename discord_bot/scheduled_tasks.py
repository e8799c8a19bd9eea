"""The bot's periodic tasks in the worker."""

from datetime import timedelta

from discord_bot.models import Interaction
from games.core.retention import delete_in_batches
from gamesched.lib.clock import db_now
from gamesched.lib.scheduled_tasks import ensure_schedules

KEPT_FOR = timedelta(days=30)


def purge_interactions() -> str:
    """Delete interactions older than KEPT_FOR."""
    count = delete_in_batches(Interaction.objects.filter(at__lt=db_now() - KEPT_FOR))
    return f"Deleted {count} interactions older than {KEPT_FOR.days} days."


def ensure_scheduled_tasks(**kwargs: object) -> None:
    """Create the schedules, after each migration."""
    ensure_schedules([("Interaction purge", "discord_bot.scheduled_tasks.purge_interactions", 24 * 60)])
