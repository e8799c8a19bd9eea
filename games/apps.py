from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = "Games"

    def ready(self) -> None:
        from games import scheduled_tasks
        from games.attendance import notifications as attendance_notifications
        from games.confirmations import notifications as confirmation_notifications
        from games.hosts import notifications as host_notifications
        from games.hosts import takeover
        from games.offers import notifications as offer_notifications
        from games.posts import notifications as post_notifications
        from games.reminders import news
        from games.reminders import notifications as reminder_notifications
        from games.scheduling import notifications as schedule_notifications
        from games.server_settings import notifications as settings_notifications
        from games.signups import actions as signups
        from games.signups import notifications as signup_notifications
        from guilds.signals import member_changed

        reminder_notifications.register_all()
        post_notifications.register_all()
        signup_notifications.register_all()
        attendance_notifications.register_all()
        news.register_all()
        settings_notifications.register_all()
        schedule_notifications.register_all()
        host_notifications.register_all()
        offer_notifications.register_all()
        confirmation_notifications.register_all()
        member_changed.connect(signups.on_member_changed)
        member_changed.connect(takeover.on_member_changed)
        post_migrate.connect(scheduled_tasks.plan_chores, sender=self)
