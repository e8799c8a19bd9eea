from django.urls import path

from games.reminders import views

urlpatterns = [
    path("notifications/", views.all_guilds, name="notifications"),
    path("guilds/<id:guild_id>/notifications/", views.notifications, name="guild-notifications"),
    path("guilds/<id:guild_id>/notifications/test/", views.request_test_reminder, name="notification-test"),
]
