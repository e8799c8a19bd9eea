from django.urls import path

from games.offers import views as offer_views

urlpatterns = [
    path("games/<id:game_id>/offer/", offer_views.answer_offer, name="game-offer"),
]
