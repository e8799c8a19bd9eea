from django.urls import path

from games.pages import views
from games.pages.search import search

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", search, name="search"),
    path("guilds/<id:guild_id>/", views.guild, name="guild"),
    path("guilds/<id:guild_id>/month/", views.guild_month, name="guild-month"),
    path("games/<id:game_id>/", views.game, name="game"),
    path("games/<id:game_id>/history/", views.game_history, name="game-history"),
]
