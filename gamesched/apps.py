from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "gamesched"
    verbose_name = "Game Scheduler"

    def ready(self) -> None:
        from gamesched import checks  # noqa: F401
