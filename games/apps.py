from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = "Games"

    def ready(self) -> None:
        from games import choice_kinds, chores, kinds, question_kinds, setup_kinds
        from games.actions import signups
        from guilds.signals import member_changed

        kinds.register_all()
        choice_kinds.register_all()
        setup_kinds.register_all()
        question_kinds.register_all()
        member_changed.connect(signups.on_member_changed)
        post_migrate.connect(chores.plan_chores, sender=self)
