"""Goal 3: ten thousand reminders of a thousand games due in one moment, and the same bodies posted by others."""

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gamesched.bench.processes import Meter, memory_mib
from gamesched.bench.stage import Bench, Stage

if TYPE_CHECKING:
    from games.models import Game

BASELINE_BODIES = 1000


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from gamesched.bench import data
    from gamesched.bench.figures import spread
    from notifications.models import Delivery

    count = bench.size_of(60, 1000, 3000)
    world = data.make_world()
    people = data.add_stub_people(500)
    model = data.make_model(world, people)
    notifyd = stage.start("notifyd")
    _drain(stage, model, data.copy_games(model, 5, people), 20)  # what happens only once, such as imports
    games = data.copy_games(model, count, people)
    stage.sql("ANALYZE")
    before = memory_mib(notifyd.pid)
    stage.reset_statements()
    meter = Meter(notifyd=notifyd.pid, postgres=bench.postgres_pid)
    began = _drain(stage, model, games, max(30.0, bench.seconds_left() - 60))
    found = stage.tell_discord(f"stats?since={began}")
    sent = max(1, found["count"])
    statements, milliseconds = stage.statements("notifyd")
    bench.put(
        asked=len(games) * (data.PLAYERS + 1),
        sent=found["count"],
        repeated=found["repeated"],
        per_second=sent / ((found["last"] or time.time()) - began),
        first_ms=((found["first"] or time.time()) - began) * 1000,
        cpu_ms_a_message=meter.seconds("notifyd") * 1000 / sent,
        postgres_cpu_ms_a_message=meter.seconds("postgres") * 1000 / sent,
        statements_a_message=statements / sent,
        sql_ms_a_message=milliseconds / sent,
        notifyd_mib_before=before,
        notifyd_mib_after=memory_mib(notifyd.pid),
    )
    late = Delivery.objects.filter(status="sent", notification__game__in=games).values_list("lateness_ms", flat=True)
    bench.put(**spread("late_ms", [each for each in late if each is not None]))
    notifyd.kill()
    _run_baselines(stage)


def _drain(stage: Stage, model: "Game", games: list[int], seconds: float) -> float:
    """Let one reminder of each game be due now, and wait until all were sent. Return when they were committed."""
    from gamesched.bench import data

    wanted = len(games) * (data.PLAYERS + 1)
    stage.tell_discord("reset")
    data.remind(model, games, datetime.now(UTC))
    began = time.time()
    while stage.tell_discord("stats")["count"] < wanted and time.time() < began + seconds:
        time.sleep(0.2)
    time.sleep(0.5)  # what would be sent twice may come yet
    return began


def _run_baselines(stage: Stage) -> None:
    bench = stage.bench
    bodies = bench.work / "bodies.json"
    bodies.write_text(json.dumps(stage.tell_discord("bodies")[:BASELINE_BODIES]))
    discord = stage.discord_url.replace("localhost", "127.0.0.1")
    for name in ("naive_sql", "procrastinate", "django_q2"):
        bench.new_database(f"bench_{name}", template="template1")
    for name, words in (
        ("bare_loop", ["posting", "bare", discord, str(bodies)]),
        ("naive_sql", ["posting", "sql", bench.url("bench_naive_sql"), str(bodies), discord]),
        ("procrastinate", ["procrastinate_jobs", "drain", bench.url("bench_procrastinate"), str(bodies), discord]),
        ("django_q2", ["django_q2_jobs", "drain", bench.url("bench_django_q2"), str(bodies), discord]),
    ):
        program = bench.start_python(name, "-m", f"gamesched.bench.baselines.{words[0]}", *words[1:])
        bench.put(**{f"{name}_per_second": json.loads(program.ask(""))})
        program.kill()
