"""A server's pages take the colour of its icon; its stylesheet is for its members."""

from io import BytesIO
from typing import Any

import pytest
import requests
from django.test import Client
from PIL import Image, ImageDraw

from conftest import World
from guilds import icons
from guilds.icons import dominant_colour, read_icon_colours
from guilds.models import Guild, User


def png(colour: str, spot: str = "#fff", size: int = 64) -> bytes:
    image = Image.new("RGBA", (size, size), colour)
    ImageDraw.Draw(image).ellipse((20, 20, 40, 40), fill=spot)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_the_colour_that_an_icon_shows_most_of() -> None:
    assert dominant_colour(png("#8254c8")) == (0x82, 0x54, 0xC8)
    red, green, blue = dominant_colour(png("#8254c8", spot="#2f9e8f")) or (0, 0, 0)
    assert blue > red > green
    assert dominant_colour(png("#ffffff", spot="#222222")) is None
    assert dominant_colour(png("#00000000", spot="#00000000")) is None


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"<svg/>", png("#8254c8")[:60], png("#8254c8", size=600)])
def test_what_is_no_icon_has_no_colour(data: bytes) -> None:
    assert dominant_colour(data) is None


def test_icons_are_read_once_and_again_when_they_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answer: list[Any] = [png("#8254c8")]

    def download(url: str) -> bytes:
        asked.append(url)
        if isinstance(answer[0], Exception):
            raise answer[0]
        data: bytes = answer[0]
        return data

    monkeypatch.setattr(icons, "_download", download)
    assert (read_icon_colours(5), asked) == (0, []), "it has no icon"
    Guild.objects.update(icon="a" * 32)
    answer[0] = requests.ConnectionError()
    assert read_icon_colours(5) == 0, "and it is asked for again"
    answer[0] = png("#8254c8")
    assert (read_icon_colours(5), read_icon_colours(5), len(asked)) == (1, 0, 2)
    assert Guild.objects.get(pk=world.guild.pk).icon_colour == "#8254c8"
    Guild.objects.update(icon="b" * 32)
    answer[0] = b"no picture"
    assert (read_icon_colours(5), read_icon_colours(5), len(asked)) == (1, 0, 3)
    assert Guild.objects.get(pk=world.guild.pk).tint_url == ""


def test_the_stylesheet_is_for_members_and_linked_on_their_pages(world: World, as_person: Any) -> None:
    plain = as_person(world.charlie).get(f"/guilds/{world.guild.pk}/").text
    assert "tint.css" not in plain
    Guild.objects.filter(pk=world.guild.pk).update(icon="a" * 32, icon_colour="#8254c8")
    url, member = Guild.objects.get(pk=world.guild.pk).tint_url, as_person(world.charlie)
    for page in (f"/guilds/{world.guild.pk}/", world.create_game().get_absolute_url()):
        assert f'<link rel="stylesheet" href="{url}">' in member.get(page).text
    sheet = member.get(url)
    assert sheet["Content-Type"].startswith("text/css")
    assert "immutable" in sheet["Cache-Control"]
    assert "--accent: light-dark(#" in sheet.text
    assert "no-cache" in member.get(url.split("?")[0])["Cache-Control"]
    assert member.get("/guilds/12345/tint.css").status_code == 404
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    assert as_person(stranger).get(url).status_code == 404
    assert Client().get(url).status_code == 302
