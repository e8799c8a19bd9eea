"""What was typed comes back, whatever ended the session or the token, and while Discord cannot be asked."""

from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game, GameTemplate
from games.models.settings import GuildDefaults
from games.signups import actions as signups
from gamesched.testing.page_forms import form_to, page_forms
from guilds.directory import lookup
from guilds.directory.lookup import DirectoryUnavailable
from guilds.models import Block, Member, User
from guilds.sent_forms import resubmission

BACKEND = "django.contrib.auth.backends.ModelBackend"
TEXT = 'Tomb of "Horrors" <b>& more</b>\r\nBring dice.'


@pytest.fixture
def browser() -> Client:
    """A client whose forms need the CSRF token, as a browser's do."""
    return Client(enforce_csrf_checks=True)


def log_in_anew(browser: Client, user: User) -> None:
    """Log in as in another tab: that replaces the session and the secret of the CSRF token."""
    browser.force_login(user, backend=BACKEND)
    browser.cookies["csrftoken"] = "another0secret0" * 2 + "12"


def game_form(client: Client, world: World) -> tuple[str, dict[str, Any]]:
    address = reverse("game-new", args=[world.guild.pk])
    return address, form_to(client, address, address, title="Tomb of Horrors", description=TEXT)


def shown_form(response: Any, address: str) -> dict[str, Any]:
    """Return what a browser sends of the page's form to an address."""
    return next(one for one in page_forms(response.text) if one.actions == [address]).fields


def sent_as(client: Client, address: str, fields: dict[str, Any], **headers: str) -> Any:
    return client.post(address, fields, headers=headers or None)


# --- the CSRF token ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}])
def test_logged_in_anew_in_another_tab(world: World, browser: Client, headers: dict[str, str]) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    log_in_anew(browser, world.bob)
    response = sent_as(browser, address, form, **headers)
    assert response.status_code == 403
    assert "You're logged in as" in response.text
    assert "<b>&" not in response.text, "shown as text"
    assert not Game.objects.exists(), "nothing is done before the person presses"
    fields = shown_form(response, address)
    assert fields["description"] == [TEXT]
    done = sent_as(browser, address, fields)
    assert done.status_code == 302, done.text
    assert Game.objects.get().description == TEXT.replace("\r\n", "\n")
    assert sent_as(browser, address, fields).url == done.url, "the form kept its own token"
    assert Game.objects.count() == 1


def test_the_cookie_of_the_token_is_gone(world: World, browser: Client) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    del browser.cookies["csrftoken"]
    fields = shown_form(sent_as(browser, address, form), address)
    assert sent_as(browser, address, fields).status_code == 302


def test_somebody_else_logged_in_meanwhile(world: World, browser: Client) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    log_in_anew(browser, world.alice)
    response = sent_as(browser, address, form)
    assert response.status_code == 403
    assert "You're logged in as alice" in response.text
    assert not Game.objects.exists()
    sent_as(browser, address, shown_form(response, address))
    assert Game.objects.get().host == world.alice, "who pressed it"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/games/"},
        {"Origin": "http://testserver.evil.example"},
    ],
)
@pytest.mark.parametrize("logged_in", [True, False], ids=["logged in", "logged out"])
def test_a_form_of_another_site_is_not_shown(
    world: World, browser: Client, headers: dict[str, str], logged_in: bool
) -> None:
    if logged_in:
        browser.force_login(world.bob, backend=BACKEND)
    address = reverse("game-new", args=[world.guild.pk])
    response = sent_as(browser, address, {"title": "Evil"}, **headers)
    assert response.status_code == 403
    assert "Evil" not in response.text
    assert not any(one.actions == [address] for one in page_forms(response.text))
    assert "typed_form" not in browser.session


def test_secrets_are_not_shown(browser: Client, db: None) -> None:
    User.objects.create_superuser("root", password="hunter2 hunter2")
    address = reverse("admin:login")
    response = browser.post(address, {"username": "root", "password": "hunter2 hunter2"})
    assert response.status_code == 403
    assert "hunter2" not in response.text
    assert shown_form(response, address)["username"] == ["root"]


