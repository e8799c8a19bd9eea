from django.urls import path

from games.pages import manager_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("guilds/<id:guild_id>/", views.guild, name="guild"),
    path("guilds/<id:guild_id>/month/", views.guild_month, name="guild-month"),
    path("guilds/<id:guild_id>/people/", manager_views.people, name="guild-people"),
    path("guilds/<id:guild_id>/health/", manager_views.health, name="guild-health"),
    path("guilds/<id:guild_id>/history/", manager_views.history, name="guild-history"),
    path("games/<id:game_id>/", views.game, name="game"),
    path("games/<id:game_id>/history/", views.game_history, name="game-history"),
]
