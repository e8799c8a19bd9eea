from django.urls import path

from games.pages import views as page_views

urlpatterns = [
    path("", page_views.home, name="home"),
    path("guilds/<id:guild_id>/", page_views.guild, name="guild"),
    path("games/<id:game_id>/", page_views.game, name="game"),
]
