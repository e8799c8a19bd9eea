"""The API: a program does what its person may do, and no more."""

import json
from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.api.docs import schema
from games.api.tests.answers import check_answer
from games.api.tokens import create_token
from games.core.base import Actor, EntryPoint
from games.models import ApiScope, ApiToken, Game
from guilds.models import User

pytestmark = pytest.mark.django_db


class Program:
    """A program with a token of a person."""

    def __init__(self, client: Any, world: World, user: User, *scopes: ApiScope, guild_id: int | None = None) -> None:
        self.client, self.user = client, user
        chosen = scopes or tuple(ApiScope)
        _, self.secret = create_token(Actor(user, EntryPoint.PAGE), "test", chosen, world.now, guild_id=guild_id)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = json.dumps(body) if body is not None else ""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        response = self.client.generic(
            method,
            f"/api/v1{path}",
            data,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}", **named},
        )
        check_answer(method, f"/api/v1{path}", response)
        return response


@pytest.fixture
def program(client: Any, world: World) -> Any:
    return lambda user, *scopes, **options: Program(client, world, user, *scopes, **options)


def test_a_game_from_beginning_to_end(world: World, program: Any) -> None:
    host, player = program(world.bob), program(world.charlie)
    start = (world.now + timedelta(days=3)).replace(second=0, microsecond=0)
    body = {
        "title": "Raid", "starts_at": start.isoformat(), "zone": "Europe/Berlin", "channel_id": str(world.channel.pk),
        "settings": {"seats": 2, "duration": 90, "reminders": [60, 30], "plus_one": True},
    }  # fmt: skip
    made = host("POST", f"/guilds/{world.guild.pk}/games", body)
    assert made.status_code == 201, made.text
    shown = made.json()["game"]
    assert (shown["title"], shown["seats"], shown["you"]) == ("Raid", 2, "hosting")
    assert shown["settings"]["duration"] == {"value": 90, "source": "this game", "locked": False}
    game = Game.objects.get(pk=int(shown["id"]))
    assert (game.starts_at, game.zone, game.reminders) == (start, "Europe/Berlin", [60, 30])

    joined = player("POST", f"/games/{game.pk}/join")
    assert joined.status_code == 200, joined.text
    assert joined.json()["game"]["you"] == "seated"
    assert player("PUT", f"/games/{game.pk}/guest", {"name": "Zoe"}).status_code == 200
    assert [one["name"] for one in player("GET", f"/games/{game.pk}").json()["signups"]][1:] == ["Zoe"]

    seen = host("GET", f"/games/{game.pk}")
    edited = host("PATCH", f"/games/{game.pk}", {"title": "Raid night"}, If_Match=seen["ETag"])
    assert edited.status_code == 200, edited.text
    assert host("PATCH", f"/games/{game.pk}", {"title": "Late"}, If_Match=seen["ETag"]).status_code == 412
    game.refresh_from_db()
    assert (game.title, game.starts_at, game.reminders, game.seats) == ("Raid night", start, [60, 30], 2)
    assert player("PATCH", f"/games/{game.pk}", {"title": "Mine"}).status_code == 403
    assert host("POST", f"/games/{game.pk}/cancel", {"reason": "ill"}).json()["game"]["state"] == "cancelled"
    late = player("POST", f"/games/{game.pk}/join")
    assert (late.status_code, late["Content-Type"]) == (409, "application/problem+json")


