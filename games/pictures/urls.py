from django.urls import path, register_converter

from games.core.setting_kinds import PICTURE_NAME
from games.pictures import views


class PictureName:
    """The name of a stored picture."""

    regex = PICTURE_NAME.pattern.replace("?P<width>", "?:").replace("?P<height>", "?:")

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PictureName, "picture")

# Discord wants to read in an address what kind of file it is.
urlpatterns = [
    path("pictures/<picture:name>.webp", views.picture, name="picture"),
    path("pictures/<picture:name>-small.webp", views.small_picture, name="picture-small"),
    path("pictures/drawn/<int:game_id>-<slug:mark>.webp", views.drawn_picture, name="picture-drawn"),
]
