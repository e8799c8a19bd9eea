from django.urls import path

from games.companions import views

urlpatterns = [
    path("games/<id:game_id>/discord/<slug:kind>/", views.try_again, name="game-companion"),
]
