"""All programs twice on one PostgreSQL: some are killed, then the server is, and its standby is promoted."""

import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
import requests
from django.db import Error, connection
from django_q.models import Success

from conftest import World, make_world
from discord_bot.tests.test_sharding import OTHER_CHANNEL, add_other_guild, world_elsewhere
from games.models import Announcement, Game
from gamesched.lib.scheduled_tasks import run_soon
from gamesched.local_discord import fixtures
from gamesched.testing.replicas import Pair, use_database
from gamesched.testing.stack import PROGRAMS, Stack, _reserve_address, shown_in
from gamesched.testing.waiting import eventually
from guilds.models import Guild
from guilds.shards import Shard
from notifications.daemon.lock import SENDER_LOCK, SERVING_OR_WAITING, answerer

ROLES = ("web", "bot", "notifyd", "worker")
AGAIN_IN = 10.0  # seconds after a failover until every role works on the new primary: promised to operators
EVERY = 0.4  # seconds between two games


class Traffic(threading.Thread):
    """Schedules a game after the other, in two servers by turns, whatever happens; keeps which were confirmed."""

    def __init__(self, worlds: list[tuple[World, int]]) -> None:
        super().__init__(daemon=True)
        self._worlds = worlds
        self.confirmed: list[str] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        number = 0
        try:
            while not self._stopping.wait(EVERY):
                world, channel_id = self._worlds[number % 2]
                number += 1
                title = f"Game {number:03}"
                starts_at = world.now + timedelta(days=2, hours=4 * number)
                try:
                    world.create_game(title=title, channel_id=channel_id, starts_at=starts_at)
                    self.confirmed.append(title)
                except Error:
                    connection.close()
        finally:
            connection.close()

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def is_well(port: int) -> bool:
    try:
        return requests.get(f"http://localhost:{port}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def waiting_or_holding() -> list[int]:
    """Return how many bots each shard has, with those that stand by, and how many notifyds there are."""
    with connection.cursor() as cursor:
        counts = []
        for key in (*(answerer(Shard(number, 2)).lock for number in (0, 1)), SENDER_LOCK):
            cursor.execute(SERVING_OR_WAITING, [key])
            counts.append(int(cursor.fetchone()[0]))
    return counts


class Everything:
    """What must work: both sites, clicks in both shards, posts, tasks."""

    def __init__(self, stack: Stack, ports: list[int], traffic: Traffic) -> None:
        self.stack, self.ports, self.traffic = stack, ports, traffic

    def posted(self) -> Counter[str]:
        """Return how often each game's post stands in Discord."""
        found = Counter[str]()
        for channel_id in (fixtures.GENERAL_ID, OTHER_CHANNEL):
            for post in self.stack.discord.client.messages("alice", channel_id, 100):
                shown = shown_in(post)
                if "Game " in shown:
                    found[shown[shown.index("Game ") :][:8]] += 1
        return found

    def answers(self, channel_id: int) -> bool:
        post = self.stack.posts(channel_id=channel_id)[-1]
        game = Announcement.objects.get(message_id=post["id"]).game_id
        clicked = self.stack.discord.client.click("charlie", post, f"game:{game}:join", wait=1.0)
        return bool(clicked["state"] == "answered")

    def works(self, without: str = "") -> None:
        """Wait until everything works, on whatever process."""
        for port in self.ports[1 if without == "web" else 0 :]:
            eventually(lambda: is_well(port))  # noqa: B023
        for channel_id in (fixtures.GENERAL_ID, OTHER_CHANNEL):
            eventually(lambda: self.answers(channel_id))  # noqa: B023
        confirmed, posted = len(self.traffic.confirmed), sum(self.posted().values())
        eventually(lambda: len(self.traffic.confirmed) > confirmed)
        eventually(lambda: sum(self.posted().values()) > posted)
        done = Success.objects.count()
        run_soon("games.scheduled_tasks.check_announcements")
        eventually(lambda: Success.objects.count() > done)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_each_role_twice_with_kills_and_a_failover(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    second_address = _reserve_address()
    second_port = second_address.getsockname()[1]
    for role in ROLES:
        words = [word.replace("{port}", str(second_port)) for word in PROGRAMS[role]]
        monkeypatch.setitem(PROGRAMS, f"{role}2", words)
    with Pair("many") as pair, use_database(pair.url), Stack(limited=False) as stack:
        world = make_world(now)
        stack.discord.gateway.guilds_per_shard = 1
        stack.discord.state.rate_limits.max_concurrency = 2
        stack.discord.run_in_loop(add_other_guild)
        for name in (*ROLES, *(f"{role}2" for role in ROLES)):
            stack.start(name, wait=False)
        eventually(lambda: all(f"Connected to Discord as shard {n} of 2" in stack.log_text for n in (0, 1)))
        eventually(lambda: Guild.objects.count() == 2)
        traffic = Traffic([(world, fixtures.GENERAL_ID), (world_elsewhere(world), OTHER_CHANNEL)])
        everything = Everything(stack, [stack.port, second_port], traffic)
        traffic.start()
        try:
            eventually(lambda: len(everything.posted()) >= 2)
            everything.works()
            for role in ROLES:
                stack.kill(role)
            everything.works(without="web")
            for role in ROLES:
                stack.start(role, wait=False)
            for role in ("web", "worker"):
                stack.wait(role)
            # One that only starts while the database is away says so and ends, as it is to.
            eventually(lambda: waiting_or_holding() == [2, 2, 2])

            began = time.monotonic()
            pair.fail_over()
            connection.close()
            everything.works()
            eventually(lambda: waiting_or_holding() == [2, 2, 2])  # those that stand by as well
            took = time.monotonic() - began
        finally:
            traffic.stop()
        assert took < AGAIN_IN
        known = set(Game.objects.values_list("title", flat=True))
        assert set(traffic.confirmed) <= known  # nothing lost; one may have been committed though nobody was told
        eventually(lambda: set(everything.posted()) == known)
        assert set(everything.posted().values()) == {1}
    second_address.close()
