from django.urls import path

from games.webhooks import views

urlpatterns = [
    path("guilds/<id:guild_id>/webhooks/", views.webhooks, name="guild-webhooks"),
    path("guilds/<id:guild_id>/webhooks/<id:webhook_id>/", views.webhook, name="guild-webhook"),
    path("guilds/<id:guild_id>/webhooks/<id:webhook_id>/secret/", views.new_secret, name="guild-webhook-secret"),
    path("guilds/<id:guild_id>/webhooks/<id:webhook_id>/test/", views.test, name="guild-webhook-test"),
    path("guilds/<id:guild_id>/webhooks/<id:webhook_id>/pause/", views.pause, name="guild-webhook-pause"),
    path("guilds/<id:guild_id>/webhooks/<id:webhook_id>/resume/", views.resume, name="guild-webhook-resume"),
    path("guilds/<id:guild_id>/webhooks/<id:webhook_id>/delete/", views.delete, name="guild-webhook-delete"),
    path(
        "guilds/<id:guild_id>/webhooks/<id:webhook_id>/again/<id:request_id>/", views.again, name="guild-webhook-again"
    ),
]
