"""With REDIS_URL, a Redis that dies costs no one their session, and no page fails."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from conftest import World
from games.models import Game
from gamesched.lib.cache import MAX_TIMEOUT, ForgivingRedisCache
from gamesched.testing.stack import Stack
from gamesched.testing.valkey import Valkey
from gamesched.testing.waiting import PATIENCE, eventually
from guilds.models import User


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory() as folder:  # short: a socket's address is
        server = Valkey(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def cache(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> ForgivingRedisCache:
    monkeypatch.setattr("gamesched.lib.cache.RETRY_AFTER", 0)
    return ForgivingRedisCache(valkey.url, {})


def cookies_of(user: User) -> dict[str, str]:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


def test_it_keeps_and_forgets(cache: ForgivingRedisCache, valkey: Valkey) -> None:
    cache.set("a", 1)
    assert cache.add("b", 2)
    assert cache.incr("b") == 3
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 3}
    assert "a" in cache
    assert cache.delete("a")
    assert cache.get("a", "gone") == "gone"


@pytest.mark.parametrize("timeout", [None, 10**7])
def test_nothing_is_cached_longer_than_a_few_minutes(cache: ForgivingRedisCache, timeout: int | None) -> None:
    cache.set("session", "of somebody", timeout)
    assert 0 < cache._cache.get_client().ttl(cache.make_key("session")) <= MAX_TIMEOUT


def test_a_dead_server_holds_nothing_and_takes_nothing(cache: ForgivingRedisCache, valkey: Valkey) -> None:
    cache.set("a", 1)
    valkey.kill()
    cache.set("a", 2)
    assert cache.get("a", "nothing") == "nothing"
    assert not cache.add("b", 1)
    assert "a" not in cache
    assert cache.get_many(["a"]) == {}
    assert cache.set_many({"a": 1}) == ["a"]
    assert not cache.touch("a")
    assert not cache.delete("a")
    cache.delete_many(["a"])
    cache.clear()
    with pytest.raises(ValueError, match="b"):
        cache.incr("b")
    valkey.start()
    cache.set("a", 3)
    assert cache.get("a") == 3


def test_a_dead_server_is_not_queried_at_every_turn(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForgivingRedisCache, "unavailable_until", 0.0)
    valkey.kill()
    ForgivingRedisCache(valkey.url, {}).set("a", 1)
    valkey.start()
    another = ForgivingRedisCache(valkey.url, {})  # as the next request has
    another.set("a", 2)
    assert valkey.keys() == []
    monkeypatch.setattr(ForgivingRedisCache, "unavailable_until", 0.0)
    another.set("a", 3)
    assert another.get("a") == 3


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_nobody_is_logged_out_when_redis_dies(
    committed_world: World, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", valkey.url)
    game: Game = committed_world.create_game()
    bob, charlie = cookies_of(committed_world.bob), cookies_of(committed_world.charlie)

    with Stack("web") as stack:

        def look(cookies: dict[str, str]) -> Any:
            return requests.get(
                f"{stack.url}/games/{game.pk}/", cookies=cookies, allow_redirects=False, timeout=PATIENCE
            )

        def is_held(cookies: dict[str, str]) -> bool:
            return any(cookies[settings.SESSION_COOKIE_NAME].encode() in key for key in valkey.keys())  # noqa: SIM118  a client, not a dict

        assert look({}).status_code == 302, "a stranger is asked to log in"
        assert game.title in look(bob).text
        assert is_held(bob)

        valkey.kill()
        before = look(bob)
        assert before.status_code == 200
        assert before.elapsed.total_seconds() < 1
        assert look(charlie).status_code == 200, "a session that Redis never had"

        valkey.start()
        eventually(lambda: look(bob).status_code == 200 and is_held(bob))
