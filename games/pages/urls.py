from django.urls import path

from games.pages import card_join, manager_views, post_preview, views
from games.pages.search import search

urlpatterns = [
    path("", views.home, name="home"),
    path("month/", views.month, name="month"),
    path("search/", search, name="search"),
    path("guilds/<id:guild_id>/", views.guild, name="guild"),
    path("guilds/<id:guild_id>/month/", views.guild_month, name="guild-month"),
    path("guilds/<id:guild_id>/people/", manager_views.people, name="guild-people"),
    path("guilds/<id:guild_id>/health/", manager_views.health, name="guild-health"),
    path("guilds/<id:guild_id>/history/", manager_views.history, name="guild-history"),
    path("games/<id:game_id>/", views.game, name="game"),
    path("games/<id:game_id>/join/card/", card_join.join, name="card-join"),
    path("games/<id:game_id>/history/", views.game_history, name="game-history"),
    path("guilds/<id:guild_id>/preview/", post_preview.preview_new, name="preview-new"),
    path("games/<id:game_id>/preview/", post_preview.preview_edited, name="preview-edited"),
]