def test_a_form_too_long_to_be_shown(world: World, browser: Client) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    log_in_anew(browser, world.bob)
    response = sent_as(browser, address, {**form, "description": "long " * resubmission.SHOWN_MAX})
    assert response.status_code == 403
    assert len(response.text) < resubmission.SHOWN_MAX
    assert escape(resubmission.TOO_LONG) in response.text


def test_an_address_of_another_site(world: World, browser: Client) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    response = browser.post("//evil.example/guilds/", {"title": "x"})
    assert 'action="//' not in response.text


def test_a_fragment(world: World, browser: Client) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    browser.force_login(world.charlie, backend=BACKEND)
    address = reverse("game-note", args=[game.pk])
    form = form_to(browser, game.get_absolute_url(), address, note="late by 15 min")
    log_in_anew(browser, world.charlie)
    response = sent_as(browser, address, form, **{"HX-Request": "true"})
    assert response["HX-Redirect"] == reverse("send-again")
    fields = shown_form(browser.get(response["HX-Redirect"]), address)
    assert fields["note"] == ["late by 15 min"]
    assert sent_as(browser, address, fields).status_code == 302
    assert game.signups.get().note == "late by 15 min"


# --- the session -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize("keeps_token", [True, False])
def test_the_session_ended(world: World, browser: Client, fragment: bool, keeps_token: bool) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    browser.session.flush()
    if not keeps_token:
        del browser.cookies["csrftoken"]
    response = sent_as(browser, address, form, **({"HX-Request": "true"} if fragment else {}))
    login = response["HX-Redirect" if fragment else "Location"]
    assert login == f"{reverse('login')}?next={reverse('send-again')}"
    browser.force_login(world.bob, backend=BACKEND)
    fields = shown_form(browser.get(reverse("send-again")), address)
    assert fields["description"] == [TEXT]
    done = sent_as(browser, address, fields)
    assert done.status_code == 302, done.text
    assert sent_as(browser, address, fields).url == done.url
    assert Game.objects.get().host == world.bob


def test_what_was_typed_is_kept_for_its_person_alone(world: World, browser: Client) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    browser.session.flush()
    sent_as(browser, address, form)
    browser.force_login(world.charlie, backend=BACKEND)
    response = browser.get(reverse("send-again"))
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_form_of_the_admin_after_the_session_ended(world: World, browser: Client) -> None:
    browser.force_login(world.alice, backend=BACKEND)
    address = reverse("admin:guilds_block_add")
    form = form_to(
        browser, address, address, guild=str(world.guild.pk), user=str(world.charlie.pk), reason="Never comes"
    )
    browser.session.flush()
    login = browser.post(address, form)["Location"]
    assert "Log in with a password instead" in browser.get(login).text
    browser.force_login(world.alice, backend=BACKEND)
    fields = shown_form(browser.get(reverse("send-again")), address)
    assert sent_as(browser, address, fields).status_code == 302
    assert Block.objects.get().reason == "Never comes"


