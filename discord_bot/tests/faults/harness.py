"""Harness of the fault tests: a separate PostgreSQL, the local Discord, many notifyds, and the tally."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, connections
from psycopg.conninfo import make_conninfo

from conftest import World, make_world
from discord_bot.tests.faults.launcher import Order
from games.models import Announcement, Game, Signup
from games.posts.announcement import announcement_view
from gamesched.demo.postgres import REPOSITORY, Server
from gamesched.demo.supervisor import die_with_parent
from gamesched.lib.clock import db_now
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.testing import database
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import PATIENCE, eventually
from guilds.models import User
from notifications.models import Delivery, DeliveryStatus, Notification

# The lease and both memories of nonces, ours and Discord's, a fifth of the real ones: the same in proportion.
LEASE, OUR_NONCE_MEMORY, DISCORD_NONCE_MEMORY = 6.0, 24.0, 60.0  # seconds
TERMINAL = {DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.DROPPED}
NO_DATABASE = 2  # exit code of a notifyd started without a database
MARKER = re.compile(r"\?d=([\w-]+)")
TITLE_LINK = re.compile(r"\]\([^)]*/games/(\d+)/\)")  # of a post


@contextmanager
def private_postgres() -> Iterator[Server]:
    """A PostgreSQL that may be stopped at any moment, as Django's database until the block ends."""
    server = Server(f"test-{os.getpid()}-faults", fast=True)
    database.prepare(server)
    server.start()
    default = connections.settings["default"]
    before, url = dict(default), settings.DATABASE_URL
    connections.close_all()
    try:
        copy_database(server, database.TEMPLATE, "faults")
        connect(server, "faults")
        yield server
    finally:
        connections.close_all()
        default |= before
        settings.DATABASE_URL = url
        server.stop()
        server.remove()


def connect(server: Server, name: str) -> None:
    """Make Django use this database of the server."""
    connections.close_all()
    connections.settings["default"] |= {"HOST": str(server.run), "PORT": "", "USER": "postgres", "NAME": name}
    settings.DATABASE_URL = make_conninfo(server.url, dbname=name)


def copy_database(server: Server, source: str, target: str) -> None:
    """Make `target` a copy of `source`, like a backup and its restore. Disconnect Django from both meanwhile."""
    connect(server, "postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {target} TEMPLATE {source}")


@dataclass
class LauncherEvent:
    """An event reported by the launcher."""

    event: str
    pid: int
    at: float
    point: str = ""
    status: int = 0


class NotifydFleet:
    """notifyds forked from one warm process; killed and restarted in milliseconds."""

    def __init__(self, variables: dict[str, str], errors: int) -> None:
        short = {"NOTIFY_LEASE_SECONDS": str(LEASE), "NOTIFY_NONCE_MEMORY_SECONDS": str(OUR_NONCE_MEMORY)}
        self.running: dict[int, str] = {}
        self.sender: int | None = None
        self.ended: list[LauncherEvent] = []  # those that ended by themselves, as none should
        self.takeovers: list[float] = []  # seconds from a sender's death to the next one's first step
        self._lost_at: float | None = None
        self._before: int | None = None
        self._events: queue.Queue[LauncherEvent] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "discord_bot.tests.faults.launcher"],
            cwd=REPOSITORY,
            env={**variables, **short},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=die_with_parent,
        )
        threading.Thread(target=self._read, daemon=True).start()
        assert self._events.get(timeout=PATIENCE).event == "ready"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            known = {key: event[key] for key in ("event", "pid", "at", "point", "status") if key in event}
            self._events.put(LauncherEvent(**known))

    def _send_order(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def start(self, order: Order = Order()) -> None:  # noqa: B008 (frozen)
        self._send_order(start=asdict(order))

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        self._send_order(kill=pid, signal=number)

    def next(self, seconds: float) -> LauncherEvent | None:
        """Return the next event, or None after so many seconds."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        if event.event == "started":
            self.running[event.pid] = event.point
        elif event.event == "sending":
            self._before, self.sender = self.sender, event.pid
            if self._lost_at is not None:
                self.takeovers.append(event.at - self._lost_at)
                self._lost_at = None
        elif event.event == "died":
            del self.running[event.pid]
            if event.status not in (-signal.SIGKILL, NO_DATABASE):
                self.ended.append(event)
            if event.pid == self.sender:
                # Measured only if a standby takes over; otherwise the time of a start is included.
                self.sender, self._lost_at = None, event.at if self.running else None
            elif event.pid == self._before:
                self.takeovers.append(0.0)  # the next one sent before this one's death was even noticed
        return event

    def until(self, what: str, seconds: float = 20.0) -> LauncherEvent:
        """Wait for an event. Fail if it does not come."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            event = self.next(0.1)
            if event is not None and event.event == what:
                return event
        raise AssertionError(f"no notifyd was {what} within {seconds} s")

    def reported(self) -> list[LauncherEvent]:
        """Return the events that wait to be read."""
        return list(iter(lambda: self.next(0.05), None))

    def end(self) -> None:
        """Send kill -9 to all, and wait until they have ended."""
        self.reported()
        for pid in tuple(self.running):
            self.kill(pid)
        deadline = time.monotonic() + 10
        while self.running and time.monotonic() < deadline:
            self.next(0.1)
        assert not self.running
        self.sender = self._lost_at = self._before = None

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)


