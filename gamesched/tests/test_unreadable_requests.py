"""Requests that no page can read are refused before any page, and never with a 5xx."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from conftest import GUILD, World
from gamesched.handlers import PageHandler

CHARSETS = ["utf-7", "utf-16", "base64", "rot13", "idna", "punycode", "undefined", "latin-1", "nonsense", "x" * 999]
PATHS = ["/", "/help/", "/login/", "/nothing-here/", "/admin/", "/accounts/discord/login/callback/"]


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_body_in_another_charset_is_refused(world: World, as_person: Any, charset: str) -> None:
    client = as_person(world.bob)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"):
        url = reverse("game-new", args=[GUILD])
        sent = client.generic("POST", url, b"title=+ADw-", content_type=f"{kind}; charset={charset}")
        assert sent.status_code == 400
        assert "We can't read that" in sent.text


@pytest.mark.parametrize("charset", ["utf-7", "zlib", "latin-1", "utf-16", "nonsense"])
def test_a_browser_with_a_cookie_is_refused_too(db: None, charset: str) -> None:
    """The page that says so checks the form's token, and so reads the body once more: that answered 500."""
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies["csrftoken"] = "a" * 32
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    for path in PATHS:
        sent = browser.generic("POST", path, b"title=+ADw-", content_type=kind)
        assert sent.status_code == 400
        assert "We can't read that" in sent.text


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"', "us-ascii"])
def test_a_body_in_utf8_is_read(world: World, as_person: Any, charset: str) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    sent = as_person(world.bob).generic("POST", reverse("me"), b"zone=Asia/Tokyo", content_type=kind)
    assert sent.status_code == 302


@pytest.mark.parametrize("path", PATHS)
def test_nul_in_an_address_is_refused(client: Any, db: None, path: str) -> None:
    for query in ("?q=%00", "?%00=1", "?q=a%00b&q=c", "?q=c&q=a%00", "?e=%00&page=%00"):
        assert client.get(path + query).status_code == 400
    assert client.get(f"{path}%00/").status_code == 400


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "zone", "other"])
def test_nul_in_a_cookie_is_refused(client: Any, db: None, name: str) -> None:
    assert client.get("/", headers={"Cookie": f'{name}="a\\000b"'}).status_code == 400


def test_bytes_that_are_no_text_are_shown_as_such(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    for query in ("?q=%ED%A0%80", "?q=%FF%FE", "?%C3%28=%C3%28"):
        assert client.get(reverse("members", args=[GUILD]) + query).status_code == 200
    assert client.get("/%FF%ED%A0%80/").status_code == 404


@pytest.mark.parametrize("kind", ["a/b; charset*=nonsense''utf-8", "a/b; boundary*=x''y"])
def test_headers_that_django_cannot_read_are_refused(kind: str) -> None:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind.encode())]}
    request, refusal = PageHandler().create_request(scope, None)
    assert request is None
    assert refusal.status_code == 400


@pytest.mark.parametrize(
    "options",
    [
        ["cancel", "1", "--reason", "\udcff"],
        ["list", "--guild", "\udcff"],
        ["show", "\udcff"],
        ["list", "--as", "\udc80"],
    ],
)
def test_an_option_that_is_no_text_is_refused(db: None, options: list[str]) -> None:
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("game", *options)


@pytest.mark.parametrize("person", ["²", "9" * 5000, "\udcff", "a\x00"])
def test_the_log_of_clicks_takes_any_text_as_a_person(db: None, person: str) -> None:
    call_command("interactions", "--person", person, "--last", str(10**30))
