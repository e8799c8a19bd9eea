"""Forgetting a person from the admin: a page that says what is kept, then once."""

from html import escape
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.messages import get_messages
from django.urls import reverse

from conftest import World
from games.privacy import wording
from games.privacy.actions import prospect
from games.privacy.tests.zoe import ZOE, block_zoe, make_zoe
from gamesched.testing.page_forms import form_to
from guilds.models import Block, User

LIST = "admin:guilds_user_changelist"


@pytest.fixture
def operator(world: World, as_person: Any) -> Any:
    User.objects.filter(pk=world.alice.pk).update(is_superuser=True, is_staff=True)
    return as_person(world.alice)


def ask(client: Any, *people: int) -> Any:
    form = form_to(client, reverse(LIST), reverse(LIST), action="forget", index="0")
    return client.post(reverse(LIST), form | {ACTION_CHECKBOX_NAME: people})


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_it_asks_first_and_says_what_is_kept(world: World, operator: Any) -> None:
    make_zoe(world)
    block_zoe(world)
    asked = ask(operator, ZOE)
    assert asked.status_code == 200
    for what, count in prospect(User.objects.get(pk=ZOE), world.now).counts.items():
        assert not count or f"{count} {wording.COUNTS[what]}" in asked.text, what
    assert "Someone" in asked.text
    assert reverse("privacy") in asked.text
    assert User.objects.get(pk=ZOE).forgotten_at is None
    form = {"action": "forget", "confirmed": "yes", ACTION_CHECKBOX_NAME: [ZOE]}
    done = operator.post(reverse(LIST), form)
    assert done.status_code == 302
    assert said(done) == wording.forgotten_by_command(ZOE)
    assert User.objects.get(pk=ZOE).forgotten_at is not None
    assert Block.objects.filter(user=ZOE).exists(), "what the page says is kept"


def test_only_one_person_at_a_time(world: World, operator: Any) -> None:
    response = ask(operator, world.bob.pk, world.charlie.pk)
    assert response.status_code == 302
    assert said(response) == wording.ONE_AT_A_TIME
    assert not User.objects.exclude(forgotten_at=None).exists()


@pytest.mark.parametrize("who", ["alice", "unknown"])
def test_who_is_not_forgotten_is_named_with_the_reason(world: World, operator: Any, who: str) -> None:
    pk = world.alice.pk if who == "alice" else 5
    form = {"action": "forget", "confirmed": "yes", ACTION_CHECKBOX_NAME: [pk]}
    response = operator.post(reverse(LIST), form)
    if who == "alice":
        assert response.status_code == 422
        assert escape(wording.OPERATORS_STAY) in response.text
    else:
        assert response.status_code == 302
    assert not User.objects.exclude(forgotten_at=None).exists()


def test_who_manages_a_server_forgets_nobody(world: World, as_person: Any) -> None:
    client = as_person(world.alice)  # owns the server, and is no operator
    form = {"action": "forget", "confirmed": "yes", ACTION_CHECKBOX_NAME: [world.charlie.pk]}
    assert client.post(reverse(LIST), form).status_code in {403, 404}
    assert User.objects.get(pk=world.charlie.pk).forgotten_at is None
