"""Timings of the main path on this machine. Run by `python3 run.py bench`; prints figures and asserts none."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from conftest import make_world
from games.core.base import Actor, EntryPoint
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.models import User
from notifications.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)


def print_timings(name: str, milliseconds: list[float]) -> None:
    ordered = sorted(milliseconds)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(
        f"{name:38} n={len(ordered):4} p50={statistics.median(ordered):7.1f} p99={p99:7.1f} max={ordered[-1]:7.1f} ms"
    )


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def test_bench(now: datetime) -> None:
    world = make_world(now)
    print()
    game = world.create_game(seats=50)
    people = [world.add_member(number) for number in range(100, 300)]
    joins = [partial(signups.join, game.pk, person, Actor(person, EntryPoint.PAGE), now) for person in people]
    print_timings("join, one after another", [timed(join) for join in joins])
    with Stack("bot", "notifyd", limited=False) as stack:
        client = stack.discord.client
        clicked = world.create_game(channel_id=fixtures.GENERAL_ID, seats=10)
        post = eventually(stack.posts)[0]
        names = [person["username"] for person in client.add_people(300, fixtures.GUILD_ID)]
        for name in names[:100]:
            client.click(name, post, f"game:{clicked.pk}:join")
        print_timings("click answered, one after another", [entry["milliseconds"] for entry in client.interactions()])
        with ThreadPoolExecutor(40) as threads:
            list(threads.map(lambda n: client.click(n, post, f"game:{clicked.pk}:join", wait=0), names[100:]))
        eventually(lambda: all(entry["state"] != "waiting" for entry in client.interactions()))
        print_timings("click answered, 200 at once", [entry["milliseconds"] for entry in client.interactions()[100:]])
        print(f"{'edits that these 300 clicks cost':38} n={len(client.requests('PATCH /channels')):4}")
        starts = datetime.now(UTC) + timedelta(seconds=66)
        reminded = world.create_game(starts_at=starts, seats=0, reminders=(1,), channel_id=fixtures.RAIDS_ID)
        for person in User.objects.filter(handle__in=names[:200]):
            signups.join(reminded.pk, person, Actor(person, EntryPoint.PAGE), now)
        eventually(lambda: Delivery.objects.exists() and not Delivery.objects.filter(status="pending").exists())
        sent = Delivery.objects.filter(status="sent").values_list("lateness_ms", flat=True)
        print_timings("reminder sent after its time", [float(ms) for ms in sent if ms is not None])
