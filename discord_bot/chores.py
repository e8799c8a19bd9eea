"""The old module of the scheduled task, which tasks queued by an older version name."""

from discord_bot.scheduled_tasks import purge_interactions

__all__ = ["purge_interactions"]
