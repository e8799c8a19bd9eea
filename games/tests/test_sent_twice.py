"""A form sent twice does what it is for once, and has the same answer both times. A form missing here fails."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.messages import get_messages
from django.template import engines
from django.test import RequestFactory
from django.urls import reverse

from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.feeds.actions import replace_address
from games.hosts import actions as host_actions
from games.models import Game, GameTemplate
from games.series.tests.scene import repeat
from games.tests.stage import Stage, db, module_stage, rows, stage
from games.tests.test_access_matrix import ROUTES
from gamesched.testing.page_forms import form_to, page_forms
from guilds.directory.upsert import mark_member_left
from guilds.models import SentForm, User
from guilds.sent_forms.tokens import FIELD
from notifications.models import Notification

__all__ = ["db", "module_stage", "stage"]  # the fixtures


@dataclass
class Sending:
    """How a form is sent: who sends it, from which page, and what they type."""

    page: str
    typed: dict[str, Any] = field(default_factory=dict)
    who: str = "alice"
    query: str = ""  # of the page
    prepare: Callable[[Stage], object] = lambda stage: None


def end(stage: Stage) -> None:
    earlier = stage.world.now - timedelta(hours=5)
    Game.objects.update(starts_at=earlier, ends_at=earlier + timedelta(hours=1))


def lose_host(stage: Stage) -> None:
    mark_member_left(stage.world.guild.pk, stage.world.bob.pk, stage.world.now)


def ask_to_host(stage: Stage) -> None:
    host_actions.hand_over(stage.game.pk, stage.world.alice, Actor(stage.world.bob, EntryPoint.PAGE), stage.world.now)


def start_series(stage: Stage) -> None:
    repeat(stage.world, stage.game)


def make_address(stage: Stage) -> None:
    replace_address(stage.world.alice, stage.world.now)


DAY = datetime.now(UTC) + timedelta(days=5)
POLL = {
    "title": "Tomb of Horrors", "date_1": f"{DAY:%Y-%m-%d}", "time_1": "20:00",
    "date_2": f"{DAY + timedelta(days=1):%Y-%m-%d}",
}  # fmt: skip
ONCE = {
    "game-new": Sending("game-new", {"title": "Tomb of Horrors"}),
    "game-again": Sending("game-again"),
    "game-edit": Sending("game-edit", {"title": "Tomb of Horrors"}),
    "poll-new": Sending("poll-new", POLL),
    "game-repeat": Sending("game-repeat", {"lead_days": "9"}),
    "game-edit-later": Sending("game-edit-later", {"title": "Tomb of Horrors"}, prepare=start_series),
    "game-tell": Sending("game-tell", {"to": "all", "text": "Bring dice."}),
    "game-add": Sending("game-add", {"participants": "Zoe from work"}),
    "game-bring": Sending("game", {"name": "Zoe"}, who="charlie"),
    "game-template": Sending("game", {"name": "Strahd"}),
    "game-new-link": Sending("game"),
    "game-hosts": Sending("game-hosts", {"cohosts": ["charlie"]}),
    "game-take-over": Sending("game", prepare=lose_host),
    "game-hand-over": Sending("game", {"choice": "accept"}, prepare=ask_to_host),
    "game-remove": Sending("game", {"reason": "Too late"}),
    **dict.fromkeys(("game-up", "game-down"), Sending("game")),
    "game-rewards": Sending("game-rewards", {"text": "A sword"}, prepare=end),
    "game-resend": Sending("game"),
    "guild-resend": Sending("guild-messages"),
    "guild-blocks": Sending("guild-blocks", {"who": "charlie"}),
    "guild-unblock": Sending("guild-blocks"),
    "guild-imports": Sending("guild-imports", {"text": "Tomb of Horrors\n2 pm UTC tomorrow"}),
    "guild-import": Sending("guild-import", {"do": "import"}),
    "guild-import-undo": Sending("guild-import"),
    "guild-settings": Sending("guild-settings", {"duration": "3h"}, query="?edit=duration"),
    "guild-channel": Sending("guild-channel", {"duration": "3h"}, query="?edit=duration"),
    **dict.fromkeys(("guild-webhook-test", "guild-webhook-again"), Sending("guild-webhook")),
    "guild-setup": Sending("guild-setup", {"zone": "Asia/Tokyo"}),
    "template": Sending("template", {"name": "Two-shot"}, query="?edit=name"),
    "template-new": Sending("template-new", {"name": "Two-shot"}),
    "template-delete": Sending("template-delete"),
    **dict.fromkeys(
        ("template-up", "template-down", "template-default", "template-duplicate"), Sending("guild-templates")
    ),
    "channel-test": Sending("guild-setup"),
    "calendar-new": Sending("calendar", prepare=make_address),
    "calendar-delete": Sending("calendar", prepare=make_address),
    "notification-test": Sending("guild-notifications", who="charlie"),
}
IN_STATE = "says which state is wanted; sent twice, the second finds it and changes nothing"
REPEATABLE = {
    **dict.fromkeys(
        (
            "game-join", "game-leave", "game-answer", "game-note", "game-unbring", "game-wait", "game-cancel",
            "card-join", "game-end", "game-undo", "game-close", "game-reopen", "game-keep", "game-seat", "game-bench",
            "game-announce-now", "game-attendance", "game-archive", "guild-notifications", "me", "poll-vote",
            "poll-game", "poll-cancel", "game-skip", "game-unskip", "game-pause", "game-resume", "game-end-series",
            "game-correct-series", "game-companion", "guild-note", "guild-webhook", "guild-webhook-pause",
            "guild-webhook-resume", "guild-embed",
        ),
        IN_STATE,
    ),
    **dict.fromkeys(("preview-new", "preview-edited"), "shows what is typed, and saves nothing"),
    "game-offer": "answers an offer by its number; sent twice, the second finds it answered",
    "game-overlap": "joins; sent twice, the second finds the person in the game",
    "notification-device-add": "a device is known by its address; sent twice, the second finds it there",
    "notification-device-remove": "sent twice, the second finds it gone",
    "game-place": "names the order that was seen; sent twice, the second finds another",
    "tokens": "shows the token once: test_tokens says so",
    **dict.fromkeys(
        ("guild-webhooks", "guild-webhook-secret"), "shows the secret once: test_pages of games/webhooks says so"
    ),
    "guild-webhook-delete": "sent twice, the second finds it gone",
    **dict.fromkeys(("token-delete", "guild-token-delete"), "sent twice, the second finds it gone"),
    "game-confirm": "answers a confirmation by its number",
    "privacy-forget": "logs out; sent twice, nobody is there to be forgotten",
    "game-announce": "has the post made again if there is none; sent twice, the row is the same",
}  # fmt: skip


def problems(response: Any) -> list[str]:
    return re.findall(r'(?s)class="(?:problem|say error|errorlist)".*?</(?:div|ul)>', response.text)


def send(client: Any, address: str, form: Any) -> tuple[str, list[str]]:
    """Send a form; return where it led, and what it said."""
    response = client.post(address, form)
    assert response.status_code == 302, problems(response)
    said = [str(message) for message in get_messages(response.wsgi_request)]
    client.cookies.pop("messages", None)  # read
    return response.url, said


@pytest.mark.parametrize("route", ONCE)
def test_a_form_sent_twice(stage: Stage, as_person: Any, route: str) -> None:
    sending, address = ONCE[route], stage.url(route)
    sending.prepare(stage)
    client = as_person(getattr(stage.world, sending.who))
    typed = dict(sending.typed)
    if "cohosts" in typed:
        typed["cohosts"] = [str(stage.world.charlie.pk)]
    form = form_to(client, stage.url(sending.page) + sending.query, address, **typed)
    before = rows()
    response = send(client, address, form)
    first = rows()
    assert first != before, "it did something"
    assert send(client, address, form) == response
    assert rows() == first


def test_every_form_is_known(stage: Stage, as_person: Any) -> None:
    client = as_person(stage.world.alice)
    # A method that no view takes is answered with those that it does.
    answers = {route: client.options(stage.url(route)) for route in ROUTES}
    unguarded = {route for route, response in answers.items() if response.status_code != 405}
    assert unguarded == {"home", "help", "login"}, "pages without forms"
    taking = {route for route, response in answers.items() if "POST" in response.get("Allow", "")}
    assert taking == ONCE.keys() | REPEATABLE.keys()


@pytest.mark.parametrize("route", ["game-cancel", "game-join", "game-close", "game-seat", "game-undo", "game-wait"])
def test_a_form_that_may_come_again(stage: Stage, as_person: Any, route: str) -> None:
    client = as_person(stage.world.alice)
    for _ in range(2):
        assert client.post(stage.url(route), {"reason": "ill"}).status_code == 302
        kept = rows()
    client.post(stage.url(route), {"reason": "ill"})
    assert rows() == kept


# --- the token ---------------------------------------------------------------------------------------------


def test_each_form_of_our_pages_has_a_token_of_its_own() -> None:
    without = []
    for path in Path(django_settings.BASE_DIR, "templates").rglob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.DOTALL):
            if 'method="post"' in form.split(">")[0] and "{% csrf_token %}" not in form:
                without.append(f"{path.name}: {form.split('>')[0]}")
    assert not without
    request = RequestFactory().get("/")
    request.user = User(pk=7)
    two = engines["django"].from_string("{% csrf_token %}{% csrf_token %}").render({}, request)
    tokens = re.findall(f'name="{FIELD}" value="([^"]+)"', two)
    assert len(set(tokens)) == 2


def test_forms_opened_separately_are_two(stage: Stage, as_person: Any) -> None:
    client, address = as_person(stage.world.alice), stage.url("game-new")
    tabs = [form_to(client, address, address, title="Tomb of Horrors", anyway="1") for _ in range(2)]
    assert len({send(client, address, form)[0] for form in tabs}) == 2


def test_a_refused_form_may_be_sent_again(stage: Stage, as_person: Any) -> None:
    client, address = as_person(stage.world.alice), stage.url("game-new")
    form = form_to(client, address, address, title="")
    assert client.post(address, form).status_code == 422
    send(client, address, {**form, "title": "Tomb of Horrors"})
    assert Game.objects.filter(title="Tomb of Horrors").count() == 1


def test_an_action_that_refuses_leaves_the_form_to_be_sent_again(stage: Stage, as_person: Any) -> None:
    client, address = as_person(stage.world.alice), stage.url("game-tell")
    Game.objects.update(player_messages_at=[stage.world.now] * 3)
    form = form_to(client, address, address, to="all", text="Bring dice.")
    assert client.post(address, form).status_code == 422
    assert not SentForm.objects.exists()
    Game.objects.update(player_messages_at=[])
    send(client, address, form)
    assert Notification.objects.filter(kind=NotificationKind.PLAYER_MESSAGE).count() == 1


def test_a_form_changed_after_it_was_sent_is_asked_about(stage: Stage, as_person: Any) -> None:
    client, address = as_person(stage.world.alice), stage.url("game-new")
    form = form_to(client, address, address, title="Tomb of Horrors", anyway="1")
    first, _ = send(client, address, form)
    response = client.post(address, {**form, "title": "Tomb of Annihilation"})
    assert response.status_code == 409
    assert first in response.text
    assert not Game.objects.filter(title="Tomb of Annihilation").exists()
    again = form_of(response, address)
    assert again["title"] == ["Tomb of Annihilation"]
    second, _ = send(client, address, again)
    assert second != first
    assert send(client, address, again)[0] == second


def form_of(response: Any, address: str) -> dict[str, Any]:
    """Return what a browser sends of the form in a response that goes to an address."""
    form = next(one for one in page_forms(response.text) if one.actions == [address])
    return form.fields


def test_a_form_that_htmx_leaves_in_its_page(stage: Stage, as_person: Any) -> None:
    client, address, htmx = as_person(stage.world.alice), stage.url("game-template"), {"HX-Request": "true"}
    form = form_to(client, stage.url("game"), address, name="Strahd")
    assert client.post(address, form, headers=htmx).status_code == 200
    again = client.post(address, form, headers=htmx)
    assert again["HX-Redirect"] == stage.url("game")
    assert GameTemplate.objects.filter(name="Strahd").count() == 1
    assert client.post(address, {**form, "name": "Strahd II"}, headers=htmx).status_code == 200
    assert GameTemplate.objects.filter(name="Strahd II").count() == 1


def test_somebody_elses_token_is_not_taken(stage: Stage, client: Any, as_person: Any) -> None:
    address = stage.url("game-new")
    form = form_to(as_person(stage.world.alice), address, address, title="Tomb of Horrors")
    bob = as_person(stage.world.bob)
    response = bob.post(address, form)
    assert response.status_code == 403
    assert "Tomb of Horrors" in response.text
    assert not Game.objects.filter(title="Tomb of Horrors").exists()
    game = Game.objects.get(pk=send(bob, address, form_of(response, address))[0].strip("/").split("/")[-1])
    assert game.host == stage.world.bob


# --- the admin ---------------------------------------------------------------------------------------------


ADMIN_FORMS: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "games_game": lambda stage: {
        "title": "Tomb of Horrors",
        "guild": stage.world.guild.pk,
        "host": stage.world.bob.pk,
        "channel": stage.world.channel.pk,
        "starts_at_0": f"{stage.world.now + timedelta(days=9):%Y-%m-%d}",
        "starts_at_1": "20:00",
        "zone": "UTC",
    },
    "games_gametemplate": lambda stage: {"guild": stage.world.guild.pk, "name": "Two-shot"},
    "games_signup": lambda stage: {"game": stage.game.pk, "user": stage.world.alice.pk},
    "guilds_block": lambda stage: {"guild": stage.world.guild.pk, "user": stage.world.charlie.pk},
    "django_q_schedule": lambda stage: {"name": "Look", "func": "math.sqrt", "schedule_type": "O", "repeats": "-1"},
}


@pytest.mark.parametrize("table", ADMIN_FORMS)
def test_an_add_form_of_the_admin_sent_twice(stage: Stage, as_person: Any, table: str) -> None:
    User.objects.filter(pk=stage.world.alice.pk).update(is_superuser=True, is_staff=True)
    client, address = as_person(stage.world.alice), reverse(f"admin:{table}_add")
    model = apps.get_model(*table.split("_", 1) if table != "django_q_schedule" else ("django_q", "schedule"))
    form = form_to(client, address, address, **ADMIN_FORMS[table](stage))
    before = model._default_manager.count()
    responses = [client.post(address, form) for _ in range(2)]
    assert [response.status_code for response in responses] == [302, 302], problems(responses[0])
    assert responses[0].url == responses[1].url
    assert model._default_manager.count() == before + 1
    fresh = form_to(client, address, address, **ADMIN_FORMS[table](stage))
    assert fresh["form_token"] != form["form_token"]