def test_too_long_for_a_session_is_shown_at_once(world: World, browser: Client) -> None:
    browser.force_login(world.bob, backend=BACKEND)
    address, form = game_form(browser, world)
    browser.session.flush()
    text = "long " * (resubmission.KEPT_MAX // 4)
    response = sent_as(browser, address, {**form, "description": text})
    assert response.status_code == 403
    assert shown_form(response, address)["description"] == [text]


# --- Discord cannot be asked -------------------------------------------------------------------------------


@pytest.fixture
def unavailable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Discord answer no look-up, and the stored roles be old."""

    def down(guild_id: int, user_id: int) -> None:
        raise DirectoryUnavailable("Discord answered 502")

    monkeypatch.setattr(lookup, "refresh_member", down)
    Member.objects.update(roles_read_at=world.now - timedelta(hours=2))


MANAGERS_FORMS = {
    "guild-settings": {"location": "Table five"},
    "guild-blocks": {"who": "charlie", "reason": "Never comes"},
    "template-new": {"name": "Two-shot", "description": "One evening"},
    "guild-setup": {"zone": "Asia/Tokyo", "step": "roles"},
}


@pytest.mark.usefixtures("unavailable")
@pytest.mark.parametrize("route", MANAGERS_FORMS)
def test_a_managers_form_while_discord_cannot_be_asked(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    browser.force_login(world.alice, backend=BACKEND)
    address, text = reverse(route, args=[world.guild.pk]), MANAGERS_FORMS[route]
    Member.objects.update(roles_read_at=world.now)  # for the page, a minute ago would do
    page = f"{address}?edit=location" if route == "guild-settings" else address
    form = form_to(browser, page, address, **text)
    Member.objects.update(roles_read_at=world.now - timedelta(hours=2))
    response = sent_as(browser, address, form)
    assert response.status_code == 503
    assert escape(lookup.ROLES_UNKNOWN) in response.text
    fields = shown_form(response, address)
    assert {name: fields[name] for name in text} == {name: [value] for name, value in text.items()}
    monkeypatch.setattr(lookup, "refresh_member", lambda guild_id, user_id: None)
    assert sent_as(browser, address, fields).status_code == 302


@pytest.mark.usefixtures("unavailable")
def test_the_admin_while_discord_cannot_be_asked(world: World, browser: Client) -> None:
    browser.force_login(world.alice, backend=BACKEND)
    address = reverse("admin:guilds_block_add")
    Member.objects.update(roles_read_at=world.now)
    form = form_to(browser, address, address, reason="Never comes")
    response = sent_as(browser, address, form)
    assert response.status_code == 503
    assert escape(lookup.ROLES_UNKNOWN) in response.text
    assert shown_form(response, address)["reason"] == ["Never comes"]


@pytest.mark.usefixtures("unavailable")
@pytest.mark.parametrize("route", ["game-tell", "game-add", "game-edit", "game-again", "game-hosts", "game-note"])
def test_a_games_form_while_discord_cannot_be_asked(world: World, as_person: Any, route: str) -> None:
    """The form comes back on its own page or on the page for typed text, with the reason."""
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    client = as_person(world.charlie if route == "game-note" else world.bob)
    address = reverse(route, args=[game.pk])
    text = {"text": "Bring dice.", "participants": "Zoe from work", "title": "Tomb", "note": "late"}
    own_page = address if route != "game-note" else game.get_absolute_url()
    Member.objects.update(roles_read_at=world.now)
    form = form_to(client, own_page, address)
    Member.objects.update(roles_read_at=world.now - timedelta(hours=2))
    wanted = {name: value for name, value in text.items() if name in form}
    response = client.post(address, {**form, **wanted})
    assert response.status_code in {422, 503}
    assert escape(lookup.ROLES_UNKNOWN) in response.text
    for value in wanted.values():
        assert value in response.text


@pytest.mark.usefixtures("unavailable")
def test_a_role_that_was_never_read(world: World, as_person: Any) -> None:
    GuildDefaults.objects.update(host_role_ids=[1234])
    client = as_person(world.charlie)
    Member.objects.update(roles_read_at=None)
    address = reverse("game-new", args=[world.guild.pk])
    response = client.post(address, {"title": "Tomb of Horrors", "description": TEXT})
    assert response.status_code == 403
    assert shown_form(response, address)["description"] == [TEXT]


# --- groups of a form --------------------------------------------------------------------------------------


def open_groups(page: str) -> list[str]:
    return [
        part.split("<summary>")[1].split("<")[0].strip()
        for part in page.split("<details")[1:]
        if " open" in part.split(">")[0] and "<summary>" in part
    ]


@pytest.mark.parametrize(
    ("wrong", "unfolded"),
    [
        ({"title": ""}, []),
        ({"date": ""}, []),
        ({"seats": "many"}, []),
        ({"minimum": "many"}, ["More settings", "Signing up"]),
    ],
)
def test_only_groups_with_an_error_unfold(
    world: World, as_person: Any, wrong: dict[str, str], unfolded: list[str]
) -> None:
    client = as_person(world.bob)
    address = reverse("game-new", args=[world.guild.pk])
    form = form_to(client, address, address, title="Tomb")
    response = client.post(address, {**form, **wrong})
    assert response.status_code == 422
    assert open_groups(response.text) == unfolded


def test_groups_of_a_template_unfold_alike(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    address = reverse("template-new", args=[world.guild.pk])
    form = form_to(client, address, address)
    assert open_groups(client.post(address, {**form, "name": ""}).text) == []
    assert len(open_groups(client.post(address, {**form, "name": "x", "minimum": "many"}).text)) == 1
    assert not GameTemplate.objects.exists()
