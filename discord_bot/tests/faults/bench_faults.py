"""The promise in full: `python3 run.py bench --faults`. Ten thousand messages, five hundred kills; prints a table."""

import logging
import statistics

import pytest

from discord_bot.tests.faults.drain import all_faults, drain
from discord_bot.tests.faults.harness import DISCORDS_MEMORY, Stage
from notifications.models import Notification

pytestmark = pytest.mark.processes

MESSAGES, KILLS, DATABASE_STOPS = 10_000, 500, 20


def test_ten_thousand_messages(stage: Stage) -> None:
    # The local Discord's words about requests whose sender was killed.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    stage.add_poison()
    faults = all_faults(stage) * 4
    figures = drain(stage, MESSAGES, KILLS, DATABASE_STOPS, faults, say=print)
    deadlocks, count = stage.deadlocks(), stage.count()
    row("seconds", f"{figures.seconds:.0f}")
    row("messages asked for", figures.messages)
    row("messages to be seen", count.said)
    row("LOST", count.lost)
    row("REPEATED", count.repeated)
    row("given up with a reason", count.given_up)
    row("posts that do not show their game as it is", count.behind)
    row("deadlocks", deadlocks)
    row("kills", sum(figures.kills.values()))
    for point, number in sorted(figures.kills.items()):
        row(f"  {point}", number)
    row("PostgreSQL stopped at once and started", figures.database_stops)
    for fault, number in figures.others.items():
        row(f"  {fault}", number)
    milliseconds = sorted(seconds * 1000 for seconds in figures.takeovers)
    row("takeovers by a standby", len(milliseconds))
    row("  median, slowest in ms", f"{statistics.median(milliseconds):.0f}, {milliseconds[-1]:.0f}")
    assert (count.lost, count.repeated, count.behind, deadlocks) == (0, 0, 0, 0)
    assert not Notification.objects.open().exclude(leased_until=None).exists()


def test_ten_thousand_messages_control(stage: Stage) -> None:
    """The same kills while Discord remembers no nonce."""
    stage.forget()
    stage.discord.run_in_loop(lambda world: setattr(world.nonces, "remembered", -1.0))
    try:
        figures = drain(stage, MESSAGES // 20, KILLS // 10, seed=2, say=print)
    finally:
        stage.discord.run_in_loop(lambda world: setattr(world.nonces, "remembered", DISCORDS_MEMORY))
    count = stage.count()
    row("control, no nonces: messages asked for", figures.messages)
    row("control: kills", sum(figures.kills.values()))
    row("control: lost", count.lost)
    row("control: REPEATED", count.repeated)
    assert count.lost == 0
    assert count.repeated > 0


def row(what: str, value: object) -> None:
    print(f"{what:45} {value!s:>12}", flush=True)
