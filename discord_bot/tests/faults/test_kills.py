"""Killed at every point, each notification appears once. The controls show that these tests find errors."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from discord_bot.tests.faults.drain import drain, quick_faults
from discord_bot.tests.faults.harness import DISCORD_NONCE_MEMORY, FaultHarness, connect, copy_database
from discord_bot.tests.faults.kill_points import POINTS
from discord_bot.tests.faults.launcher import Order
from discord_bot.tests.faults.proxy import Proxy
from games.models import Announcement
from games.models.announcement import PostProblem
from gamesched.testing.waiting import eventually
from notifications import heartbeat
from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification, Pause

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def end(harness: FaultHarness) -> Iterator[None]:
    """End what one test leaves running, before the next."""
    yield
    harness.notifyds.end()
    harness.discord.client.clear_faults()


def test_killed_at_every_point_nothing_is_lost_or_repeated(harness: FaultHarness) -> None:
    harness.add_poison()
    figures = drain(harness, messages=150, kills=20, database_stops=2, faults=quick_faults(harness))
    print(figures)
    count = harness.count()
    assert (count.lost, count.repeated, count.stale_posts, count.given_up) == (0, 0, 0, 0), (count, figures)
    assert count.rows == count.visible >= 150
    assert POINTS.keys() - figures.kills.keys() == set(), figures
    poisoned = [
        Notification.objects.get(kind="reminder", game=None).skip_reason,
        Delivery.objects.get(status="failed").error,
    ]
    assert "gave up after 10 tries" in poisoned[0]
    # A kill between leasing and rendering costs a try too, so what was begun for the tenth time may end later.
    assert re.match(r"Gave up after 1\d tries", poisoned[1])


def test_without_discords_memory_the_same_kills_repeat(harness: FaultHarness) -> None:
    """The control: only the nonce keeps the promise, and repeats counted above would appear here."""
    before = harness.count().repeated
    harness.discord.run_in_loop(lambda state: setattr(state.nonces, "lifetime", -1.0))
    try:
        for _ in range(3):
            harness.add_games(2)
            harness.notifyds.start(Order(point="sent, not recorded", nth=10))
            harness.notifyds.until("died")
        harness.notifyds.start()
        harness.wait_until_sent()
        harness.notifyds.end()
    finally:
        harness.discord.run_in_loop(lambda state: setattr(state.nonces, "lifetime", DISCORD_NONCE_MEMORY))
    count = harness.count()
    assert count.repeated > before
    assert count.lost == 0
    harness.reset_count()


# --- killed between sending and recording, and started again when the nonce is forgotten -------------------


def killed_long_ago(harness: FaultHarness, kind: str) -> int:
    """Send one message that is not recorded, with its nonce forgotten by now. Return the game's id."""
    harness.reset_count()
    harness.add_games(1, players=0, kinds=(kind,))
    harness.notifyds.start(Order(point="sent, not recorded"))
    harness.notifyds.until("died")
    harness.discord.run_in_loop(lambda state: state.forget_nonces())
    long_ago = timedelta(minutes=10)
    Delivery.objects.filter(status=DeliveryStatus.PENDING).update(first_attempt_at=F("first_attempt_at") - long_ago)
    Notification.objects.open().filter(kind="announcement").update(first_attempt_at=F("first_attempt_at") - long_ago)
    assert harness.count().visible == 1
    return harness.games[-1]


@pytest.mark.parametrize("kind", ["announcement", "reminder"])
def test_a_forgotten_nonce_is_replaced_by_reading_the_history(harness: FaultHarness, kind: str) -> None:
    killed_long_ago(harness, kind)
    harness.notifyds.start()
    harness.wait_until_sent()
    harness.notifyds.end()
    count = harness.count()
    assert (count.visible, count.lost, count.repeated) == (1, 0, 0)
    # The control.
    killed_long_ago(harness, kind)
    harness.notifyds.start(Order(checks_history=False))
    harness.wait_until_sent()
    harness.notifyds.end()
    count = harness.count()
    assert (count.visible, count.lost, count.repeated) == (2, 0, 1)


def test_where_nothing_may_be_read_it_is_uncertain_and_says_so(harness: FaultHarness) -> None:
    client = harness.discord.client
    game = killed_long_ago(harness, "announcement")
    channel = Announcement.objects.get(game_id=game).channel_id
    client.add_fault("permissions", channel_id=str(channel), take=["READ_MESSAGE_HISTORY"])
    harness.notifyds.start()
    harness.wait_until_sent()
    harness.notifyds.end()
    client.add_fault("give", channel_id=str(channel))
    assert Announcement.objects.get(game_id=game).problem_code == PostProblem.MAYBE_POSTED
    assert (harness.count().visible, harness.count().repeated) == (1, 0)
    killed_long_ago(harness, "reminder")
    client.add_fault("status", match="GET /channels/*/messages", status=403, code=50001, times=0)
    harness.notifyds.start()
    harness.wait_until_sent()
    harness.notifyds.end()
    client.clear_faults()
    count = harness.count()
    assert (count.visible, count.given_up, count.repeated) == (1, 1, 0)
    assert Delivery.objects.filter(status=DeliveryStatus.UNCERTAIN).count() == 1


