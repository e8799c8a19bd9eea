"""Goals 1 and 2: from a reminder's time to its committed lease, and to its request at Discord."""

import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gamesched.bench.figures import spread
from gamesched.bench.processes import Meter, until
from gamesched.bench.stage import Bench, Stage

if TYPE_CHECKING:
    from games.models import Game

RATE = 6  # timers a second; faster, the storm is measured and not the timer
# When a delivery was first leased, by whatever statement; the commit's time is PostgreSQL's own.
WATCH = """
CREATE TABLE leased (delivery bigint, transaction xid8);
CREATE FUNCTION note_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO leased VALUES (NEW.id, pg_current_xact_id()); RETURN NULL; END $$;
CREATE TRIGGER note_lease AFTER INSERT OR UPDATE ON notifications_delivery FOR EACH ROW
    WHEN (NEW.leased_until IS NOT NULL) EXECUTE FUNCTION note_lease();
"""


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from gamesched.bench import data

    count = bench.size_of(60, 120, 900)
    world = data.make_world()
    people = data.add_stub_people(count)
    model = data.make_model(world, people, players=0)
    stage.sql(WATCH)
    notifyd = stage.start("notifyd")
    time.sleep(1)
    meter = Meter(notifyd=notifyd.pid)
    stage.reset_statements()
    _run_timers(stage, model, people, "idle")
    statements, milliseconds = stage.statements("notifyd")
    bench.put(
        cpu_ms_a_timer=meter.seconds("notifyd") * 1000 / count,
        statements_a_timer=statements / count,
        sql_ms_a_timer=milliseconds / count,
    )
    web = stage.start("web")
    _, cookie = data.log_in(people[0], stage.port)
    words = ["-m", "gamesched.bench.load", stage.url, cookie]
    load = bench.start_python("load", *words)
    command = {"do": "rate", "path": f"/games/{model.pk}/", "rate": 10, "seconds": count / RATE + 8}
    load.ask(json.dumps(command))
    _run_timers(stage, model, people, "with_pages")
    load.kill()
    web.kill()
    notifyd.kill()
    _run_baselines(bench)


def _run_timers(stage: Stage, model: "Game", people: list[int], name: str) -> None:
    from gamesched.bench import data
    from notifications.models import Delivery

    stage.tell_discord("reset")
    games = data.copy_games(model, len(people), people)
    began = time.time()
    for number, game_id in enumerate(games):
        time.sleep(max(0.0, began + number / RATE - time.time()))
        due_at = datetime.now(UTC) + timedelta(seconds=random.uniform(0.3, 3.0))
        data.remind_by_product(model, game_id, due_at)
    mine = Delivery.objects.filter(notification__game__in=games)
    until(lambda: mine.exclude(status="pending").count() >= len(games), 60, "timers", 0.1)
    seen = stage.tell_discord("seen")
    rows = list(mine.values_list("pk", "nonce", "notification__due_at"))
    leased = dict(
        stage.sql("SELECT delivery, min(pg_xact_commit_timestamp(transaction::xid)) FROM leased GROUP BY delivery")
    )
    claimed = [(leased[pk] - due).total_seconds() * 1000 for pk, _, due in rows if pk in leased]
    requested = [(seen[nonce] - due.timestamp()) * 1000 for _, nonce, due in rows if nonce in seen]
    stage.bench.put(**spread(f"claimed_{name}_ms", claimed), **spread(f"requested_{name}_ms", requested))


def _run_baselines(bench: Bench) -> None:
    """Run both at once: they wait most of the time."""
    seconds = bench.size_of(45, 45, 90)
    programs = []
    for module in ("procrastinate_jobs", "django_q2_jobs"):
        database = f"bench_{module}"
        bench.new_database(database, template="template1")
        stage_url = bench.url(database)
        words = ["-m", f"gamesched.bench.baselines.{module}", "due", stage_url, "100", str(seconds)]
        programs.append((module.removesuffix("_jobs"), bench.start_python(module, *words)))
    for name, program in programs:
        bench.put(**spread(f"{name}_ms", json.loads(program.ask(""))))
