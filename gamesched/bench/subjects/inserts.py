"""Goal 12: what the triggers that ring cost inserts, by 16 clients of pgbench, against the same with them disabled."""

import re
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from gamesched.bench.stage import Bench, Stage

CLIENTS = 16


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from django.db import connection
    from django.db.models import Model

    from games.models import Game, Signup, WatchedGroup
    from gamesched.bench import data
    from notifications.models import Notification

    world = data.make_world()
    people = data.add_stub_people(500)
    model = data.make_model(world, people, players=1)
    games = data.copy_games(model, 500, people)
    pick = f"\\set game random({games[0]}, {games[-1]})\n\\set key random(1, 2000000000)\n"

    def insert(row: Model, **columns: str) -> str:
        """Return an INSERT of a row like that, with these expressions of pgbench in it."""
        values = dict(columns)
        for each in row._meta.concrete_fields:
            if each is not row._meta.pk and each.column is not None and each.column not in values:
                value = each.get_db_prep_save(getattr(row, each.attname), connection)
                values[each.column] = sql.Literal(value).as_string(connection.connection)
        names = ", ".join(f'"{name}"' for name in values)
        return f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({', '.join(values.values())});\n"

    connection.ensure_connection()
    row, signup = Notification.objects.get(game=model), Signup.objects.filter(game=model).get()
    lock = f"SELECT id FROM {Game._meta.db_table} WHERE id = :game FOR NO KEY UPDATE;\n"
    change = f"UPDATE {Game._meta.db_table} SET post_version = post_version + 1 WHERE id = :game;\n"
    join = insert(signup, game_id=":game", user_id="NULL", placeholder="'x'", order_key=":key")
    cases = {
        "due_tomorrow": pick + insert(row, game_id=":game", dedupe_key=":key", due_at="now() + interval '1 day'"),
        "due_soon": pick + insert(row, game_id=":game", dedupe_key=":key", due_at="now() + interval '10 s'"),
        "signup": f"{pick}BEGIN;\n{lock}{join}{change}COMMIT;\n",
    }
    notifyd = stage.start("notifyd")  # which says until when it need not be woken
    with Listener(bench.url(stage.database)):
        for name, script in cases.items():
            _compare(stage, name, script, bench.size_of(1, 2, 4))
        group = WatchedGroup(name=f"guild.{world.guild.pk}", until=datetime.now(UTC) + timedelta(hours=1))
        group.save()
        _compare(stage, "signup_on_open_pages", cases["signup"], bench.size_of(1, 1, 2))
    notifyd.kill()


class Listener:
    """Somebody who hears every NOTIFY, as notifyd and web do."""

    def __init__(self, url: str) -> None:
        self.conn = psycopg.connect(url, autocommit=True)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._hear, daemon=True)

    def _hear(self) -> None:
        for channel in ("notification_due", "game_changed"):
            self.conn.execute(f"LISTEN {channel}")
        while not self.over.is_set():
            for _ in self.conn.notifies(timeout=0.2):
                pass

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()
        self.conn.close()


def _compare(stage: Stage, name: str, script: str, rounds: int) -> None:
    """Run pgbench with the triggers and without them, in turns."""
    found: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    for _ in range(rounds):
        for which, results in found.items():
            for table in ("games_game", "games_signup", "notifications_notification"):
                stage.sql(f"ALTER TABLE {table} {which} TRIGGER USER")
            stage.sql("DELETE FROM notifications_notification WHERE due_at > now()")
            results.append(_run_pgbench(stage, script))
    with_them, without = (sum(found[which]) / rounds for which in ("ENABLE", "DISABLE"))
    stage.bench.put(
        **{f"{name}_per_second": with_them, f"{name}_bare_per_second": without, f"{name}_ratio": with_them / without}
    )


def _run_pgbench(stage: Stage, script: str) -> float:
    bench = stage.bench
    file = bench.work / "script.sql"
    file.write_text(script)
    words = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(bench.size_of(2, 3, 5)), "-f", str(file)]
    ran = subprocess.run(
        [str(bench.programs_folder / "pgbench"), *words, "-h", bench.run_folder, "-U", "postgres", stage.database],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    if (tps := re.search(r"tps = ([\d.]+)", ran.stdout)) is None:
        raise RuntimeError(ran.stderr[-300:])
    return float(tps[1])
