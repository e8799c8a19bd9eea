from django.urls import path

from games.scheduling import views as schedule_views

urlpatterns = [
    path("guilds/<id:guild_id>/new/", schedule_views.create_game, name="game-new"),
    path("guilds/<id:guild_id>/members/", schedule_views.members, name="members"),
    path("games/<id:game_id>/edit/", schedule_views.edit_game, name="game-edit"),
    path("games/<id:game_id>/cancel/", schedule_views.cancel, name="game-cancel"),
    path("games/<id:game_id>/again/", schedule_views.schedule_again, name="game-again"),
    path("games/<id:game_id>/announce-now/", schedule_views.announce_now, name="game-announce-now"),
    path("games/<id:game_id>/undo/", schedule_views.undo_cancellation, name="game-undo"),
    path("games/<id:game_id>/announce/", schedule_views.retry_announcement, name="game-announce"),
]
