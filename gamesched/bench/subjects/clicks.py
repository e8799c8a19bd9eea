"""Goals 6 and 7: clicks, pressed inside the local Discord's process and timed by its clock."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from gamesched.bench.figures import spread
from gamesched.bench.processes import Meter, Program, until
from gamesched.bench.stage import Bench, Stage

if TYPE_CHECKING:
    from conftest import World

GAMES = 20
BURSTS = (("burst_200_on_20", 200, 20), ("burst_500_on_20", 500, 20), ("burst_500_on_1", 500, 1))
RATE = 50  # clicks a second, of the steady load
FOLLOWED = 20.0  # seconds in which all clicks of a burst should have been done


@contextmanager
def slowed(program: Program) -> Iterator[None]:
    """Stop a program for three quarters of the time, as on a machine that is four times slower."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set() and program.process.poll() is None:
            os.kill(program.pid, signal.SIGSTOP)
            time.sleep(0.03)
            os.kill(program.pid, signal.SIGCONT)
            time.sleep(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Crowd:
    """People who press Join and Leave under the posts of some games."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.bot: Program = stage.start("bot")
        self.notifyd = stage.start("notifyd")
        self.fresh: Iterator[int] = iter(())
        self.posts: dict[int, tuple[int, int]] = {}  # by game: channel, message

    def make_games(self, world: "World", count: int, day: int) -> list[int]:
        """Make posted games on days of their own, so that nothing overlaps."""
        from games.models import Announcement
        from gamesched.bench import data

        games = []
        for number in range(count):
            starts_at = world.now + timedelta(days=day + number)
            game = data.make_game(world, next(self.fresh), seats=10, title=f"Night {number}", starts_at=starts_at)
            games.append(game.pk)
        rows = Announcement.objects.filter(game__in=games, message_id__isnull=False)
        until(lambda: rows.count() == count, 60, "posts", 0.1)
        for row in rows:
            self.posts[row.game_id] = (row.channel_id, row.message_id or 0)
        return games

    def press(self, at: float, game: int, user: int, verb: str) -> list[object]:
        return [at, user, *self.posts[game], f"game:{game}:{verb}"]

    def steady(self, games: list[int], rate: float, seconds: float) -> list[list[object]]:
        """Return clicks at an even rate: whoever joins leaves again, so that games stay as full as they were."""
        plan: list[list[object]] = []
        joined: dict[int, list[int]] = {game: [] for game in games}
        for number in range(int(rate * seconds)):
            game = games[number % len(games)]
            if (number // len(games)) % 2 == 0:
                joined[game].append(next(self.fresh))
                plan.append(self.press(number / rate, game, joined[game][-1], "join"))
            else:
                plan.append(self.press(number / rate, game, joined[game].pop(0), "leave"))
        return plan

    def done(self) -> int:
        """Return how many clicks were done so far, by what the database holds."""
        [(count,)] = self.stage.sql("SELECT count(*) + count(left_at) FROM games_signup")
        return int(count)

    def run(self, name: str, plan: list[list[object]], steady: bool) -> None:
        """Press, wait until all is done or not to be expected any more, and put the figures down."""
        pids = {"bot": self.bot.pid, "discord": self.stage.discord.pid, "postgres": self.stage.bench.postgres_pid}
        before, meter = self.done(), Meter(**pids)
        self.stage.reset_statements()
        found = self.stage.tell_discord("clicks", {"plan": plan})
        deadline = time.time() + FOLLOWED
        while (done := self.done() - before) < len(plan) and time.time() < deadline:
            time.sleep(0.05)
        seconds = time.time() - found["began"]
        self.stage.bench.put(
            **spread(f"{name}_ms", found["waits"]),
            **{
                f"{name}_pressed_within_s": found["pressed"] - found["began"],
                f"{name}_unanswered": found["unanswered"] + found["refused"],
                f"{name}_deferred": found["deferred"],
                f"{name}_done": done,
                f"{name}_done_per_second": done / seconds,
                f"{name}_cpu_s": meter.seconds("bot"),
                f"{name}_discord_cpu_s": meter.seconds("discord"),  # it shares the machine
            },
        )
        if steady:
            statements, milliseconds = self.stage.statements("bot")
            clicks = max(1, done)
            self.stage.bench.put(
                **{
                    f"{name}_cpu_ms_a_click": meter.seconds("bot") * 1000 / clicks,
                    f"{name}_postgres_cpu_ms_a_click": meter.seconds("postgres") * 1000 / clicks,
                    f"{name}_statements_a_click": statements / clicks,
                    f"{name}_sql_ms_a_click": milliseconds / clicks,
                }
            )
        if done < len(plan):  # what is left over would be counted to the next
            self.bot.kill()
            self.bot = self.stage.start("bot")
            time.sleep(2)


def measure(bench: Bench) -> None:
    stage = Stage(bench, discord="local")
    stage.setup_django()
    import requests

    from gamesched.bench import data
    from gamesched.local_discord import fixtures

    world = data.make_world()
    steady_seconds = bench.size_of(6, 60, 60)
    soak = bench.size_of(0, 0, 10_000)
    needed = 600 + 2 * 500 + RATE * (steady_seconds + 10) // 2 + soak // 2 + 200
    body = {"count": needed, "guild_id": str(fixtures.GUILD_ID)}
    made = requests.post(f"{stage.discord_url}/sandbox/people", json=body, timeout=120).json()
    data.add_people([int(each["id"]) for each in made], [each["username"] for each in made])
    crowd = Crowd(stage)
    crowd.fresh = iter([int(each["id"]) for each in made])
    games = crowd.make_games(world, GAMES, 2)
    crowd.run("warm_up", crowd.steady(games, 5, 4), steady=False)
    for number, (name, size, on) in enumerate(BURSTS):
        places = crowd.make_games(world, on, 30 + 30 * number)
        plan = [crowd.press(0, places[at % on], next(crowd.fresh), "join") for at in range(size)]
        crowd.run(name, plan, steady=False)
    places = crowd.make_games(world, GAMES, 150)
    with slowed(crowd.bot):
        plan = [crowd.press(0, places[at % GAMES], next(crowd.fresh), "join") for at in range(200)]
        crowd.run("slowed_200_on_20", plan, steady=False)
    crowd.run("at_10", crowd.steady(games, 10, bench.size_of(4, 10, 10)), steady=True)
    crowd.run("at_50", crowd.steady(games, RATE, steady_seconds), steady=True)
    if soak:
        crowd.run("soak", crowd.steady(games, RATE, soak / RATE), steady=True)
