from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy


class DiscordBotConfig(AppConfig):
    name = "discord_bot"
    verbose_name = gettext_lazy("Discord bot")

    def ready(self) -> None:
        from discord_bot import checks, scheduled_tasks  # noqa: F401 (checks register themselves)

        post_migrate.connect(scheduled_tasks.ensure_scheduled_tasks, sender=self)
