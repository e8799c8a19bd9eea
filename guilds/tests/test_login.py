"""Discord log-in, and each way in which it fails: a page with one next step, never a 500."""

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.test import Client
from django.utils.html import escape

from conftest import make_world
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.testing.waiting import PATIENCE
from guilds.directory import lookup
from guilds.models import Member, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def discord(settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(public_url="http://testserver") as local:
        settings.DISCORD_API_URL = local.api_url
        settings.DISCORD_BROWSER_URL = local.origin
        yield local


def log_in_with_discord(client: Client, person: int | str) -> str:
    """Click Log in, choose a person at Discord, and return the URL that Discord redirects to."""
    away = client.post("/accounts/discord/login/")
    assert away.status_code == 302
    back = requests.post(away["Location"], data={"person": str(person)}, allow_redirects=False, timeout=PATIENCE)
    return back.headers["Location"].removeprefix("http://testserver")


def test_logging_in_records_who_and_where(
    discord: LocalDiscord, client: Client, now: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DISCORD_DIRECTORY = "discord_bot.http.directory.RestDirectory"
    make_world(now)
    lookups = ThreadPoolExecutor(1)
    monkeypatch.setattr(lookup, "_executor", lookups)
    Member.objects.all().delete()
    response = client.get(log_in_with_discord(client, fixtures.BOB_ID))
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(fixtures.BOB_ID)
    member = Member.objects.get(user_id=fixtures.BOB_ID)
    assert member.guild_id == fixtures.GUILD_ID
    lookups.shutdown()  # roles are looked up behind the page's back
    assert Member.objects.get(user_id=fixtures.BOB_ID).role_ids == [fixtures.ORGANISER_ID]


def test_logging_in_keeps_of_the_profile_what_it_needs(discord: LocalDiscord, client: Client, now: Any) -> None:
    make_world(now)
    for _ in range(2):  # a second log-in writes it anew
        client.get(log_in_with_discord(client, fixtures.BOB_ID))
        profile = SocialAccount.objects.get(user_id=fixtures.BOB_ID).extra_data
        assert profile.keys() <= {"id", "username", "global_name", "avatar"}
        assert profile["id"] == str(fixtures.BOB_ID)
        client.logout()


def test_profiles_from_before_are_trimmed(now: Any) -> None:
    world = make_world(now)
    kept = {"id": "1", "username": "bob", "global_name": None, "avatar": "x"}
    whole = kept | {"locale": "de", "mfa_enabled": True, "flags": 64, "email": "b@example.org", "banner": None}
    rows = {"discord": whole, "other": whole}
    for provider, data in rows.items():
        SocialAccount.objects.create(user=world.bob, provider=provider, uid="1", extra_data=data)
    SocialAccount.objects.create(user=world.charlie, provider="discord", uid="2", extra_data=["odd"])
    for _ in range(2):
        importlib.import_module("guilds.migrations.0012_trim_profiles").trim(apps, None)
        assert SocialAccount.objects.get(provider="discord", uid="1").extra_data == kept
        assert SocialAccount.objects.get(uid="2").extra_data == {}
        assert SocialAccount.objects.get(provider="other").extra_data == whole


def test_someone_known_keeps_zone_and_rights(discord: LocalDiscord, client: Client, now: Any) -> None:
    make_world(now)
    User.objects.filter(pk=fixtures.BOB_ID).update(zone="Asia/Tokyo", is_staff=True)
    for _ in range(2):
        client.get(log_in_with_discord(client, fixtures.BOB_ID))
        bob = User.objects.get(pk=fixtures.BOB_ID)
        assert (bob.zone, bob.is_staff, bob.global_name) == ("Asia/Tokyo", True, "Bob")
        client.logout()
    assert User.objects.filter(username=str(fixtures.BOB_ID)).count() == 1


def test_a_person_in_no_guild_with_the_bot_reads_what_to_do(discord: LocalDiscord, client: Client, now: Any) -> None:
    make_world(now)
    client.get(log_in_with_discord(client, fixtures.ERIN_ID))
    page = client.get("/").text
    assert "Invite it to a server you manage" in page
    assert "Friday Night Dice" not in page


def test_consent_denied(discord: LocalDiscord, client: Client) -> None:
    page = client.get(log_in_with_discord(client, ""), follow=True)
    assert page.status_code < 500
    assert "You chose Cancel at Discord" in page.text


def test_state_missing_or_used_twice(discord: LocalDiscord, client: Client, now: Any) -> None:
    make_world(now)
    url = log_in_with_discord(client, fixtures.BOB_ID)
    code = parse_qs(urlsplit(url).query)["code"][0]
    for wrong in (f"/accounts/discord/login/callback/?code={code}", "/accounts/discord/login/callback/?code=x&state=y"):
        page = client.get(wrong, follow=True)
        assert page.status_code == 400
        assert "That log-in has expired" in page.text
    client.get(url)
    again = client.get(url, follow=True)
    assert again.status_code == 400
    assert "That log-in has expired" in again.text


def test_cookies_off(discord: LocalDiscord, client: Client) -> None:
    url = log_in_with_discord(client, fixtures.BOB_ID)
    page = Client().get(url, follow=True)
    assert page.status_code == 400
    assert "allow cookies for this site" in page.text


def test_a_code_that_discord_does_not_accept(discord: LocalDiscord, client: Client) -> None:
    url = log_in_with_discord(client, fixtures.BOB_ID)
    page = client.get(url.replace("code=", "code=x"), follow=True)
    assert page.status_code == 503
    assert "Discord refused the log-in" in page.text


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        ({"kind": "status", "status": 503, "match": "POST /oauth2/token"}, "Discord doesn't answer"),
        ({"kind": "status", "status": 500, "match": "GET /users/@me"}, "Discord doesn't answer"),
        ({"kind": "status", "status": 429, "match": "GET /users/@me"}, "Discord asks us to slow down"),
        ({"kind": "lost", "match": "GET /users/@me"}, "Discord doesn't answer"),
    ],
)
def test_discord_down_or_limiting(discord: LocalDiscord, client: Client, fault: dict[str, Any], title: str) -> None:
    url = log_in_with_discord(client, fixtures.BOB_ID)
    discord.client.add_fault(**fault)
    page = client.get(url, follow=True)
    assert page.status_code == 503
    assert escape(title) in page.text
    assert not User.objects.filter(pk=fixtures.BOB_ID).exists()
