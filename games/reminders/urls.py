from django.urls import path

from games.reminders import views

urlpatterns = [
    path("notifications/", views.all_guilds, name="notifications"),
    path("guilds/<id:guild_id>/notifications/", views.notifications, name="guild-notifications"),
    path("guilds/<id:guild_id>/notifications/devices/", views.add_device, name="notification-device-add"),
    path("guilds/<id:guild_id>/notifications/devices/remove/", views.remove_device, name="notification-device-remove"),
    path("guilds/<id:guild_id>/notifications/test/", views.request_test_reminder, name="notification-test"),
]
