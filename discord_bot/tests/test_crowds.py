"""Two hundred people click Join at once: everyone is answered in time, and every sign-up is made."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from conftest import World, make_world
from games.core.roster import load_roster
from games.models import Announcement, Signup
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(now: datetime) -> World:
    return make_world(now)


def test_two_hundred_people_click_at_once(world: World) -> None:
    with Stack("bot", "notifyd", limited=False) as stack:
        client = stack.discord.client
        people = [person["username"] for person in client.add_people(200, fixtures.GUILD_ID)]
        game = world.create_game(channel_id=fixtures.GENERAL_ID, seats=10)
        post = eventually(stack.posts)[0]
        with ThreadPoolExecutor(40) as threads:
            list(threads.map(lambda name: client.click(name, post, f"game:{game.pk}:join", wait=0), people))
        eventually(lambda: all(entry["state"] != "waiting" for entry in client.interactions()))
        entries = client.interactions()
        assert Counter(entry["state"] for entry in entries) == {"answered": 200}
        slowest = max(entry["milliseconds"] for entry in entries)
        assert slowest < 3000, slowest
        # Who waits too long is deferred; the sign-up follows.
        eventually(lambda: Signup.objects.count() == 200)
        shown = load_roster(game)
        assert (len(shown.seated), len(shown.waiting)) == (10, 190)
        keys = list(Signup.objects.current().values_list("order_key", flat=True))
        assert keys == list(range(1, 201))
        eventually(lambda: "10 of 10 seats taken, 190 waiting" in shown_in(stack.posts()[0]))
        edits = client.requests("PATCH /channels")
        kinds = Counter(entry["response_type"] for entry in entries)
        print(f"slowest answer {slowest:.0f} ms, answers by type {dict(kinds)}, {len(edits)} edits")


def test_two_hundred_people_click_on_twenty_games_at_once(world: World) -> None:
    with Stack("bot", "notifyd", limited=False) as stack:
        client = stack.discord.client
        people = [person["username"] for person in client.add_people(200, fixtures.GUILD_ID)]
        games = [world.create_game(channel_id=fixtures.GENERAL_ID, seats=5) for _ in range(20)]
        eventually(lambda: Announcement.objects.filter(message_id__isnull=False).count() == 20)
        posts = {post["id"]: post for post in stack.posts()}
        game_posts = [posts[str(Announcement.objects.get(game=game).message_id)] for game in games]
        with ThreadPoolExecutor(40) as threads:
            for number, name in enumerate(people):
                game, post = games[number % 20], game_posts[number % 20]
                threads.submit(client.click, name, post, f"game:{game.pk}:join", wait=0)
        eventually(lambda: all(entry["state"] != "waiting" for entry in client.interactions()))
        entries = client.interactions()
        assert Counter(entry["state"] for entry in entries) == {"answered": 200}
        assert max(entry["milliseconds"] for entry in entries) < 3000
        eventually(lambda: Signup.objects.seated().count() == 100)
        eventually(lambda: Signup.objects.waiting().count() == 100)
