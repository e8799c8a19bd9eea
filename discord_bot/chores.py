"""The old address of the scheduled task: queued tasks of an older version name it."""

from discord_bot.scheduled_tasks import purge_interactions

__all__ = ["purge_interactions"]
