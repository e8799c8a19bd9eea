"""Drains thousands of messages while notifyd is killed over and over, and everything else fails too."""

import random
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from discord_bot.tests.faults.harness import FaultHarness, LauncherEvent
from discord_bot.tests.faults.kill_points import POINTS, RARE_POINTS
from discord_bot.tests.faults.launcher import Order
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from guilds.models import User
from notifications.daemon import pause

GAMES_AT_A_TIME = 2
AT_RANDOM = 0.4  # the share of notifyds that die at a random moment rather than at a named point
STANDBY_SHARE = 0.1  # the share of these that die as standby, before they send
SENDING_FOR = 0.05  # seconds for which the others of these send, on average
IDLE_AFTER = 1.0  # seconds as sender after which one gets new messages if none are left
LONGEST = 4.0  # seconds as sender after which one is killed that has not reached its point


@dataclass
class Figures:
    """What was done to notifyd, and how soon it sent again."""

    messages: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    database_stops: int = 0
    others: Counter[str] = field(default_factory=Counter)
    takeovers: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Orders:
    """Where the next notifyds die: at each point in turn, and many at none. What one does not meet, the next does."""

    def __init__(self, draw: random.Random, most: int) -> None:
        self._draw, self._most = draw, most
        self._next: deque[str] = deque()
        self._unmet: dict[int, str] = {}
        self._missed: set[str] = set()

    def next(self) -> Order:
        if self._draw.random() < AT_RANDOM:
            return Order(longest_backoff=1.0)
        if not self._next:
            self._next += self._draw.sample(list(POINTS), len(POINTS))
        point = self._next.popleft()
        most = 1 if point in self._missed else min(self._most, RARE_POINTS.get(point, self._most))
        nth = self._draw.randint(1, most)
        return Order(point=point, nth=nth, longest_backoff=1.0)

    def note(self, event: LauncherEvent | None) -> None:
        if event is None:
            return
        if event.event == "started" and event.point:
            self._unmet[event.pid] = event.point
        elif event.event == "point":
            self._missed.discard(self._unmet.pop(event.pid))
        elif event.event == "died" and event.pid in self._unmet:
            point = self._unmet.pop(event.pid)
            self._missed.add(point)
            self._next.appendleft(point)


