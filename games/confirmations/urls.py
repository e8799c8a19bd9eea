from django.urls import path

from games.confirmations import views

urlpatterns = [
    path("games/<id:game_id>/confirm/", views.answer_confirmation, name="game-confirm"),
]
