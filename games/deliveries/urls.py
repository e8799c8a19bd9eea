from django.urls import path

from games.deliveries import views as delivery_views

urlpatterns = [
    path("games/<id:game_id>/deliveries/<id:delivery_id>/resend/", delivery_views.resend_from_game, name="game-resend"),
    path("guilds/<id:guild_id>/messages/", delivery_views.guild_deliveries_page, name="guild-messages"),
    path("guilds/<id:guild_id>/messages/<id:delivery_id>/resend/", delivery_views.resend, name="guild-resend"),
]
