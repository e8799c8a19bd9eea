"""Two real PostgreSQL servers, one the synchronous standby of the other, and the failover between them."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import psycopg
from django.conf import settings
from django.db import connection

from gamesched.demo.postgres import Server, ServerProblem
from gamesched.settings import database
from gamesched.testing.database import TEMPLATE, prepare


class Standby(Server):
    """A server that begins as a copy of a running one and follows it."""

    def __init__(self, name: str, primary: Server) -> None:
        super().__init__(name, fast=True)
        self._primary = primary

    def _initialise(self) -> None:
        command = [
            str(self.bin / "pg_basebackup"),
            "-h",
            str(self._primary.run),
            "-U",
            "postgres",
            "-D",
            str(self.data),
        ]
        copying = subprocess.run(
            [*command, "--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self._env(),
            preexec_fn=self._before_exec(),
        )
        if copying.returncode != 0:
            raise ServerProblem(copying.stderr)


class Pair:
    """A primary that confirms no transaction before its standby has it: `with Pair("name") as pair:`."""

    def __init__(self, name: str) -> None:
        self.primary = Server(f"test-{os.getpid()}-{name}-1", fast=True)
        self.primary.options += ["-c", "synchronous_standby_names=*"]
        self.standby = Standby(f"test-{os.getpid()}-{name}-2", self.primary)
        hosts = f"{self.standby.run},{self.primary.run}"  # the one that takes no writes is asked first
        self.url = f"postgresql://postgres@/{TEMPLATE}?host={hosts}&target_session_attrs=read-write"

    def __enter__(self) -> "Pair":
        prepare(self.primary)
        self.primary.start()
        self.standby.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for server in (self.standby, self.primary):
            server.stop()
            server.remove()

    def fail_over(self) -> None:
        """Kill the primary with all that it does, as a machine that goes out, and promote its standby."""
        assert self.primary.process is not None
        os.killpg(self.primary.process.pid, signal.SIGKILL)
        self.primary.process.wait()
        with psycopg.connect(self.standby.url, autocommit=True) as conn:
            conn.execute("SELECT pg_promote()")


@contextmanager
def use_database(url: str) -> Iterator[None]:
    """Have Django, and a Stack's programs, use the database at this address in place of the tests' own."""
    before, before_url = dict(connection.settings_dict), settings.DATABASE_URL
    connection.close()
    settings.DATABASE_URL = url
    connection.settings_dict.update(database(url))
    try:
        yield
    finally:
        connection.close()
        settings.DATABASE_URL = before_url
        connection.settings_dict.update(before)
