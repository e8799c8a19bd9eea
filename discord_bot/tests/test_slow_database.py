"""A database that answers each statement late makes everything slower, and nothing wrong."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from conftest import World, make_world
from games.models import Announcement, Signup
from gamesched.local_discord import fixtures
from gamesched.testing.slow_database import SlowDatabase
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

DELAY = 0.02  # seconds for each statement
PEOPLE, GAMES = 40, 5


class SlowStack(Stack):
    """Runs programs whose database answers late."""

    database: SlowDatabase

    @property
    def variables(self) -> dict[str, str]:
        return {**super().variables, "DATABASE_URL": self.database.conninfo}


@pytest.fixture
def slow_database() -> Iterator[SlowDatabase]:
    conninfo = make_conninfo(settings.DATABASE_URL, dbname=str(connection.settings_dict["NAME"]))
    if not str(conninfo_to_dict(conninfo).get("host", "")).startswith("/"):
        pytest.skip("Needs a database with a Unix socket.")
    with SlowDatabase(conninfo, DELAY) as database:
        yield database


@pytest.fixture
def world(now: datetime) -> World:
    return make_world(now)


@pytest.mark.slow
def test_everyone_is_answered_in_time(world: World, slow_database: SlowDatabase) -> None:
    stack = SlowStack("bot", "notifyd", limited=False)
    stack.database = slow_database
    with stack:
        client = stack.discord.client
        people = [person["username"] for person in client.add_people(PEOPLE, fixtures.GUILD_ID)]
        games = [world.create_game(channel_id=fixtures.GENERAL_ID, seats=4) for _ in range(GAMES)]
        eventually(lambda: Announcement.objects.filter(message_id__isnull=False).count() == GAMES)
        by_message = {post["id"]: post for post in stack.posts()}
        posts = [by_message[str(Announcement.objects.get(game=game).message_id)] for game in games]

        def press(number: int) -> None:
            at = number % GAMES
            client.click(people[number], posts[at], f"game:{games[at].pk}:join", wait=0)

        with ThreadPoolExecutor(PEOPLE) as threads:
            list(threads.map(press, range(PEOPLE)))
        eventually(lambda: all(entry["state"] != "waiting" for entry in client.interactions()))
        assert Counter(entry["state"] for entry in client.interactions()) == {"answered": PEOPLE}
        eventually(lambda: Signup.objects.count() == PEOPLE)
        assert Signup.objects.seated().count() == 4 * GAMES
        assert Signup.objects.waiting().count() == PEOPLE - 4 * GAMES

        soon = world.create_game(channel_id=fixtures.GENERAL_ID, starts_at=world.now + timedelta(minutes=10))
        eventually(lambda: Announcement.objects.filter(message_id__isnull=False, game=soon).exists())
        assert len(stack.posts()) == GAMES + 1
