from django.urls import path

from games.hosts import views as host_views

urlpatterns = [
    path("games/<id:game_id>/take-over/", host_views.take_over, name="game-take-over"),
    path("games/<id:game_id>/hosts/", host_views.hosts, name="game-hosts"),
    path("guilds/<id:guild_id>/blocks/", host_views.blocks, name="guild-blocks"),
    path("guilds/<id:guild_id>/blocks/<id:user_id>/remove/", host_views.unblock, name="guild-unblock"),
    path("games/<id:game_id>/tell/", host_views.message_players, name="game-tell"),
]
