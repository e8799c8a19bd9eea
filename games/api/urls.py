"""The pages of tokens. The API's own addresses are in `addresses.py`, which only its requests load."""

from django.urls import path

from games.api import views

urlpatterns = [
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<id:token_id>/delete/", views.delete, name="token-delete"),
    path("guilds/<id:guild_id>/tokens/", views.guild_tokens, name="guild-tokens"),
    path("guilds/<id:guild_id>/tokens/<id:token_id>/delete/", views.delete_from_guild, name="guild-token-delete"),
]
