from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = "Games"

    def ready(self) -> None:
        import games
        from games import scheduled_tasks
        from games.hosts import takeover
        from games.signups import eligibility
        from gamesched.lib.autodiscovery import import_from_folders
        from guilds.signals import member_changed

        import_from_folders(games, "notifications")
        import_from_folders(games, "personal_data")
        member_changed.connect(eligibility.on_member_changed)
        member_changed.connect(takeover.on_member_changed)
        post_migrate.connect(scheduled_tasks.ensure_game_schedules, sender=self)