# --- connections ------------------------------------------------------------------------------------------


def test_three_started_at_once_one_sends_and_the_next_takes_over_within_a_second(harness: FaultHarness) -> None:
    harness.reset_count()
    notifyds = harness.notifyds
    notifyds.takeovers.clear()
    for _ in range(3):
        notifyds.start()
    notifyds.until("sending")
    for _ in range(2):
        harness.add_games(2)
        harness.wait_until_sent()
        assert notifyds.sender is not None
        notifyds.kill(notifyds.sender)
        notifyds.until("sending")
        eventually(lambda: not notifyds.next(0.05))  # its death is noticed, too
    # The better of two, because other tests may run beside.
    assert min(notifyds.takeovers) < 1.0
    harness.add_games(1)
    harness.wait_until_sent()
    notifyds.end()
    assert (harness.count().lost, harness.count().repeated) == (0, 0)


def test_without_the_trigger_a_notice_is_late_by_the_longest_sleep_at_most(harness: FaultHarness) -> None:
    harness.reset_count()
    harness.notifyds.start(Order(cap=1.0))
    harness.notifyds.until("sending")
    harness.wait_until_sent()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_notification DISABLE TRIGGER USER")
        harness.add_games(1)
        cursor.execute("ALTER TABLE notifications_notification ENABLE TRIGGER USER")
    harness.wait_until_sent()
    harness.notifyds.end()
    assert (harness.count().lost, harness.count().repeated) == (0, 0)


def test_a_connection_that_receives_nothing_is_noticed_and_its_lock_freed(harness: FaultHarness) -> None:
    harness.reset_count()
    notifyds = harness.notifyds
    with Proxy(f"{harness.server.run}/.s.PGSQL.5432") as proxy:
        # The sender's connection is acknowledged but not forwarded, without a standby.
        notifyds.start(Order(port=proxy.port, canary=1.5))
        notifyds.until("sending")
        assert proxy.freeze(b"bell") == 1
        harness.add_games(1)
        notifyds.until("sending", 30)
        harness.wait_until_sent()
        # Then all of its connections, for a while. A stalled machine may have reported one more start just before.
        proxy.freeze()
        frozen_at = time.monotonic()
        harness.add_games(1)
        time.sleep(3.0)
        assert [event for event in notifyds.reported() if event.at > frozen_at + 1.0] == []
        proxy.thaw()
        harness.wait_until_sent()
        notifyds.end()
        # Then the standby's, which cannot notice that it gets the lock.
        notifyds.start()
        sender_pid = notifyds.until("sending").pid
        notifyds.start(Order(port=proxy.port, canary=1.5))
        eventually(harness.waiting_for_the_lock)
        assert proxy.freeze(b"bell") == 1
        notifyds.kill(sender_pid)
        harness.add_games(1)
        notifyds.until("sending", 30)
        harness.wait_until_sent()
        notifyds.end()
    assert (harness.count().lost, harness.count().repeated) == (0, 0)


# --- a restored backup --------------------------------------------------------------------------------------


def test_after_a_restored_backup_nothing_is_sent_before_an_operator_agrees(harness: FaultHarness) -> None:
    harness.reset_count()

    def start_notifyd() -> None:
        harness.notifyds.start()
        harness.notifyds.until("sending")

    harness.add_games(1)
    start_notifyd()
    harness.wait_until_sent()
    harness.notifyds.end()
    assert Heartbeat.objects.get(name=heartbeat.DAEMON_NAME).newest_message_id
    harness.add_games(2)  # pending in the backup; sent afterwards, three minutes later
    copy_database(harness.server, "faults", "backup")
    connect(harness.server, "faults")
    harness.discord.client.set_clock(advance=180)
    start_notifyd()
    harness.wait_until_sent()
    harness.notifyds.end()
    visible = harness.count().visible
    copy_database(harness.server, "backup", "faults")
    connect(harness.server, "faults")
    assert harness.pending() == 4
    start_notifyd()
    eventually(Pause.objects.filter(resumed_at=None).exists)
    assert "The database is older than our messages in Discord" in harness.stack.log_text
    assert harness.pending() == 4
    call_command("notifyd", "--release")
    # Once: nothing was sent since, and the next start compares the same messages.
    harness.notifyds.end()
    start_notifyd()
    assert not Pause.objects.filter(resumed_at=None).exists()
    ahead = harness.add_games(1)
    harness.wait_until_sent()
    harness.notifyds.end()
    # What was due is dropped, though it had been sent; its posts were looked for and found.
    count = harness.count()
    assert count.repeated == 0
    assert Announcement.objects.filter(game__in=harness.games, message_id=None).count() == 0
    _, posts, _ = harness.visible_messages()
    assert sum(posts[game] for game in harness.games) == len(harness.games)
    assert (
        Delivery.objects.filter(notification__game_id=harness.games[-1], status=DeliveryStatus.SENT).count()
        == ahead - 1
    )
    assert visible
