"""Two hundred people click Join at once: everyone is answered in time, and every sign-up is made."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conftest import World, make_world
from games.core.roster import load_roster
from games.models import Game, Signup
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def db(committed_module_db: None) -> None:
    """Let each test use the database, and keep what it commits."""


@pytest.fixture(scope="module")
def world(committed_module_db: None) -> World:
    return make_world(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def stack(world: World) -> Iterator[Stack]:
    with Stack("bot", "notifyd", limited=False) as running:
        yield running


@pytest.fixture(scope="module")
def people(stack: Stack) -> list[str]:
    return [person["username"] for person in stack.discord.client.add_people(200, fixtures.GUILD_ID)]


def click_at_once(stack: Stack, people: list[str], games: list[Game]) -> list[dict[str, Any]]:
    """Have everyone click Join under the posts in turn; return the interactions once all are answered in time."""
    client = stack.discord.client
    posts = [eventually(lambda game=game: stack.posts_of(game))[0] for game in games]  # type: ignore[misc]
    before = len(client.interactions())
    with ThreadPoolExecutor(40) as threads:
        for number, name in enumerate(people):
            at = number % len(games)
            threads.submit(client.click, name, posts[at], f"game:{games[at].pk}:join", wait=0)
    entries = eventually(lambda: answered(client.interactions()[before:], len(people)))
    assert Counter(entry["state"] for entry in entries) == {"answered": len(people)}
    slowest = max(entry["milliseconds"] for entry in entries)
    assert slowest < 3000, slowest
    print(f"slowest answer {slowest:.0f} ms, by type {dict(Counter(entry['response_type'] for entry in entries))}")
    return entries


def answered(entries: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return entries if len(entries) == count and all(entry["state"] != "waiting" for entry in entries) else []


def test_two_hundred_people_click_at_once(world: World, stack: Stack, people: list[str]) -> None:
    game = world.create_game(channel_id=fixtures.GENERAL_ID, seats=10)
    click_at_once(stack, people, [game])
    # Who waits too long is deferred; the sign-up follows.
    signups = Signup.objects.filter(game=game)
    eventually(lambda: signups.count() == 200)
    shown = load_roster(game)
    assert (len(shown.seated), len(shown.waiting)) == (10, 190)
    assert list(signups.current().values_list("order_key", flat=True)) == list(range(1, 201))
    eventually(lambda: "10 of 10 seats taken, 190 waiting" in shown_in(stack.posts_of(game)[0]))
    print(f"{len(stack.discord.client.requests('PATCH /channels'))} edits")


def test_two_hundred_people_click_on_twenty_games_at_once(world: World, stack: Stack, people: list[str]) -> None:
    later = world.now + timedelta(days=9)
    games = [
        world.create_game(title=f"Game {number}", starts_at=later, channel_id=fixtures.GENERAL_ID, seats=5)
        for number in range(20)
    ]
    click_at_once(stack, people, games)
    signups = Signup.objects.filter(game__in=games)
    eventually(lambda: signups.seated().count() == 100)
    eventually(lambda: signups.waiting().count() == 100)
