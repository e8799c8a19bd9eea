from django.urls import path

from games.reminders import views as reminder_views

urlpatterns = [
    path("notifications/", reminder_views.all_guilds, name="notifications"),
    path("guilds/<id:guild_id>/notifications/", reminder_views.notifications, name="guild-notifications"),
    path("guilds/<id:guild_id>/notifications/test/", reminder_views.request_test_reminder, name="notification-test"),
]