@dataclass
class Tally:
    """The rows, by result."""

    rows: int
    lost: int
    repeated: int
    given_up: int  # with a reason
    visible: int
    stale_posts: int  # posts that do not show the game as it is


class FaultHarness:
    """One server, one local Discord and one launcher, for many faults."""

    def __init__(self, server: Server, now: datetime) -> None:
        self.server = server
        self.world: World = make_world(now)
        self.stack = Stack(limited=False)
        self.games: list[int] = []
        self.people: list[int] = []
        self.wanted: list[tuple[int, int]] = []  # (game, user) of each expected reminder

    def __enter__(self) -> "FaultHarness":
        self.stack.__enter__()
        self.discord = self.stack.discord
        self.discord.run_in_loop(self._set_up)
        people = self.discord.client.add_people(12, fixtures.GUILD_ID)
        self.people = [int(person["id"]) for person in people]
        from guilds.directory import upsert
        from guilds.directory.payloads import MemberPayload, UserPayload

        for person in people:
            payload = UserPayload(int(person["id"]), person["username"])
            upsert.upsert_member(fixtures.GUILD_ID, MemberPayload(payload, ""), self.world.now)
        self.notifyds = NotifydFleet(self.stack.variables, self.stack.log_fd)
        self._model = self.world.create_game(channel_id=fixtures.GENERAL_ID, seats=0, reminders=(1440,))
        Notification.objects.filter(game=self._model).delete()
        return self

    def __exit__(self, *args: Any) -> None:
        try:
            self.notifyds.end()
            self.notifyds.close()
        finally:
            self.stack.__exit__(*args)

    def _set_up(self, world: Any) -> None:
        world.nonces.remembered = DISCORD_NONCE_MEMORY

    # --- rows --------------------------------------------------------------------------------------------

    def add_games(self, number: int, players: int = 9, kinds: tuple[str, ...] = ("announcement", "reminder")) -> int:
        """Add games as `create_game` and `signups.join` leave them, with a post and a day's reminder due now.

        In bulk, because thousands are needed. Return how many messages they need.
        """
        now = db_now()
        starts = now + timedelta(days=1)
        games: list[Game] = []
        for _ in range(number):
            game = Game.objects.get(pk=self._model.pk)
            game.pk = None
            game._state.adding = True
            game.title, game.starts_at, game.ends_at = "Night", starts, starts + timedelta(hours=2)
            game.host_id = self.people[(len(self.games) + len(games)) % len(self.people)]
            games.append(game)
        Game.objects.bulk_create(games)
        channels = (fixtures.GENERAL_ID, fixtures.GAME_NIGHT_ID, fixtures.RAIDS_ID)
        Announcement.objects.bulk_create(
            [Announcement(game=game, channel_id=channels[game.pk % len(channels)]) for game in games]
        )
        signups = []
        for game in games:
            at = self.people.index(game.host_id)
            for key in range(1, players + 1):
                who = self.people[(at + key) % len(self.people)]
                signups.append(Signup(game=game, user_id=who, order_key=key, joined_at=now, seated_at=now))
        Signup.objects.bulk_create(signups)
        rows = []
        for game in games:
            for kind in kinds:
                row = Notification(kind=kind, game=game, due_at=now, post_version=game.post_version)
                if kind == "reminder":
                    row.dedupe_key, row.minutes, row.expires_at = "1440", 1440, game.starts_at
                    row.payload = {"starts_at": game.starts_at.isoformat()}
                rows.append(row)
        Notification.objects.bulk_create(rows)
        self.games += [game.pk for game in games]
        if "reminder" in kinds:
            self.wanted += [(game.pk, game.host_id) for game in games]
            self.wanted += [(signup.game_id, signup.user_id) for signup in signups if signup.user_id]
        return number * (("announcement" in kinds) + ("reminder" in kinds) * (players + 1))

    def add_poison(self) -> None:
        """Add rows that can be neither expanded nor rendered."""
        now = db_now()
        Notification.objects.create(kind="reminder", due_at=now, minutes=1)
        who = User.objects.get(pk=self.people[0])
        Notification.objects.create(kind="lost_seat", game_id=self._model.pk, recipient=who, due_at=now)

    def reset_count(self) -> None:
        """Count only what is added from now on."""
        self.games, self.wanted = [], []

    def pending(self) -> int:
        now = db_now()
        due = Notification.objects.open().filter(due_at__lte=now + timedelta(hours=1))
        return due.count() + Delivery.objects.filter(status=DeliveryStatus.PENDING).count()

    def wait_until_sent(self, seconds: float = PATIENCE) -> None:
        """Wait until nothing is left to send."""
        eventually(lambda: self.pending() == 0, seconds)

    # --- the database ------------------------------------------------------------------------------------

    def crash_database(self) -> None:
        """`stop -m immediate`, and a start: uncommitted changes and all connections are lost."""
        connections.close_all()
        process = self.server.process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE)
        self.server.process = None
        self.server.start()

    def waiting_for_the_lock(self) -> bool:
        """Return whether a notifyd is standby."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return cursor.fetchone() is not None

    def deadlocks(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    def terminate_listeners(self) -> int:
        """Make PostgreSQL end every connection that listens. Return how many."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bell'")
            return len(cursor.fetchall())

    # --- the count ---------------------------------------------------------------------------------------

    def visible_messages(self) -> tuple[Counter[str], Counter[int], dict[int, str]]:
        """Count the messages by dedupe marker and the posts by game, and return what the posts show too."""

        def look(world: Any) -> list[tuple[str, str]]:
            return [
                (message.content, str((message.embeds, message.components)))
                for channel in world.messages.values()
                for message in channel.values()
                if message.author_id == APPLICATION_ID
            ]

        messages: Counter[str] = Counter()
        posts: Counter[int] = Counter()
        shown: dict[int, str] = {}
        for content, contents in self.discord.run_in_loop(look):
            messages.update(MARKER.findall(content))
            if match := TITLE_LINK.search(contents):
                posts[int(match[1])] += 1
                shown[int(match[1])] = contents
        return messages, posts, shown

    def count(self) -> Tally:
        """Compare every row with the messages in the local Discord."""
        messages, posts, shown = self.visible_messages()
        games = Game.objects.filter(pk__in=self.games)
        deliveries = list(Delivery.objects.filter(notification__game__in=games).values_list("nonce", "status", "error"))
        given_up = [nonce for nonce, status, error in deliveries if status in TERMINAL and error]
        lost = [nonce for nonce, _, _ in deliveries if not messages[nonce] and nonce not in set(given_up)]
        repeated = [nonce for nonce, _, _ in deliveries if messages[nonce] > 1]
        # Deliveries that were never created are missing from the rows.
        delivered = Counter(
            Delivery.objects.filter(notification__game__in=games).values_list("notification__game_id", "recipient_id")
        )
        lost += [str(message) for message in self.wanted if not delivered[message]]
        repeated += [str(message) for message in delivered if delivered[message] > 1]
        now = db_now()
        announced = Announcement.objects.filter(game__in=games, game__notifications__kind="announcement").distinct()
        behind = 0
        for post in announced.select_related("game__guild__defaults", "game__channel__defaults", "game__template"):
            game = post.game
            if not posts[game.pk]:
                (given_up if post.problem_code else lost).append(str(game))
            elif posts[game.pk] > 1:
                repeated.append(str(game))
            if posts[game.pk] and announcement_view(game, now).seats_text not in shown[game.pk]:
                behind += 1
        visible_total = sum(messages[nonce] for nonce, _, _ in deliveries) + sum(posts[game] for game in self.games)
        rows = len(deliveries) + announced.count()
        return Tally(rows, len(lost), len(repeated), len(given_up), visible_total, behind)
