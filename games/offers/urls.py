from django.urls import path

from games.offers import views

urlpatterns = [
    path("games/<id:game_id>/offer/", views.answer_offer, name="game-offer"),
]
