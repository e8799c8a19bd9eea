"""Starts the real programs as processes, forked from one that has imported their libraries.

Importing takes a program most of its first second of CPU, and the tests start some two hundred. From the command on,
all is as in production: each process reads its own settings.
"""

import os
import runpy
import signal
import sys
from multiprocessing import get_context

from gamesched.demo.postgres import REPOSITORY
from gamesched.demo.supervisor import die_with_parent

# Libraries only, and of those none that needs Django's settings or makes an event loop when it is imported.
LIBRARIES = [
    "aiohttp",
    "channels.layers",
    "discord",
    "discord.ext.tasks",
    "django.contrib.postgres.search",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.forms",
    "django.template",
    "django.urls",
    "django.views.generic",
    "environ",
    "icalendar",
    "psutil",
    "psycopg",
    "redis",
    "requests",
]

_processes = get_context("forkserver")
_processes.set_forkserver_preload(LIBRARIES)


class Program:
    """A running program, with the part of Popen that tests use."""

    def __init__(self, words: list[str], variables: dict[str, str], log: str) -> None:
        self._process = _processes.Process(target=_run, args=(words, variables, log))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float | None = None) -> int:
        """Wait until it ends and return its exit code. Raise TimeoutError."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError(f"process {self.pid} still runs after {seconds} s")
        return code

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to it and its children."""
        os.killpg(self.pid, signal.SIGKILL)


def _run(words: list[str], variables: dict[str, str], log: str) -> None:
    """Become the program: `["manage.py", …]`, `["-m", …]` or `["-c", …]`."""
    os.setsid()
    die_with_parent()
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(REPOSITORY)
    sys.path.insert(0, str(REPOSITORY))
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        exec(words[1], {"__name__": "__main__"})
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
