from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from django.urls import path, register_converter

from games.sharing import views


class ShareToken:
    """The token of a share link in 22 characters, where a UUID has 36."""

    regex = "[A-Za-z0-9_-]{22}"

    def to_python(self, value: str) -> UUID:
        token = UUID(bytes=urlsafe_b64decode(f"{value}=="))
        # The last character has four bits more than a UUID: one address each, not sixteen.
        if self.to_url(token) != value:
            raise ValueError
        return token

    def to_url(self, value: UUID) -> str:
        return urlsafe_b64encode(value.bytes).decode().rstrip("=")


register_converter(ShareToken, "share")

urlpatterns = [
    path("share/<id:game_id>-<share:token>/", views.shared_game, name="shared-game"),
    path("share/<id:game_id>-<share:token>/game.ics", views.shared_calendar, name="shared-calendar"),
    path("share/<id:game_id>-<share:token>/<slug:mark>.jpg", views.shared_card, name="shared-card"),
    path("embed/<id:guild_id>/", views.embed, name="embed"),
    path("embed/<id:guild_id>.json", views.embed_json, name="embed-json"),
    path("guilds/<id:guild_id>/embed/", views.guild_embed, name="guild-embed"),
    path("games/<id:game_id>/new-link/", views.new_link, name="game-new-link"),
]
