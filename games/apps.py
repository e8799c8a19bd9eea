from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = "Games"

    def ready(self) -> None:
        from games import (
            after_kinds,
            answer_kinds,
            choice_kinds,
            chores,
            host_kinds,
            kinds,
            life_kinds,
            offer_kinds,
            post_kinds,
            question_kinds,
            setup_kinds,
        )
        from games.actions import signups, takeover
        from guilds.signals import member_changed

        kinds.register_all()
        post_kinds.register_all()
        answer_kinds.register_all()
        after_kinds.register_all()
        choice_kinds.register_all()
        setup_kinds.register_all()
        life_kinds.register_all()
        host_kinds.register_all()
        offer_kinds.register_all()
        question_kinds.register_all()
        member_changed.connect(signups.on_member_changed)
        member_changed.connect(takeover.on_member_changed)
        post_migrate.connect(chores.plan_chores, sender=self)
