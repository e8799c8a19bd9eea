"""A subject's stage: a database of its own, a Discord, and the programs, each with its own role in PostgreSQL."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from gamesched.bench.figures import Figures
from gamesched.bench.processes import Program, free_port, until
from gamesched.local_discord.state.entities import CLIENT_SECRET, bot_token
from gamesched.testing.database import TEMPLATE

PROGRAMS = {
    "web": ["-m", "daphne", "--ping-interval", "45", "-b", "127.0.0.1", "-p", "{port}", "gamesched.asgi:application"],
    "bot": ["manage.py", "runbot"],
    "notifyd": ["manage.py", "notifyd"],
    "worker": ["manage.py", "worker"],
}
KEEP_CONNECTIONS = {"DB_CONN_MAX_AGE": "300"}  # as compose.yaml says of notifyd and bot
UNLIMITED = {"DISCORD_REQUESTS_PER_SECOND": "10000", "DISCORD_NEW_DMS_IN_TEN_SECONDS": "1000"}
READY = {"bot": "Connected to Discord, in", "notifyd": "Sending."}  # what they log when they do their work
BARE_COMMITS = 150
QUICK, USUAL, FULL = range(3)  # sizes of a run


@dataclass
class Bench:
    """One subject's run: its size and time, the server, and the figures so far, which are kept if it fails."""

    subject: str
    size: int
    deadline: float  # by the monotonic clock
    run_folder: str  # with PostgreSQL's socket
    postgres_pid: int
    programs_folder: Path  # with pgbench
    work: Path  # for logs and the figures
    figures: Figures = field(default_factory=dict)

    def size_of(self, quick: int, usual: int, full: int) -> int:
        """Return the number for this run's size."""
        return (quick, usual, full)[self.size]

    def put(self, **figures: float) -> None:
        """Keep figures. They are written at once, for a subject that fails later."""
        self.figures |= {name: round(float(value), 4) for name, value in figures.items()}
        (self.work / f"{self.subject}.json").write_text(json.dumps(self.figures))
        print("   ", *(f"{name} {value:,.6g}" for name, value in figures.items()), sep="  ", flush=True)

    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def url(self, database: str, role: str = "postgres") -> str:
        return f"postgresql://{role}@/{database}?host={self.run_folder}"

    def new_database(self, name: str, template: str = TEMPLATE) -> None:
        """Make a database: with all migrations applied, and no rows."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

    def start_python(self, name: str, *words: str, variables: Mapping[str, str] | None = None) -> Program:
        """Start a Python program of ours that talks by lines, such as a baseline."""
        return Program(
            name, [sys.executable, *words], variables or dict(os.environ), self.work / f"{self.subject}.log", pipes=True
        )

    def measure_commit(self) -> None:
        """Measure a bare insert and commit, which the goals of this subject are reckoned in."""
        from gamesched.bench.figures import spread

        found = []
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            table = f"bare_{self.subject}"
            conn.execute(f"DROP TABLE IF EXISTS {table}")
            conn.execute(
                f"CREATE TABLE {table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz, x text)"
            )
            conn.execute(f"CREATE INDEX ON {table} (at)")
            for number in range(BARE_COMMITS + 20):
                began = time.perf_counter()
                conn.execute(f"INSERT INTO {table} (at, x) VALUES (now(), 'x')", prepare=True)
                if number >= 20:
                    found.append((time.perf_counter() - began) * 1000)
                time.sleep(0.005)
        self.put(**spread("commit_ms", found))


class Stage:
    """One database, one Discord and the programs on them. `discord`: "stub", which is fast, or "local"."""

    def __init__(self, bench: Bench, name: str = "", discord: str = "stub", limited: bool = False) -> None:
        self.bench, self.limited = bench, limited
        self.database = f"bench_{bench.subject}{name}"
        bench.new_database(self.database)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        port, control = free_port(), free_port()
        self.discord_url, self._control_url = f"http://localhost:{port}", f"http://127.0.0.1:{control}"
        module = {"stub": "gamesched.bench.stub", "local": "gamesched.bench.discord_process"}[discord]
        words = [sys.executable, "-m", module, str(port), str(control), self.url, str(int(limited))]
        self.discord = Program(discord, words, os.environ, self._log(discord))
        until(self._discord_responds, 30, discord)

    def _log(self, name: str) -> Path:
        return self.bench.work / f"{self.database}-{name}-{time.time_ns()}.log"

    def _discord_responds(self) -> bool:
        try:
            self.tell_discord("ready")
        except OSError:
            return False
        return True

    def tell_discord(self, word: str, body: object = None, seconds: float = 300.0) -> Any:
        """Call the Discord's control port, which the product does not know."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._control_url}/{word}", data)
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return json.loads(response.read() or b"null")

    def variables(self, role: str) -> dict[str, str]:
        """Return a program's variables; `role` is what it is called in PostgreSQL."""
        kept = {k: v for k, v in os.environ.items() if k not in ("DB_CONN_MAX_AGE", "REDIS_URL", *UNLIMITED)}
        return {
            **kept,
            "DATABASE_URL": self.bench.url(self.database, role),
            "SECRET_KEY": "for the bench only, and long enough to satisfy the checks of Django",
            "PUBLIC_URL": self.url,
            "DISCORD_BOT_TOKEN": bot_token(),
            "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
            "DISCORD_API_URL": f"{self.discord_url}/api/v10",
            "DJANGO_SETTINGS_MODULE": "gamesched.settings",
            "PYTHONUNBUFFERED": "1",
            **({} if self.limited else UNLIMITED),
            **(KEEP_CONNECTIONS if role != "web" and role != "worker" else {}),
        }

    def setup_django(self) -> None:
        """Let this process use the product's models on this database."""
        import django

        os.environ |= self.variables("bench")
        django.setup()

    def start(self, name: str, wait: bool = True) -> Program:
        """Start one of the product's programs."""
        words = [sys.executable, *(word.format(port=self.port) for word in PROGRAMS[name])]
        program = Program(name, words, self.variables(name), self._log(name))
        if wait:
            self.wait(program)
        return program

    def wait(self, program: Program, seconds: float = 120.0) -> float:
        """Wait until it does its work. Return the seconds since its start."""
        if program.name == "web":
            until(lambda: self._page_responds(program), seconds, "web")
        elif program.name == "worker":
            time.sleep(5)
        else:
            until(lambda: program.has_logged(READY[program.name]), seconds, program.name)
        return time.time() - program.started_at

    def _page_responds(self, program: Program) -> bool:
        if program.process.poll() is not None:
            raise RuntimeError(f"web ended: {program.log.read_text()[-500:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    # --- what the database was asked -----------------------------------------------------------------------

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, if any."""
        with psycopg.connect(self.bench.url(self.database), autocommit=True) as conn:
            cursor = conn.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def reset_statements(self) -> None:
        self.sql("SELECT pg_stat_statements_reset()")

    def statements(self, role: str) -> tuple[float, float]:
        """Return a program's statements since the reset, without begin and commit, and their milliseconds."""
        [(count, milliseconds)] = self.sql(
            "SELECT coalesce(sum(calls) FILTER (WHERE query !~* '^\\s*(begin|commit|rollback|savepoint|release)'), 0),"
            " coalesce(sum(total_exec_time + total_plan_time), 0) FROM pg_stat_statements s"
            " JOIN pg_roles r ON r.oid = s.userid JOIN pg_database d ON d.oid = s.dbid"
            " WHERE rolname = %s AND datname = current_database()",
            role,
        )
        return float(count), float(milliseconds)
