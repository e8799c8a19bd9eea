"""Every answer has the same headers, every method its answer, and only trusted proxies are believed."""

from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from conftest import World
from gamesched.lib.proxies import client_address, parse_networks
from gamesched.middleware import METHODS, real_client

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def check_headers(response: Any) -> None:
    for name, value in HEADERS.items():
        assert response.headers.get(name) == value, (name, response.status_code)
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{feature}=()" in response.headers["Permissions-Policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/help/", 200),
        ("/healthz", 200),
        ("/robots.txt", 200),
        ("/favicon.ico", 302),
        ("/styleguide/", 404),
        ("/static/app.css", 200),
        ("/static/none.css", 404),
        ("/none/", 404),
        ("/none", 404),
        ("/help", 301),
        ("/me/", 302),
        ("/guilds/1/", 302),
        ("/admin/", 302),
        ("/admin/login/", 200),
        ("/accounts/discord/login/callback/", 400),
        ("/accounts/discord/login/", 200),
    ],
)
def test_every_answer_has_the_headers(db: None, client: Client, path: str, status: int) -> None:
    for method in ("get", "head"):
        response = getattr(client, method)(path)
        assert response.status_code == status
        check_headers(response)


def test_redirects_refusals_and_errors_have_them_too(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other_host = Client(headers={"host": "localhost"}).get("/help/")
    assert (other_host.status_code, other_host["Location"]) == (302, "http://testserver/help/")
    forged = Client(enforce_csrf_checks=True).post("/me/", {})
    wrong_host = Client(headers={"host": "evil.example"}).get("/help/")
    assert wrong_host.status_code == 400
    monkeypatch.setattr("gamesched.views.render", lambda *a: 1 / 0)
    broken = Client(raise_request_exception=False).get("/help/")
    assert broken.status_code == 500

    def no_cursor() -> None:
        raise Error

    with monkeypatch.context() as without_database:
        without_database.setattr(connection, "cursor", no_cursor)
        ill = Client().get("/healthz")
    assert ill.status_code == 503
    for response in (other_host, forged, wrong_host, broken, ill):
        check_headers(response)


@pytest.mark.parametrize("path", ["/", "/help/", "/healthz", "/static/app.css", "/admin/login/", "/none/"])
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "X"])
def test_methods_that_nothing_serves(db: None, client: Client, method: str, path: str) -> None:
    response = client.generic(method, path)
    assert (response.status_code, response["Allow"]) == (405, ", ".join(METHODS))
    check_headers(response)


def test_head_is_answered_wherever_get_is(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    game = world.create_game()
    for path in (
        "/",
        "/me/",
        f"/guilds/{world.guild.pk}/",
        game.get_absolute_url(),
        f"{game.get_absolute_url()}edit/",
        f"/guilds/{world.guild.pk}/new/",
    ):
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.get("Content-Type")) == (got.status_code, got["Content-Type"]), path
        assert got.status_code == 200, path


def test_what_search_engines_and_old_programs_ask_for(client: Client, db: None) -> None:
    robots = client.get("/robots.txt")
    assert robots["Content-Type"].startswith("text/plain")
    assert robots.text.splitlines()[-1] == "Disallow: /"
    assert client.get("/favicon.ico", follow=True)["Content-Type"] in {"image/x-icon", "image/vnd.microsoft.icon"}


def test_https_is_told_to_browsers_though_the_proxy_ends_it(db: None, settings: Any) -> None:
    settings.PUBLIC_URL = "https://testserver"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60
    for headers in ({}, {"x-forwarded-proto": "http"}, {"x-forwarded-proto": "https"}):
        for path in ("/healthz", "/help/", "/static/app.css"):
            assert Client(headers=headers).get(path)["Strict-Transport-Security"] == "max-age=60"


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("192.0.2.7", "", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "10.0.0.0/8", "192.0.2.7"),
        ("10.0.0.1", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1,198.51.100.1 ,10.0.0.2", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "10.0.0.1", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.0/8", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1:4711", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "10.0.0.0/8", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "10.0.0.0/8", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("fd00::1", "198.51.100.1", "10.0.0.0/8, fd00::/8", "198.51.100.1"),
        ("10.0.0.1", "unknown", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "1" * 9000, "10.0.0.0/8", "10.0.0.1"),
        ("", "198.51.100.1", "10.0.0.0/8", ""),
    ],
)
def test_the_client_is_who_a_trusted_proxy_says(
    settings: Any, peer: str, forwarded: str, trusted: str, client: str
) -> None:
    assert client_address(peer, forwarded, parse_networks(trusted)) == client
    settings.TRUSTED_PROXIES = trusted
    asked: list[HttpRequest] = []
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_REAL_IP="1.2.3.4")

    def respond(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse()

    real_client(respond)(request)
    assert asked[0].META["REMOTE_ADDR"] == client
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST"} & asked[0].META.keys()


@pytest.mark.parametrize("wrong", ["proxy", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.1 10.0.0.2", "*"])
def test_proxies_that_are_none(wrong: str) -> None:
    with pytest.raises(ValueError):
        parse_networks(wrong)


def test_no_program_is_started_so_that_it_believes_everybody() -> None:
    root = Path(__file__).parents[2]
    for name in ("Dockerfile", "compose.yaml", "README.md", "gamesched/demo/supervisor.py"):
        assert "--proxy-headers" not in (root / name).read_text()


@pytest.mark.parametrize("header", ["x-forwarded-proto", "x-forwarded-for", "x-real-ip", "via"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "web:8000"])
def test_o3_a_proxy_that_does_not_pass_on_host_is_told(db: None, header: str, host: str) -> None:
    response = Client(headers={"host": host, header: "https"}).get("/help/")
    assert (response.status_code, b"pass on Host" in response.content) == (421, True)


def test_o3_redirects_without_end_are_ended_by_a_page(db: None) -> None:
    """By a proxy that adds no header at all, as nginx with nothing but proxy_pass."""
    browser = Client(headers={"host": "localhost"})
    codes = [browser.get("/help/").status_code for _ in range(5)]
    assert codes == [302, 302, 302, 421, 421]
    assert Client().get("/help/").status_code == 200


def test_o3_a_live_page_without_upgrade_is_told(db: None) -> None:
    response = Client().get("/live/games/42/")
    assert (response.status_code, b"Upgrade" in response.content) == (426, True)
