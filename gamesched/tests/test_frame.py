"""What stands around every page: how heavy it is, how it travels, and what is shown in place of a page."""

import gzip
import re
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.signups import actions as signups
from gamesched.middleware import CompressionMiddleware
from gamesched.shortcuts import SHORTCUTS

WEIGHT_MAX = 100_000  # bytes of a page, its styles and its scripts, with an empty cache
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
OUR_FILES = re.compile(r'<(?:link rel="(?:stylesheet|icon)"[^>]* href|script[^>]* src)="(/static/[^"]+)"')


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def weight(client: Client, address: str) -> dict[str, int]:
    """Return the bytes that come over the wire for a page and for each file of ours that it names."""
    page = client.get(address, headers=GZIP)
    assert page.status_code == 200
    assert page["Content-Encoding"] == "gzip"
    content = body(page)
    files = set(OUR_FILES.findall(gzip.decompress(content).decode()))
    assert len(files) > 4
    return {address: len(content)} | {path: len(body(client.get(path, headers=GZIP))) for path in files}


@pytest.fixture
def game(world: World) -> Game:
    game = world.create_game(seats=20)
    for person in world.add_members(range(100, 130), "Somebody with a name {}"):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    return game


@pytest.mark.slow
@pytest.mark.parametrize("who", ["charlie", "alice"])
def test_no_page_is_heavy(world: World, game: Game, as_person: Any, who: str) -> None:
    client = as_person(getattr(world, who))
    guild_pages = ["guild", "guild-month", "guild-notifications"]
    guild_pages += ["game-new", "guild-settings"] if who == "alice" else []
    addresses = [reverse(name) for name in ("home", "help", "search", "calendar", "me", "privacy")]
    addresses += [reverse(name, args=[GUILD]) for name in guild_pages] + [game.get_absolute_url()]
    for address in addresses:
        parts = weight(client, address)
        assert sum(parts.values()) <= WEIGHT_MAX, parts
    assert sum(weight(Client(), "/").values()) <= WEIGHT_MAX


def test_a_fragment_that_is_compressed_is_still_unchanged(world: World, game: Game, as_person: Any) -> None:
    client = as_person(world.charlie)
    headers = {**GZIP, "HX-Request": "true"}
    first = client.get(game.get_absolute_url(), headers=headers)
    assert first["Content-Encoding"] == "gzip"
    assert first["ETag"].startswith("W/")
    for _ in range(3):  # a minute may end in between
        again = client.get(game.get_absolute_url(), headers={**headers, "If-None-Match": first["ETag"]})
        if again.status_code == 304:
            break
        first = again
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Encoding" not in again


@pytest.mark.parametrize(
    ("kind", "status", "compressed"),
    [
        ("text/html; charset=utf-8", 200, True),
        ("text/css", 200, True),
        ("text/javascript", 404, True),
        ("image/svg+xml", 200, True),
        ("application/speculationrules+json", 200, True),
        ("text/event-stream", 200, False),
        ("image/webp", 200, False),
        ("application/zip", 200, False),
        ("text/css", 206, False),
    ],
)
def test_only_texts_are_compressed(kind: str, status: int, compressed: bool) -> None:
    def send(response: Any) -> bool:
        request = RequestFactory().get("/", headers=GZIP)
        answer: Any = CompressionMiddleware(lambda request: response)(request)
        return "Content-Encoding" in answer.headers

    assert send(HttpResponse(b"x" * 5000, content_type=kind, status=status)) is compressed
    assert send(StreamingHttpResponse([b"x" * 5000], content_type=kind, status=status)) is compressed
    assert not send(HttpResponse(b"short", content_type=kind, status=status))


def test_links_may_be_fetched_ahead(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    assert "Speculation-Rules" not in client.get("/"), "the next page takes the browser's zone"
    world.charlie.zone = "Europe/Berlin"
    world.charlie.save()
    address = client.get("/")["Speculation-Rules"].strip('"')
    rules = client.get(address)
    assert rules["Content-Type"].startswith("application/speculationrules+json")
    assert b"moderate" in body(rules)
    assert "Speculation-Rules" not in client.get("/", headers={"HX-Request": "true"})
    assert "Speculation-Rules" not in client.get("/nowhere/")


def state_pages(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> dict[int, Any]:
    client.raise_request_exception = False
    pages = {
        400: client.get("/?q=%00"),
        403: client.get(reverse("guild-settings", args=[GUILD])),
        404: client.get("/nowhere/"),
        413: client.post(reverse("me"), {"zone": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)}),
    }
    monkeypatch.setattr("gamesched.views.render", lambda *a: 1 / 0)
    return pages | {500: client.get("/help/")}


def test_what_is_shown_in_place_of_a_page(world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = state_pages(world, as_person(world.charlie), monkeypatch)
    for status, response in pages.items():
        assert response.status_code == status
        card = response.text.partition('<div class="card notice">')[2].partition("</main>")[0]
        assert (card.count("<h1>"), card.count('class="button primary"')) == (1, 1), status
        assert 1 <= card.count("<p") <= 2, status
        assert "&amp;" not in card
        assert "&#x27;" not in card.partition("<h1>")[2].partition("</h1>")[0], "escaped once"
    stranger = Client().get("/nowhere/").text
    assert f'class="button primary" href="{reverse("login")}"' in stranger


@pytest.mark.parametrize("address", ["/", "/me/calendar/"])
def test_a_fragment_without_a_session_sends_its_page_to_log_in(db: None, address: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{address}?page=2"}
    response = Client().get(reverse("search"), headers=headers)
    assert response["HX-Redirect"] == f"{reverse('login')}?next={address}%3Fpage%3D2"
    assert not response.content
    elsewhere = Client().get(reverse("search"), headers={**headers, "HX-Current-URL": "https://evil.example/"})
    assert elsewhere["HX-Redirect"] == f"{reverse('login')}?next=/"
    assert Client().post("/games/1/join/", headers=headers).headers.get("HX-Redirect", "").startswith(reverse("login"))
    assert Client().get(reverse("search")).status_code == 302


def test_each_key_is_listed_and_presses_one_thing(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    shown = client.get("/help/").text
    for one in SHORTCUTS:
        assert shown.count(f'data-key="{one.key}"') == 2, "in the dialog and on the help page"
        assert shown.count(f"<dd>{one.does}</dd>") >= 2
    assert len({one.key for one in SHORTCUTS}) == len(SHORTCUTS)
    assert 'id="palette"' not in Client().get("/help/").text


def test_the_calendar_is_in_the_header(world: World, as_person: Any) -> None:
    header = as_person(world.charlie).get("/").text.partition("<nav")[2].partition("</nav>")[0]
    links = re.findall(r'href="([^"]+)"', header)
    assert links[0] == "/"
    assert links[1] in {"/month/", "/me/calendar/"}
    assert links[2] == reverse("search")


def test_requests_are_compressed_for_who_asks(db: None) -> None:
    plain = Client().get("/help/")
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"]
