"""Goal 14: the worker's periodic tasks, called by their functions, with a hundred thousand games to come."""

import subprocess
import sys
import time

from gamesched.bench.stage import Bench, Stage
from gamesched.demo.postgres import REPOSITORY

# By function, as *Look-ups* also asks Discord for members.
TASKS = {"sweep_announcements": "sweep", "check_announcements": "check", "freeze_settings": "settling"}


STARTING = 4  # seconds that Django takes to start, and more
RUN = """
import time, django
django.setup()
from {module} import {function} as task
began = time.perf_counter()
task()
print(time.perf_counter() - began)
"""


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from games.models import Game
    from gamesched.bench import data
    from gamesched.bench.subjects.pages import FIRST_GUILD, GUILDS, add_guilds
    from notifications.models import Notification

    count = bench.size_of(2_000, 100_000, 100_000)
    world = data.make_world()
    people = data.add_stub_people(1000)
    model = data.make_model(world, people, players=4)
    # Everything that the product itself would have planned, so that the tasks find nothing to mend.
    from games.posts.actions import repair_games
    from gamesched.lib.clock import db_now

    repair_games(db_now())
    add_guilds(people[1])
    games = data.copy_games(
        model,
        count,
        people,
        guild_id=f"{FIRST_GUILD} + n %% {GUILDS}",
        channel_id=f"{FIRST_GUILD + 10**9} + n %% {GUILDS}",
    )
    data.copy_rows(
        Notification,
        "notifications_notification m, unnest(%s::bigint[]) g WHERE m.game_id = %s AND m.closed_at IS NULL",
        [games, model.pk],
        game_id="g",
    )
    # Copied without triggers, with the settings of the model's server.
    resolve = "UPDATE games_game game SET resolved_settings = games_resolved_settings(game)"
    stage.sql(f"SET session_replication_role = replica; {resolve}; SET session_replication_role = DEFAULT")
    stage.sql("VACUUM ANALYZE")
    bench.put(games=Game.objects.count())
    limit = max(5, int(bench.size_of(10, 15, 150)))
    for name, short in TASKS.items():
        written = _rows_written(stage)
        seconds, ended = _run_within(stage, f"games.scheduled_tasks.{name}", limit)
        bench.put(
            **{f"{short}_s": seconds, f"{short}_ended": ended, f"{short}_rows_written": _rows_written(stage) - written}
        )


def _run_within(stage: Stage, path: str, limit: int) -> tuple[float, bool]:
    """Run a task in a process of its own. Return its seconds, and whether it ended within so many."""
    module, _, function = path.rpartition(".")
    code = RUN.format(module=module, function=function)
    try:
        words = [sys.executable, "-c", code]
        ran = subprocess.run(
            words,
            cwd=REPOSITORY,
            env=stage.variables("worker"),
            timeout=limit + STARTING,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return limit, False
    return float(ran.stdout.splitlines()[-1]), True


def _rows_written(stage: Stage) -> int:
    """Return how many rows of all tables were written so far."""
    stage.sql("SELECT pg_stat_force_next_flush()")
    time.sleep(1.1)  # other sessions tell theirs after a second
    [(count,)] = stage.sql("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables")
    return int(count)
