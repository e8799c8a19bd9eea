"""What a stranger's preview of a link shows: the product, and nothing of a game or server."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from games.tests.test_access_matrix import ROUTES

SECRETS = ("Curse of Strahd", "Bring dice", "Friday Night Dice", "game-night", "Bob the GM")


class _Head(HTMLParser):
    """Reads what a page says of itself, by the name of each property."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("property") or given.get("name") or ""
        if tag == "meta" and (name == "description" or name.startswith("og:")):
            self.said.setdefault(name, []).append(given.get("content") or "")


def preview(response: Any) -> dict[str, str]:
    """Return what a page says of itself, which it says once."""
    said = _Head(response.text).said
    assert {len(values) for values in said.values()} == {1}
    return {name: value for name, (value,) in said.items()}


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/", "Game Scheduler"),
        ("/login/", "Game Scheduler"),
        ("/login/?next=/games/1/", "Game Scheduler"),
        ("/help/", "Help · Game Scheduler"),
        ("/privacy/", "Privacy · Game Scheduler"),
        ("/nothing-is-here/", "Game Scheduler"),
    ],
)
def test_a_page_for_strangers_has_a_preview(db: None, settings: Any, address: str, title: str) -> None:
    shown = preview(Client().get(address))
    assert shown["og:title"] == title
    assert 20 < len(shown["description"]) <= 160
    assert shown["og:description"] == shown["description"]
    assert (shown["og:site_name"], shown["og:type"]) == ("Game Scheduler", "website")
    assert shown["og:image"] == f"{settings.PUBLIC_URL}/static/card.jpg"


def test_a_stranger_learns_nothing_of_a_game(world: World) -> None:
    game = world.create_game()
    of_one = {"game": [game.pk], "guild": [world.guild.pk], "channel": [world.guild.pk, world.channel.pk]}
    addresses = {
        reverse(name, args=of_one[of]): verdict("anonymous")
        for name, (how, of, verdict) in ROUTES.items()
        if how == "get" and of in of_one
    }
    assert len(addresses) > 15
    # Embeds, which are off here, lead to no log-in: they are for strangers.
    assert [*addresses.values()].count("404") == 2
    product = preview(Client().get("/"))
    for address in (*addresses, f"{game.get_absolute_url()}?d=x", "/games/999999/"):
        response = Client().get(address, follow=True)
        if addresses.get(address) == "404":
            assert (response.status_code, response.redirect_chain) == (404, []), address
        else:
            assert response.status_code == 200
            assert response.redirect_chain[-1][0].startswith("/login/"), address
        assert not [secret for secret in SECRETS if secret in response.text]
        assert preview(response) == product


def test_nor_does_the_page_say_it_of_itself_to_a_member(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    game = world.create_game()
    for address in (game.get_absolute_url(), reverse("guild", args=[world.guild.pk])):
        shown = preview(client.get(address))
        assert not [secret for secret in SECRETS if secret in "".join(shown.values())]
