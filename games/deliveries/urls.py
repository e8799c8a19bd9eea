from django.urls import path

from games.deliveries import views

urlpatterns = [
    path("games/<id:game_id>/deliveries/<id:delivery_id>/resend/", views.resend_from_game, name="game-resend"),
    path("guilds/<id:guild_id>/messages/", views.guild_deliveries_page, name="guild-messages"),
    path("guilds/<id:guild_id>/messages/<id:delivery_id>/resend/", views.resend, name="guild-resend"),
]
