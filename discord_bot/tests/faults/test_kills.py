"""Killed at every point: every notice is to be seen once. And the controls, which show that these tests bite."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from discord_bot.tests.faults.drain import drain, few_faults
from discord_bot.tests.faults.harness import DISCORDS_MEMORY, Stage, connect, copy_database
from discord_bot.tests.faults.launcher import Order
from discord_bot.tests.faults.proxy import Proxy
from games.models import Announcement
from gamesched.testing.stack import eventually
from notifications import heartbeat
from notifications.models import Delivery, Heartbeat, Hold, Notification, Status

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def end(stage: Stage) -> Iterator[None]:
    """What one test leaves running is not the next one's."""
    yield
    stage.notifyds.end()
    stage.discord.client.clear_faults()


def test_killed_at_every_point_nothing_is_lost_or_repeated(stage: Stage) -> None:
    stage.add_poison()
    figures = drain(stage, messages=300, kills=40, database_stops=2, faults=few_faults(stage))
    print(figures)
    count = stage.count()
    assert (count.lost, count.repeated, count.behind, count.given_up) == (0, 0, 0, 0), (count, figures)
    assert count.rows == count.said >= 300
    assert len(figures.kills) >= 7, "most of the points are met"
    poisoned = [
        Notification.objects.get(kind="reminder", game=None).dropped,
        Delivery.objects.get(status="failed").error,
    ]
    assert "gave up after 10 tries" in poisoned[0]
    # A kill between leasing and rendering costs a try too, so what was begun for the tenth time may end later.
    assert re.match(r"Gave up after 1\d tries", poisoned[1])


def test_without_discords_memory_the_same_kills_repeat(stage: Stage) -> None:
    """The control: what holds the promise is the nonce, and what was counted above would be seen here."""
    before = stage.count().repeated
    stage.discord.run_in_loop(lambda world: setattr(world.nonces, "remembered", -1.0))
    try:
        for _ in range(3):
            stage.add_games(2)
            stage.notifyds.start(Order(point="sent, not recorded", nth=10))
            stage.notifyds.until("died")
        stage.notifyds.start()
        stage.quiet()
        stage.notifyds.end()
    finally:
        stage.discord.run_in_loop(lambda world: setattr(world.nonces, "remembered", DISCORDS_MEMORY))
    count = stage.count()
    assert count.repeated > before
    assert count.lost == 0
    stage.forget()


# --- killed between sending and recording, and started again when the nonce is forgotten -------------------


def killed_long_ago(stage: Stage, kind: str) -> int:
    """One message is sent, nobody wrote it down, and by now nobody knows its nonce. Returns the game's id."""
    stage.forget()
    stage.add_games(1, players=0, kinds=(kind,))
    stage.notifyds.start(Order(point="sent, not recorded"))
    stage.notifyds.until("died")
    stage.discord.run_in_loop(lambda world: world.forget_nonces())
    long_ago = timedelta(minutes=10)
    Delivery.objects.filter(status=Status.PENDING).update(first_tried_at=F("first_tried_at") - long_ago)
    Notification.objects.open().filter(kind="announcement").update(first_tried_at=F("first_tried_at") - long_ago)
    assert stage.count().said == 1
    return stage.games[-1]


@pytest.mark.parametrize("kind", ["announcement", "reminder"])
def test_a_forgotten_nonce_is_made_up_for_by_reading_back(stage: Stage, kind: str) -> None:
    killed_long_ago(stage, kind)
    stage.notifyds.start()
    stage.quiet()
    stage.notifyds.end()
    count = stage.count()
    assert (count.said, count.lost, count.repeated) == (1, 0, 0)
    # The control.
    killed_long_ago(stage, kind)
    stage.notifyds.start(Order(reads_back=False))
    stage.quiet()
    stage.notifyds.end()
    count = stage.count()
    assert (count.said, count.lost, count.repeated) == (2, 0, 1)


def test_where_nothing_may_be_read_it_is_uncertain_and_says_so(stage: Stage) -> None:
    client = stage.discord.client
    game = killed_long_ago(stage, "announcement")
    channel = Announcement.objects.get(game_id=game).channel_id
    client.add_fault("permissions", channel_id=str(channel), take=["READ_MESSAGE_HISTORY"])
    stage.notifyds.start()
    stage.quiet()
    stage.notifyds.end()
    client.add_fault("give", channel_id=str(channel))
    assert "may" in Announcement.objects.get(game_id=game).problem
    assert (stage.count().said, stage.count().repeated) == (1, 0)
    killed_long_ago(stage, "reminder")
    client.add_fault("status", match="GET /channels/*/messages", status=403, code=50001, times=0)
    stage.notifyds.start()
    stage.quiet()
    stage.notifyds.end()
    client.clear_faults()
    count = stage.count()
    assert (count.said, count.given_up, count.repeated) == (1, 1, 0)
    assert Delivery.objects.filter(status=Status.UNCERTAIN).count() == 1


