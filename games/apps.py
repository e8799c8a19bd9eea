from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = "Games"

    def ready(self) -> None:
        from games import chores, kinds

        kinds.register_all()
        post_migrate.connect(chores.plan_chores, sender=self)
