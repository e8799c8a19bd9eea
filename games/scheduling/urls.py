from django.urls import path

from games.scheduling import views

urlpatterns = [
    path("guilds/<id:guild_id>/new/", views.create_game, name="game-new"),
    path("guilds/<id:guild_id>/reading/", views.line_reading, name="line-reading"),
    path("guilds/<id:guild_id>/members/", views.members, name="members"),
    path("games/<id:game_id>/edit/", views.edit_game, name="game-edit"),
    path("games/<id:game_id>/cancel/", views.cancel, name="game-cancel"),
    path("games/<id:game_id>/end/", views.end, name="game-end"),
    path("games/<id:game_id>/again/", views.schedule_again, name="game-again"),
    path("games/<id:game_id>/announce-now/", views.announce_now, name="game-announce-now"),
    path("games/<id:game_id>/undo/", views.undo_cancellation, name="game-undo"),
    path("games/<id:game_id>/announce/", views.retry_announcement, name="game-announce"),
]
