"""Every operation of the API, for everybody who may not use it: nobody gets further than they get on the pages."""

import itertools
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
from games.polls.tests.helpers import make_poll
from guilds.models import VIEW_CHANNEL, Guild, User

pytestmark = pytest.mark.django_db
SCHEMA = schema()
OPERATIONS = [(method, path) for path, methods in SCHEMA["paths"].items() for method in methods]


def address(path: str, world: World, game: Game, poll_id: int) -> str:
    """Fill in the places of an operation's address."""
    places = {
        "guild_id": world.guild.pk, "game_id": game.pk, "poll_id": poll_id, "channel_id": world.channel.pk,
        "user_id": world.charlie.pk, "kind": "thread", "day": "2026-12-31", "what": f"guild-{world.guild.pk}",
    }  # fmt: skip
    for name, value in places.items():
        path = path.replace(f"{{{name}}}", str(value))
    needed = "?q=a" if path.endswith("/members") else ""
    for name in ("webhook_id", "request_id"):
        path = path.replace(f"{{{name}}}", "1")
    return path.replace("{signup_id}", "1").replace("{template_id}", "1").replace("{delivery_id}", "1") + needed


def body_of(method: str, path: str) -> Any:
    """Return a body that an operation can read: what it needs alone; None where it reads none."""
    found = _schema_of(method, path)
    return _example(found) if found else None


def _schema_of(method: str, path: str) -> dict[str, Any]:
    found = SCHEMA["paths"][path][method].get("requestBody")
    schema: dict[str, Any] = found["content"]["application/json"]["schema"] if found is not None else {}
    return _resolved(schema)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in place of a reference to it."""
    schema = schema["allOf"][0] if "allOf" in schema else schema
    named: dict[str, Any] = SCHEMA["components"]["schemas"]
    return named[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def _example(schema: dict[str, Any]) -> Any:
    schema = _resolved(schema)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    match schema.get("type"):
        case "object":
            return {name: _example(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return []
        case "boolean":
            return True
        case "integer":
            return schema.get("minimum", 1)
    formats = {"date-time": "2030-01-01T20:00:00Z", "date": "2030-01-01"}
    return formats.get(schema.get("format", ""), "1" if "pattern" in schema else "FREQ=WEEKLY")


@pytest.fixture
def ask(client: Any, world: World) -> Any:
    game, poll_id = world.create_game(), make_poll(world).pk

    def send(secret: str, method: str, path: str) -> Any:
        body, filled = body_of(method, path), address(path, world, game, poll_id)
        response = client.generic(
            method.upper(),
            filled,
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
        )
        check_answer(method, filled, response)
        return response

    return send


def token(user: User, world: World, *scopes: ApiScope, guild: Guild | None = None) -> str:
    secret = create_token(Actor(user, EntryPoint.PAGE), "test", scopes or tuple(ApiScope), world.now)[1]
    ApiToken.objects.update(guild=guild)
    return secret


def test_nobody_without_a_token(ask: Any) -> None:
    assert {ask("", *operation).status_code for operation in OPERATIONS} == {401}
    assert {ask("gs_wrong", *operation).status_code for operation in OPERATIONS} == {401}


def test_strangers_and_tokens_of_other_servers_find_nothing(world: World, ask: Any) -> None:
    other = Guild.objects.create(id=77, name="Elsewhere", owner_id=1)
    stranger = User.objects.create(id=5, username="5", handle="stranger")
    for secret in (token(stranger, world), token(world.alice, world, guild=other)):
        ApiToken.objects.update(requests=0)
        for method, path in OPERATIONS:
            response = ask(secret, method, path)
            ApiToken.objects.update(requests=0)
            if "{" not in path:  # of one's own alone
                assert response.status_code == 200, (method, path, response.text)
                assert "Friday" not in response.text
                continue
            assert response.status_code == 404, (method, path, response.text)
            assert response["Content-Type"] == "application/problem+json"


def test_each_operation_needs_its_scope_and_breaks_nothing(world: World, ask: Any) -> None:
    secrets = {scope: token(world.charlie, world, scope) for scope in ApiScope}
    for method, path in OPERATIONS:
        statuses = {}
        for scope, secret in secrets.items():
            response = ask(secret, method, path)
            ApiToken.objects.update(requests=0)
            statuses[scope] = response.json().get("code") if response.status_code == 403 else response.status_code
            assert response.status_code < 500, (method, path, response.text)
        assert list(statuses.values()).count("scope_needed") == 3, (method, path, statuses)
        if method == "get":
            continue
        assert statuses[ApiScope.READ] == "scope_needed", (method, path)


def test_no_value_breaks_an_operation(world: World, client: Any) -> None:
    """Each field takes an odd value, another than the next; each setting does, beside the others."""
    game, poll_id, secret = world.create_game(), make_poll(world).pk, token(world.alice, world)
    texts = ["", "\0", "\ud800", "x" * 5000, "9" * 19, "0", "NaN"]
    odd: list[Any] = [None, -1, 2**70, 1e300, True, [], [[]], {}, {"a": 1}, *texts]
    values, fields = itertools.cycle(odd), 0
    for method, path in OPERATIONS:
        for name, found in _schema_of(method, path).get("properties", {}).items():
            settings = _resolved(found).get("properties", {})
            value = {one: next(values) for one in settings} or next(values)
            response = client.generic(
                method.upper(),
                address(path, world, game, poll_id),
                json.dumps({**body_of(method, path), name: value}),
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}"},
            )
            assert response.status_code < 500, (method, path, name, response.text)
            ApiToken.objects.update(requests=0)
            fields += 1
    assert fields > 60


def test_a_game_in_a_hidden_channel_does_not_exist(world: World, ask: Any) -> None:
    world.channel.overwrites = [[world.guild.pk, 0, VIEW_CHANNEL]]
    world.channel.save()
    secret = token(world.charlie, world)
    for method, path in OPERATIONS:
        if "{game_id}" in path or "{poll_id}" in path:
            assert ask(secret, method, path).status_code == 404, (method, path)
            ApiToken.objects.update(requests=0)


def test_too_many_requests_are_told_when_to_come_back(world: World, ask: Any) -> None:
    secret = token(world.charlie, world)
    first = ask(secret, "get", "/api/v1/me")
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("120", "119")
    ApiToken.objects.update(requests=120)
    refused = ask(secret, "get", "/api/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_often")
    assert 0 < int(refused["Retry-After"]) <= 60
    ApiToken.objects.update(minute_began_at=world.now - timedelta(minutes=2))
    assert ask(secret, "get", "/api/v1/me").status_code == 200
