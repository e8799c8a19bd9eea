"""Goal 4: what the schedule's size costs notifyd: PostgreSQL's time and pages read for one timer.

Each timer makes the same turns of notifyd, whatever else the tables hold; only PostgreSQL's part can grow.
"""

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from gamesched.bench.processes import until
from gamesched.bench.stage import Bench, Stage

if TYPE_CHECKING:
    from games.models import Game

OPEN = "CASE WHEN k = 0 THEN now() + interval '2 days' ELSE now() + interval '3 days' + k * interval '1 second' END"


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from gamesched.bench import data

    many = bench.size_of(10_000, 1_000_000, 1_000_000)
    world = data.make_world()
    people = data.add_stub_people(500)
    model = data.make_model(world, people, players=0)
    crowded = data.make_model(world, people)
    games = data.copy_games(model, 1000, people)
    _add_rows(model, games, 1_000)
    notifyd = stage.start("notifyd")
    _run_timers(stage, model, games, 5)  # what happens only once
    few = _measure_turn(stage, model, games, "open_1000")
    _add_rows(model, games, many)
    _compare(stage, few, _measure_turn(stage, model, games, "open_many"), "open_many")
    stage.sql(
        "SET session_replication_role = replica;"
        " UPDATE notifications_notification SET closed_at = now() WHERE due_at > now() + interval '3 days'"
    )
    stage.sql("VACUUM ANALYZE notifications_notification")
    _compare(stage, few, _measure_turn(stage, model, games, "closed_many"), "closed_many")
    # A snapshot that somebody holds, while much is drained: what is closed stays in the indexes.
    with psycopg.connect(bench.url(stage.database)) as held:
        held.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        held.execute("SELECT 1 FROM notifications_notification LIMIT 1")
        _drain_quietly(stage, many // 10)
        _compare(stage, few, _measure_turn(stage, model, games, "old_snapshot"), "old_snapshot")
    notifyd.kill()
    _measure_storms(bench, stage, crowded, people)


def _add_rows(model: "Game", games: list[int], count: int) -> None:
    """Add open rows due in some days, spread over the games."""
    from django.db import connection

    from gamesched.bench import data
    from notifications.models import Notification

    data.copy_rows(
        Notification,
        "notifications_notification m, generate_series(0, %s) k WHERE m.game_id = %s",
        [count - 1, model.pk],
        game_id=f"(ARRAY[{','.join(map(str, games))}]::bigint[])[1 + k %% {len(games)}]",
        dedupe_key="md5(random()::text || k)",
        due_at=OPEN,
        expires_at="now() + interval '30 days'",
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE notifications_notification")


def _drain_quietly(stage: Stage, count: int) -> None:
    """Open and close again so many rows that were due lately, as a storm does, without sending anything."""
    rows = "(SELECT id FROM notifications_notification WHERE closed_at < now() LIMIT %s)"
    stage.sql("ALTER TABLE notifications_notification DISABLE TRIGGER USER")
    with psycopg.connect(stage.bench.url(stage.database)) as conn, conn.transaction():
        conn.execute(
            "UPDATE notifications_notification SET closed_at = NULL, dedupe_key = 'drained' || id,"
            f" due_at = now() - interval '5 minutes' + id %% 1000 * interval '100 ms' WHERE id IN {rows}",
            [count],
        )
        conn.execute(
            "UPDATE notifications_notification SET closed_at = now() WHERE closed_at IS NULL AND due_at < now()"
        )
    stage.sql("ALTER TABLE notifications_notification ENABLE TRIGGER USER")
    stage.sql("VACUUM ANALYZE notifications_notification")


def _run_timers(stage: Stage, model: "Game", games: list[int], count: int) -> None:
    """Let so many reminders be due one after another, each when the last is sent."""
    from gamesched.bench import data
    from notifications.models import Delivery

    for at in range(count):
        before = Delivery.objects.filter(status="sent").count()
        data.remind_by_product(model, games[at], datetime.now(UTC) + timedelta(milliseconds=20))
        until(lambda: Delivery.objects.filter(status="sent").count() > before, 30, "a timer", 0.02)  # noqa: B023


def _measure_turn(stage: Stage, model: "Game", games: list[int], name: str) -> float:
    """Return the milliseconds of PostgreSQL that a timer costs notifyd: the least of a few rounds."""
    timers, rounds = stage.bench.size_of(4, 15, 30), []
    buffers = 0.0
    for _ in range(3):
        stage.reset_statements()
        _run_timers(stage, model, games, timers)
        time.sleep(0.3)
        _, milliseconds = stage.statements("notifyd")
        rounds.append(milliseconds / timers)
        [(buffers,)] = stage.sql(
            "SELECT sum(shared_blks_hit + shared_blks_read) FROM pg_stat_statements s JOIN pg_roles r"
            " ON r.oid = s.userid WHERE rolname = 'notifyd'"
        )
    found = min(rounds)  # what else the machine does only adds
    stage.bench.put(**{f"timer_{name}_sql_ms": found, f"timer_{name}_pages": float(buffers) / timers})
    return found


def _compare(stage: Stage, few: float, many: float, name: str) -> None:
    stage.bench.put(**{f"timer_{name}_ratio": many / few})


def _measure_storms(bench: Bench, stage: Stage, crowded: "Game", people: list[int]) -> None:
    """Compare PostgreSQL's time for each of the first messages, with little and with much due at once."""
    from gamesched.bench import data

    costs = []
    for name, due in (("few", 1_000), ("many", bench.size_of(5_000, 100_000, 100_000))):
        stage.sql("SET session_replication_role = replica; DELETE FROM notifications_delivery")
        storm = data.copy_games(crowded, due // (data.PLAYERS + 1), people)
        _make_deliveries(stage, crowded, storm, due)
        [(pending,)] = stage.sql("SELECT count(*) FROM notifications_delivery WHERE status = 'pending'")
        stage.sql("VACUUM ANALYZE")
        stage.tell_discord("reset")
        notifyd = stage.start("notifyd")
        _wait_for_messages(stage, 100)
        stage.reset_statements()
        before = stage.tell_discord("stats")["count"]
        _wait_for_messages(stage, before + 400)
        sent = stage.tell_discord("stats")["count"] - before
        _, milliseconds = stage.statements("notifyd")
        notifyd.kill()
        costs.append(milliseconds / sent)
        bench.put(**{f"storm_{name}_due": pending, f"storm_{name}_sql_ms_a_message": milliseconds / sent})
    bench.put(storm_ratio=costs[1] / costs[0])


def _make_deliveries(stage: Stage, crowded: "Game", storm: list[int], due: int) -> None:
    """Let notifyd find the recipients of all reminders while Discord does not answer, and kill it then."""
    from gamesched.bench import data

    notifyd = stage.start("notifyd")
    os.kill(stage.discord.pid, signal.SIGSTOP)
    try:
        data.remind(crowded, storm, datetime.now(UTC))
        deadline = time.monotonic() + stage.bench.size_of(30, 60, 120)
        while time.monotonic() < deadline:
            if stage.sql("SELECT count(*) FROM notifications_delivery WHERE status = 'pending'")[0][0] >= due:
                break
            time.sleep(0.2)
        notifyd.kill()
        stage.sql("UPDATE notifications_notification SET closed_at = now() WHERE closed_at IS NULL")
    finally:
        os.kill(stage.discord.pid, signal.SIGCONT)
    time.sleep(1)


def _wait_for_messages(stage: Stage, count: int) -> None:
    until(lambda: stage.tell_discord("stats")["count"] >= count, 120, "messages", 0.02)
