from django.urls import path

from games.hosts import views

urlpatterns = [
    path("games/<id:game_id>/take-over/", views.take_over, name="game-take-over"),
    path("games/<id:game_id>/hosts/", views.hosts, name="game-hosts"),
    path("games/<id:game_id>/hand-over/", views.answer_hand_over, name="game-hand-over"),
    path("guilds/<id:guild_id>/blocks/", views.blocks, name="guild-blocks"),
    path("guilds/<id:guild_id>/blocks/<id:user_id>/remove/", views.unblock, name="guild-unblock"),
    path("guilds/<id:guild_id>/people/<id:user_id>/note/", views.note_person, name="guild-note"),
    path("games/<id:game_id>/tell/", views.message_players, name="game-tell"),
]