# --- connections ------------------------------------------------------------------------------------------


def test_three_started_at_once_one_speaks_and_the_next_takes_over_within_a_second(stage: Stage) -> None:
    stage.forget()
    notifyds = stage.notifyds
    notifyds.takeovers.clear()
    for _ in range(3):
        notifyds.start()
    notifyds.until("speaking")
    for _ in range(2):
        stage.add_games(2)
        stage.quiet()
        assert notifyds.speaker is not None
        notifyds.kill(notifyds.speaker)
        notifyds.until("speaking")
        eventually(lambda: not notifyds.next(0.05))  # its death is seen, too
    # The better of two, for other tests may be running beside.
    assert min(notifyds.takeovers) < 1.0
    stage.add_games(1)
    stage.quiet()
    notifyds.end()
    assert (stage.count().lost, stage.count().repeated) == (0, 0)


def test_without_the_trigger_a_notice_is_late_by_the_longest_sleep_at_most(stage: Stage) -> None:
    stage.forget()
    stage.notifyds.start(Order(cap=1.0))
    stage.notifyds.until("speaking")
    stage.quiet()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_notification DISABLE TRIGGER USER")
        stage.add_games(1)
        cursor.execute("ALTER TABLE notifications_notification ENABLE TRIGGER USER")
    stage.quiet(10)
    stage.notifyds.end()
    assert (stage.count().lost, stage.count().repeated) == (0, 0)


def test_a_connection_that_hears_nothing_is_noticed_and_its_lock_freed(stage: Stage) -> None:
    stage.forget()
    notifyds = stage.notifyds
    with Proxy(f"{stage.server.run}/.s.PGSQL.5432") as proxy:
        # Acknowledged and not forwarded: the speaker's, while nobody stands by.
        notifyds.start(Order(port=proxy.port, canary=0.5))
        notifyds.until("speaking")
        assert proxy.freeze(b"bell") == 1
        stage.add_games(1)
        notifyds.until("speaking", 30)
        stage.quiet()
        # Then everything of it, for a while.
        proxy.freeze()
        stage.add_games(1)
        assert notifyds.next(1.0) is None
        proxy.thaw()
        stage.quiet()
        notifyds.end()
        # Then the one that stands by, which cannot hear that it is its turn.
        notifyds.start()
        speaker = notifyds.until("speaking").pid
        notifyds.start(Order(port=proxy.port, canary=0.5))
        eventually(stage.waiting_for_the_lock)
        assert proxy.freeze(b"bell") == 1
        notifyds.kill(speaker)
        stage.add_games(1)
        notifyds.until("speaking", 30)
        stage.quiet()
        notifyds.end()
    assert (stage.count().lost, stage.count().repeated) == (0, 0)


# --- a restored backup --------------------------------------------------------------------------------------


def test_after_a_restored_backup_nothing_is_said_before_an_operator_agrees(stage: Stage) -> None:
    stage.forget()

    def speak() -> None:
        stage.notifyds.start()
        stage.notifyds.until("speaking")

    stage.add_games(1)
    speak()
    stage.quiet()
    stage.notifyds.end()
    assert Heartbeat.objects.get(name=heartbeat.SPEAKER).newest_message_id
    stage.add_games(2)  # in the backup they wait; then they are said, three minutes later
    copy_database(stage.server, "faults", "backup")
    connect(stage.server, "faults")
    stage.discord.client.set_clock(advance=180)
    speak()
    stage.quiet()
    stage.notifyds.end()
    said = stage.count().said
    copy_database(stage.server, "backup", "faults")
    connect(stage.server, "faults")
    assert stage.pending() == 4
    speak()
    eventually(Hold.objects.filter(released_at=None).exists)
    assert "The database is older than what was said in Discord" in stage.stack.said
    assert stage.pending() == 4
    call_command("notifyd", "--release")
    ahead = stage.add_games(1)
    stage.quiet()
    stage.notifyds.end()
    # What was due is dropped, though it had been said; its posts were looked for and found.
    count = stage.count()
    assert count.repeated == 0
    assert Announcement.objects.filter(game__in=stage.games, message_id=None).count() == 0
    _, posts, _ = stage.visible()
    assert sum(posts[game] for game in stage.games) == len(stage.games)
    assert Delivery.objects.filter(notification__game_id=stage.games[-1], status=Status.SENT).count() == ahead - 1
    assert said
