"""Log-in: the code grant with state and PKCE, and everything that must be refused."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.rest_client import AGENT, RestClient
from gamesched.testing.waiting import PATIENCE

REDIRECT = "http://localhost:8000/accounts/discord/login/callback/"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def query(**changes: str) -> dict[str, str]:
    parameters = {"client_id": LocalDiscord.client_id, "response_type": "code", "scope": "identify guilds"}
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return {**parameters, **pkce, "redirect_uri": REDIRECT, "state": "s&1", "prompt": "none", **changes}


def authorize(local: LocalDiscord, person: str, **changes: str) -> dict[str, str]:
    """Choose a person; return what the redirect brings to the application."""
    url = f"{local.origin}/oauth2/authorize"
    response = requests.post(
        url, params=query(**changes), data={"person": person}, allow_redirects=False, timeout=PATIENCE
    )
    assert response.status_code == 302
    assert response.headers["Location"].startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def exchange(local: LocalDiscord, code: str, **changes: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    form |= {"client_id": local.client_id, "client_secret": local.client_secret, **changes}
    return requests.post(f"{local.api_url}/oauth2/token", data=form, headers=AGENT, timeout=PATIENCE)


def test_a_person_logs_in(local: LocalDiscord) -> None:
    page = requests.get(f"{local.origin}/oauth2/authorize", params=query(), timeout=PATIENCE)
    assert "LOCAL DISCORD" in page.text
    assert "Alice" in page.text
    back = authorize(local, str(fixtures.ALICE_ID))
    assert back["state"] == "s&1"
    token = exchange(local, back["code"]).json()
    bearer = RestClient(local, f"Bearer {token['access_token']}")
    assert bearer.request_json("GET", "/users/@me")["username"] == "alice"
    assert "email" not in bearer.request_json("GET", "/users/@me")
    (guild,) = bearer.request_json("GET", "/users/@me/guilds")
    assert (guild["id"], guild["owner"]) == (str(fixtures.GUILD_ID), True)
    assert int(guild["permissions"]) & 1 << 5
    assert bearer.request_error("GET", f"/channels/{fixtures.GENERAL_ID}") == (401, 0)


def test_a_person_declines(local: LocalDiscord) -> None:
    back = authorize(local, "")
    assert (back["error"], back["state"]) == ("access_denied", "s&1")


def test_without_the_guilds_scope_no_guilds(local: LocalDiscord) -> None:
    code = authorize(local, "bob", scope="identify email")["code"]
    bearer = RestClient(local, f"Bearer {exchange(local, code).json()['access_token']}")
    assert bearer.request_json("GET", "/users/@me")["email"]
    assert bearer.request_error("GET", "/users/@me/guilds") == (401, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "1"},
        {"redirect_uri": "http://evil/"},
        {"scope": "everything"},
        {"scope": ""},
        {"response_type": "token"},
    ],
)
def test_it_does_not_redirect_a_wrong_request(local: LocalDiscord, changes: Any) -> None:
    for method in ("get", "post"):
        url = f"{local.origin}/oauth2/authorize"
        response = requests.request(method, url, params=query(**changes), allow_redirects=False, timeout=PATIENCE)
        assert response.status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "1"}, "invalid_client"),
        ({"code": "x"}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:8000/"}, "invalid_grant"),
        ({"code_verifier": "x"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_it_refuses_a_wrong_exchange(local: LocalDiscord, changes: Any, error: str) -> None:
    code = authorize(local, "bob")["code"]
    response = exchange(local, **{"code": code, **changes})
    assert not response.ok
    assert response.json()["error"] == error


def test_a_code_is_good_once(local: LocalDiscord) -> None:
    code = authorize(local, "bob")["code"]
    assert exchange(local, code).ok
    assert exchange(local, code).json()["error"] == "invalid_grant"


def test_an_application_gets_a_token_of_its_owner(local: LocalDiscord) -> None:
    given = exchange(local, "", grant_type="client_credentials", scope="identify").json()
    assert given["token_type"] == "Bearer"
    assert "refresh_token" not in given
    assert RestClient(local, f"Bearer {given['access_token']}").request_json("GET", "/users/@me")["id"]
    refused = exchange(local, "", grant_type="client_credentials", scope="identify", client_secret="wrong")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    unknown = exchange(local, "", grant_type="client_credentials", scope="everything")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_scope")


def test_the_bot_is_invited(local: LocalDiscord) -> None:
    url = f"{local.origin}/oauth2/authorize"
    link = {"client_id": LocalDiscord.client_id, "scope": "bot applications.commands", "permissions": str(1 << 40)}
    page = requests.get(url, params=link, timeout=PATIENCE)
    assert (page.status_code, "a new server" in page.text) == (200, True)
    added = requests.post(url, params=link, data={"guild": "new"}, timeout=PATIENCE)
    guild_id = re.findall(r"/channels/(\d+)/\d+\?as=erin", added.text)[0]
    bot = RestClient(local, f"Bot {local.bot_token}")
    assert bot.request_json("GET", f"/guilds/{guild_id}")["name"] == "Game Night"
    roles = bot.request_json("GET", f"/guilds/{guild_id}/roles")
    assert [int(role["permissions"]) >> 40 & 1 for role in roles if "tags" in role] == [1]
    again = requests.post(url, params=link, data={"guild": str(fixtures.GUILD_ID)}, timeout=PATIENCE)
    assert "as=alice" in again.text
    assert requests.post(url, params=link, data={"guild": "7"}, timeout=PATIENCE).status_code == 400
