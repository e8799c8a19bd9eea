from django.urls import path

from games.minimum_players import views

urlpatterns = [
    path("games/<id:game_id>/keep/", views.keep, name="game-keep"),
]
