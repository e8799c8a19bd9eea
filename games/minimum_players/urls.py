from django.urls import path

from games.minimum_players import views as minimum_views

urlpatterns = [
    path("games/<id:game_id>/keep/", minimum_views.keep, name="game-keep"),
]
