"""Requests that come twice, and changes at the same time."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from conftest import World
from games.api import base
from games.api.tests.test_api import Program
from games.models import ApiToken, Game, GuildDefaults
from guilds.forgetting import forget_account
from guilds.models import Block, Member, SentForm


@pytest.fixture
def host(client: Any, world: World) -> Program:
    return Program(client, world, world.bob)


@pytest.fixture
def player(client: Any, world: World) -> Program:
    return Program(client, world, world.charlie)


@pytest.mark.django_db
def test_the_first_answer_comes_before_what_would_refuse_it_now(world: World, host: Program) -> None:
    start = (world.now + timedelta(days=3)).replace(second=0, microsecond=0)
    body = {"title": "Raid", "starts_at": start.isoformat(), "channel_id": str(world.channel.pk)}
    made = host("POST", f"/guilds/{world.guild.pk}/games", body, Idempotency_Key="k1")
    GuildDefaults.objects.update(host_role_ids=[])  # nobody may schedule there now
    again = host("POST", f"/guilds/{world.guild.pk}/games", body, Idempotency_Key="k1")
    assert (made.status_code, again.status_code, again.json()) == (201, 201, made.json())
    path = f"/games/{made.json()['game']['id']}"
    edited = host("PATCH", path, {"title": "Raid night"}, Idempotency_Key="k2")
    Game.objects.update(host=world.charlie)
    assert host("PATCH", path, {"title": "Raid night"}, Idempotency_Key="k2").json() == edited.json()
    Member.objects.filter(user=world.bob).update(left_at=world.now)
    assert host("PATCH", path, {"title": "Raid night"}, Idempotency_Key="k2").status_code == 404


@pytest.mark.django_db
def test_every_change_takes_a_key(world: World, client: Any, player: Program) -> None:
    manager = Program(client, world, world.alice)
    preferences = f"/guilds/{world.guild.pk}/notifications"
    first = player("PATCH", preferences, {"reminder": 30}, Idempotency_Key="k1")
    player("PATCH", preferences, {"reminder": 60})
    assert player("PATCH", preferences, {"reminder": 30}, Idempotency_Key="k1").json() == first.json()
    assert player("GET", preferences).json()["reminder"] == 60

    Block.objects.create(guild=world.guild, user=world.charlie, created_at=world.now)
    block = f"/guilds/{world.guild.pk}/blocks/{world.charlie.pk}"
    assert [manager("DELETE", block, Idempotency_Key="k1").status_code for _ in range(2)] == [204, 204]
    assert manager("DELETE", block).status_code == 404


@pytest.mark.django_db
def test_a_key_is_for_one_request_with_its_query(world: World, host: Program, player: Program) -> None:
    game = world.create_game()
    signup = player("POST", f"/games/{game.pk}/join").json()["game"]["signups"][0]["id"]
    path = f"/games/{game.pk}/signups/{signup}"
    assert host("DELETE", f"{path}?reason=late", Idempotency_Key="k1").status_code == 200
    other = host("DELETE", f"{path}?reason=ill", Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@pytest.mark.django_db
def test_an_answer_that_names_somebody_forgotten_is_gone(world: World, host: Program, player: Program) -> None:
    world.charlie.global_name = 'Zoe "Z"'
    world.charlie.save()
    game = world.create_game()
    player("POST", f"/games/{game.pk}/join")
    assert host("POST", f"/games/{game.pk}/close", Idempotency_Key="k1").status_code == 200
    ApiToken.objects.filter(user=world.charlie).delete()
    forget_account(world.charlie, [], world.now)  # whatever they were called
    assert not SentForm.objects.filter(text__contains=str(world.charlie.pk)).exists()
    again = host("POST", f"/games/{game.pk}/close", Idempotency_Key="k1")
    assert (again.status_code, again.json()["code"]) == (409, "answer_gone")


@pytest.mark.django_db
def test_the_last_answers_are_kept(world: World, player: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "KEPT_MAX", 2)
    path = f"/games/{world.create_game().pk}"
    player("POST", f"{path}/join")
    notes = [player("PUT", f"{path}/note", {"text": text}, Idempotency_Key=text) for text in "abc"]
    assert SentForm.objects.count() == 2
    kept = player("PUT", f"{path}/note", {"text": "b"}, Idempotency_Key="b")
    assert (kept.json(), player("GET", path).json()["signups"][0]["note"]) == (notes[1].json(), "c")


def at_once(*requests: Callable[[], Any]) -> list[Any]:
    """Send requests at the same time, and return their answers."""
    barrier, answers = threading.Barrier(len(requests)), [None] * len(requests)

    def send(number: int) -> None:
        try:
            barrier.wait()
            answers[number] = requests[number]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_two_changes_at_once_none_is_lost(committed_world: World) -> None:
    world = committed_world
    game = world.create_game(title="Old", description="Old")

    def send(user: Any, path: str, body: Any) -> Callable[[], Any]:
        program = Program(Client(), world, user)
        return lambda: program("PATCH", path, body)

    pairs: list[tuple[Any, str, dict[str, Any], dict[str, Any]]] = [
        (world.bob, f"/games/{game.pk}", {"title": "New"}, {"description": "New"}),
        (world.alice, f"/guilds/{world.guild.pk}/settings", {"settings": {"seats": 9}}, {"settings": {"duration": 90}}),
        (world.bob, f"/guilds/{world.guild.pk}/notifications", {"reminder": 30}, {"news": "daily"}),
    ]
    for user, path, *bodies in pairs:
        answers = at_once(*(send(user, path, body) for body in bodies))
        kept = [body for body, one in zip(bodies, answers, strict=True) if one.status_code == 200]
        assert {one.status_code for one in answers} <= {200, 412}
        shown = Program(Client(), world, user)("GET", path).json()
        for body in kept:
            assert body.get("settings", body).items() <= {**shown, **shown.get("settings", {})}.items()
