"""The embedded PostgreSQL: kept data, crashes, and messages when it cannot start."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gamesched.demo.postgres import NOBODY, Server, ServerProblem

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """Make a cluster once for all tests: that takes a second of CPU."""
    cluster = Server(f"test-{os.getpid()}-more", fast=True)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture
def server(cluster: Server) -> Iterator[Server]:
    """Return the cluster's server, which runs and has no tables."""
    if cluster.process is None:
        cluster.start()
    run_sql(cluster, "DROP TABLE IF EXISTS kept")
    yield cluster
    cluster.stop()


def run_sql(server: Server, sql: str) -> str:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


def test_data_is_kept_between_starts(server: Server) -> None:
    run_sql(server, "CREATE TABLE kept AS SELECT 42 AS n")
    server.stop()
    assert not server.is_up()
    server.start()
    assert run_sql(server, "SELECT n FROM kept") == "42"


def test_it_listens_on_no_port_and_does_not_run_as_root(server: Server) -> None:
    assert run_sql(server, "SHOW listen_addresses") == ""
    assert server.process is not None
    assert Path(f"/proc/{server.process.pid}").stat().st_uid == (NOBODY if server.as_nobody else os.getuid())
    assert server.data.stat().st_mode & 0o077 == 0


def test_a_crash_loses_nothing_that_was_committed(server: Server) -> None:
    run_sql(server, "CREATE TABLE kept AS SELECT 42 AS n")
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.start()
    assert run_sql(server, "SELECT n FROM kept") == "42"


def test_one_that_runs_already_is_not_started_twice(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gamesched.demo.postgres.STOP_WAIT", 0.2)
    with pytest.raises(ServerProblem, match="in use"):
        Server(server.data.parent.name).start()
    assert run_sql(server, "SELECT 1") == "1"


def test_one_that_is_just_stopping_is_waited_for(server: Server) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    another = Server(server.data.parent.name)
    another.start()
    try:
        assert run_sql(another, "SELECT 1") == "1"
    finally:
        another.stop()


def test_data_of_another_major_is_named(server: Server) -> None:
    server.stop()
    version = server.data / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    with pytest.raises(ServerProblem) as problem:
        server.start()
    assert "was made by PostgreSQL 14, and this is" in str(problem.value)
    assert "python3 run.py reset" in str(problem.value)
    version.write_text(kept)
    server.start()


def test_what_postgresql_says_is_passed_on(server: Server) -> None:
    server.stop()
    shutil.rmtree(server.data / "global")
    with pytest.raises(ServerProblem) as problem:
        server.start()
    what, next_step = str(problem.value).splitlines()
    assert what.startswith("PostgreSQL didn't start: ")
    assert "DATABASE_URL" in next_step
    server.remove()  # spoilt; the next start makes a new one
