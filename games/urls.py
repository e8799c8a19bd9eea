from django.urls import path

from games import people_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("guilds/<id:guild_id>/", views.guild, name="guild"),
    path("guilds/<id:guild_id>/new/", views.new, name="game-new"),
    path("guilds/<id:guild_id>/setup/", views.guild, name="guild-setup"),
    path("guilds/<id:guild_id>/members/", views.members, name="members"),
    path("games/<id:game_id>/", views.game, name="game"),
    path("games/<id:game_id>/edit/", views.edit, name="game-edit"),
    path("games/<id:game_id>/join/", views.join, name="game-join"),
    path("games/<id:game_id>/leave/", views.leave, name="game-leave"),
    path("games/<id:game_id>/signups/<id:signup_id>/remove/", views.remove, name="game-remove"),
    path("games/<id:game_id>/cancel/", views.cancel, name="game-cancel"),
    path("games/<id:game_id>/hosts/", people_views.hosts, name="game-hosts"),
    path("guilds/<id:guild_id>/blocks/", people_views.blocks, name="guild-blocks"),
    path("guilds/<id:guild_id>/blocks/<id:user_id>/remove/", people_views.unblock, name="guild-unblock"),
    path("games/<id:game_id>/announce/", views.announce, name="game-announce"),
]
