from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = gettext_lazy("Games")

    def ready(self) -> None:
        import games
        from games import scheduled_tasks
        from games.hosts import takeover
        from games.signups import eligibility
        from gamesched.lib.autodiscovery import import_from_folders
        from guilds.signals import member_changed
        from notifications.daemon.pause import resumed

        import_from_folders(games, "notifications")
        import_from_folders(games, "personal_data")
        member_changed.connect(eligibility.on_member_changed)
        member_changed.connect(takeover.on_member_changed)
        resumed.connect(scheduled_tasks.check_all_companions_soon)
        post_migrate.connect(scheduled_tasks.ensure_game_schedules, sender=self)
