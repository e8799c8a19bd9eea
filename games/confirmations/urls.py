from django.urls import path

from games.confirmations import views as confirmation_views

urlpatterns = [
    path("games/<id:game_id>/confirm/", confirmation_views.answer_confirmation, name="game-confirm"),
]
