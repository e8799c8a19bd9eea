"""The whole promise: `python3 run.py bench --faults`. Ten thousand messages, five hundred kills; prints a table."""

import logging
import statistics

import pytest

from discord_bot.tests.faults.drain import all_faults, drain
from discord_bot.tests.faults.harness import DISCORD_NONCE_MEMORY, FaultHarness
from notifications.models import Notification

pytestmark = pytest.mark.processes

MESSAGES, KILLS, DATABASE_STOPS = 10_000, 500, 20


def test_ten_thousand_messages(harness: FaultHarness) -> None:
    # The local Discord's log about requests from killed processes.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    harness.add_poison()
    faults = all_faults(harness) * 4
    figures = drain(harness, MESSAGES, KILLS, DATABASE_STOPS, faults, report=print)
    deadlocks, count = harness.deadlocks(), harness.count()
    print_row("seconds", f"{figures.seconds:.0f}")
    print_row("messages asked for", figures.messages)
    print_row("messages to be seen", count.visible)
    print_row("LOST", count.lost)
    print_row("REPEATED", count.repeated)
    print_row("given up with a reason", count.given_up)
    print_row("posts that do not show their game as it is", count.stale_posts)
    print_row("deadlocks", deadlocks)
    print_row("kills", sum(figures.kills.values()))
    for point, number in sorted(figures.kills.items()):
        print_row(f"  {point}", number)
    print_row("PostgreSQL stopped at once and started", figures.database_stops)
    for fault, number in figures.others.items():
        print_row(f"  {fault}", number)
    milliseconds = sorted(seconds * 1000 for seconds in figures.takeovers)
    print_row("takeovers by a standby", len(milliseconds))
    print_row("  median, slowest in ms", f"{statistics.median(milliseconds):.0f}, {milliseconds[-1]:.0f}")
    assert (count.lost, count.repeated, count.stale_posts, deadlocks) == (0, 0, 0, 0)
    assert not Notification.objects.open().exclude(leased_until=None).exists()


def test_ten_thousand_messages_control(harness: FaultHarness) -> None:
    """The same kills while Discord remembers no nonce."""
    harness.reset_count()
    harness.discord.run_in_loop(lambda state: setattr(state.nonces, "lifetime", -1.0))
    try:
        figures = drain(harness, MESSAGES // 20, KILLS // 10, seed=2, report=print)
    finally:
        harness.discord.run_in_loop(lambda state: setattr(state.nonces, "lifetime", DISCORD_NONCE_MEMORY))
    count = harness.count()
    print_row("control, no nonces: messages asked for", figures.messages)
    print_row("control: kills", sum(figures.kills.values()))
    print_row("control: lost", count.lost)
    print_row("control: REPEATED", count.repeated)
    assert count.lost == 0
    assert count.repeated > 0


def print_row(what: str, value: object) -> None:
    print(f"{what:45} {value!s:>12}", flush=True)