def test_the_same_key_acts_once(world: World, program: Any) -> None:
    game, player = world.create_game(), program(world.charlie)
    first = player("POST", f"/games/{game.pk}/join", Idempotency_Key="k1")
    player("POST", f"/games/{game.pk}/leave")
    again = player("POST", f"/games/{game.pk}/join", Idempotency_Key="k1")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert not game.signups.current().exists()
    other = player("POST", f"/games/{game.pk}/join", {"standby": True}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_who_has_no_right_token_gets_nowhere(world: World, program: Any, client: Any) -> None:
    game = world.create_game()
    reader = program(world.charlie, ApiScope.READ)
    assert reader("GET", f"/games/{game.pk}").status_code == 200
    refused = reader("POST", f"/games/{game.pk}/join")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_needed")
    assert client.get(f"/api/v1/games/{game.pk}").json()["code"] == "no_token"
    ApiToken.objects.update(expires_at=world.now)
    assert reader("GET", f"/games/{game.pk}").json()["code"] == "bad_token"


def test_every_error_is_told_in_one_way(world: World, program: Any, client: Any) -> None:
    player = program(world.charlie)
    answers = [
        player("GET", "/nothing"),
        player("DELETE", "/me"),
        player("TRACE", "/me"),
        player("GET", "/games/99999999999999999999"),
        player("POST", "/games/1/join", "not an object"),
        client.post("/api/v1/games/1/join", {"a": 1}, headers={"Authorization": f"Bearer {player.secret}"}),
        client.generic("POST", "/api/v1/games/1/join", "{", content_type="application/json"),
    ]
    answers.append(
        client.generic(
            "POST", "/api/v1/games/1/join", "{", content_type="application/json",
            headers={"Authorization": f"Bearer {player.secret}"},
        )
    )  # fmt: skip
    assert [one.status_code for one in answers] == [404, 405, 405, 404, 422, 415, 401, 400]
    assert {one["Content-Type"] for one in answers} == {"application/problem+json"}
    assert all(one.json()["code"] for one in answers)


def test_lists_have_pages(world: World, program: Any) -> None:
    for number in range(23):
        world.create_game(title=f"Game {number}")
    reader = program(world.charlie)
    first = reader("GET", f"/guilds/{world.guild.pk}/games").json()
    second = reader("GET", f"/guilds/{world.guild.pk}/games?after={first['next']}").json()
    assert len({one["id"] for one in first["games"] + second["games"]}) == 23
    assert second["next"] is None


def test_wrong_fields_are_named(world: World, program: Any) -> None:
    host = program(world.bob)
    start = (world.now + timedelta(days=3)).replace(second=0, microsecond=0)
    body = {"title": "", "starts_at": start.isoformat(), "channel_id": "5", "settings": {"seats": 1000}}
    wrong = host("POST", f"/guilds/{world.guild.pk}/games", body)
    assert (wrong.status_code, {*wrong.json()["fields"]}) == (422, {"title", "channel_id"})
    body |= {"title": "Raid", "channel_id": str(world.channel.pk)}
    assert {*host("POST", f"/guilds/{world.guild.pk}/games", body).json()["fields"]} == {"settings.seats"}
    assert "sets" in host("POST", f"/guilds/{world.guild.pk}/games", body | {"sets": 1}).json()["fields"]


def test_a_form_is_no_json(world: World, as_person: Any, program: Any) -> None:
    """Beside a session its fields are read before the API looks at the request."""
    path, headers = f"/api/v1/games/{world.create_game().pk}/join", {"Authorization": ""}
    client = as_person(world.charlie)
    assert client.post(path, {"a": 1}).status_code == client.post(path, "{}", "application/json").status_code == 401
    headers["Authorization"] = f"Bearer {program(world.charlie).secret}"
    assert client.post(path, {"a": 1}, headers=headers).status_code == 415


def test_what_is_wrong_is_told_in_few_words(world: World, program: Any) -> None:
    manager, path = program(world.alice), f"/guilds/{world.guild.pk}/templates"
    many = manager("POST", path, {"name": "Raid", "locked": ["x"] * 9000, "y" * 5000: 1})
    assert (many.status_code, len(many.json()["fields"])) == (422, 20)
    assert len(manager("POST", path, {"name": "Raid", "y" * 5000: 1}).text) < 500
    assert manager("POST", path, {"name": "x" * 300_000}).json()["code"] == "too_large"


def test_times_that_only_python_takes(world: World, program: Any) -> None:
    block = {"user_id": str(world.charlie.pk), "until": "2030-01-01T00:00:00+23:59"}
    blocked = program(world.alice)("POST", f"/guilds/{world.guild.pk}/blocks", block)
    assert (blocked.status_code, blocked.json()["until"]) == (200, "2029-12-31T00:01:00Z")
    clock = {"quiet_from": "22:30+05:00", "quiet_to": "07:00"}
    refused = program(world.charlie)("PATCH", f"/guilds/{world.guild.pk}/notifications", clock)
    assert (refused.status_code, {*refused.json()["fields"]}) == (422, {"quiet_from"})


def test_the_document_is_openapi() -> None:
    operations = [one for methods in schema()["paths"].values() for one in methods.values()]
    parameters = [one for operation in operations for one in operation.get("parameters", ())]
    # There `examples` is an object, and only in a schema a list.
    assert not [one["name"] for one in parameters if isinstance(one.get("examples"), list)]
    assert len({one["operationId"] for one in operations}) == len(operations)