def drain(
    harness: FaultHarness,
    messages: int,
    kills: int,
    database_stops: int = 0,
    faults: Sequence[tuple[str, Callable[[], object]]] = (),
    seed: int = 1,
    report: Callable[[str], None] = lambda line: None,
) -> Figures:
    """Have so many messages sent by a sender and a standby that are killed so often, and wait until all is sent.

    Games are added as kills go by, so that there is always something to send. `faults` happen in turn, spread
    evenly, and last until the next. If a point is not met by then, it goes on for as many kills.
    """
    draw = random.Random(seed)
    figures, began = Figures(), time.monotonic()
    done = 0
    kill_at: dict[int, float] = {}
    killed: set[int] = set()
    fed: set[int | None] = set()  # senders that were idle for long, and got new messages
    next_line = time.monotonic() + 10
    most = max(messages * 2 // kills // 3, 1)  # passings of a point; fewer than the messages for each kill
    orders = Orders(draw, most)
    notifyds = harness.notifyds
    for _ in range(2):
        notifyds.start(orders.next())
    while done < kills or figures.messages < messages or (done < kills * 2 and len(figures.kills) <= len(POINTS)):
        now = time.monotonic()
        sending_for = LONGEST - (kill_at.get(notifyds.sender or 0, now + LONGEST) - now)
        hungry = sending_for > IDLE_AFTER and notifyds.sender not in fed
        if hungry:
            fed.add(notifyds.sender)
        needs_games = figures.messages < messages and figures.messages / messages <= done / kills
        if needs_games or hungry:
            figures.messages += harness.add_games(GAMES_AT_A_TIME if needs_games else 1)
            _add_signup(harness, draw)
        _run_next_faults(harness, figures, done / kills, database_stops, faults)
        event, now = notifyds.next(0.02), time.monotonic()
        orders.note(event)
        if event is None:
            pass
        elif event.event == "started" and not event.point and draw.random() < STANDBY_SHARE:
            kill_at[event.pid] = now + draw.random()
        elif event.event == "sending":
            point = notifyds.running.get(event.pid)
            kill_at.setdefault(event.pid, now + (LONGEST if point else draw.expovariate(1 / SENDING_FOR)))
        elif event.event == "point":
            figures.kills[event.point] += 1
        elif event.event == "died":
            kill_at.pop(event.pid, None)
            if event.pid in killed:
                figures.kills["a random moment"] += 1
            killed.discard(event.pid)  # a pid may be reused
            fed.discard(event.pid)
            done += event.status == -signal.SIGKILL
            notifyds.start(orders.next())
        for pid in [pid for pid, at in kill_at.items() if at <= now and pid not in killed]:
            notifyds.kill(pid)
            killed.add(pid)
        if now > next_line:
            next_line = now + 10
            so_far = (
                f"{figures.messages:6} messages asked for, {done:4} kills, {figures.database_stops:2} database stops"
            )
            report(f"{so_far}, {now - began:4.0f} s")
    harness.discord.client.clear_faults()
    notifyds.end()
    assert pause.current_pause() is None, "taken for a restored backup"
    for _ in range(2):
        notifyds.start(Order(longest_backoff=1.0))
    harness.wait_until_sent()
    notifyds.end()
    figures.takeovers = list(notifyds.takeovers)
    figures.seconds = time.monotonic() - began
    assert not notifyds.ended, f"ended by themselves: {notifyds.ended}"
    return figures


def _run_next_faults(
    harness: FaultHarness,
    figures: Figures,
    progress: float,
    database_stops: int,
    faults: Sequence[tuple[str, Callable[[], object]]],
) -> None:
    """Stop the database and begin the next fault where it is their turn. `progress` is 0 to 1."""
    if figures.database_stops < database_stops and progress > (figures.database_stops + 0.5) / database_stops:
        harness.crash_database()
        figures.database_stops += 1
    fault_number = figures.others.total()
    if fault_number < len(faults) and progress > (fault_number + 0.5) / (len(faults) + 1):
        name, happen = faults[fault_number]
        harness.discord.client.clear_faults()
        happen()
        figures.others[name] += 1


def _add_signup(harness: FaultHarness, draw: random.Random) -> None:
    """One more person joins a game by the real action, so that its post is edited; and clear a person's DM channel."""
    game = Game.objects.get(pk=draw.choice(harness.games))
    who = User.objects.get(pk=draw.choice(harness.people))
    signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), db_now())
    User.objects.filter(pk=draw.choice(harness.people)).update(dm_channel_id=None)


def quick_faults(harness: FaultHarness) -> list[tuple[str, Callable[[], object]]]:
    """Return the other faults during a drain, in order."""
    fault = harness.discord.client.add_fault
    part: dict[str, Any] = {"match": "POST *", "times": 0, "probability": 0.3, "seed": 5}
    return [
        ("30 % of requests refused", partial(fault, "status", status=502, **part)),
        ("LISTEN dropped", harness.terminate_listeners),
        ("30 % done, and the answer lost", partial(fault, "lost", **part)),
        ("Discord frozen for a second", partial(fault, "freeze", seconds=1)),
    ]


def all_faults(harness: FaultHarness) -> list[tuple[str, Callable[[], object]]]:
    """Return the same, and faults that cost seconds."""
    fault = harness.discord.client.add_fault
    part: dict[str, Any] = {"times": 0, "probability": 0.3, "seed": 5}
    return [
        *quick_faults(harness),
        ("nobody there for two seconds", partial(fault, "unreachable", seconds=2)),
        ("30 % of everything refused", partial(fault, "status", status=503, **part)),
        ("30 % of messages three seconds late", partial(fault, "delay", seconds=3, **part | {"match": "POST *"})),
        ("a limit of ours", partial(fault, "rate_limit", retry_after=1.0, scope="global")),
        ("nothing", lambda: None),
    ]
