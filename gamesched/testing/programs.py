"""Starts the real programs as processes, forked from one that has imported what they need.

Importing takes a program its first second of CPU, and the tests start some two hundred. From the command on, all is as
in production: the settings are read from the variables that the program has.
"""

import atexit
import gc
import os
import runpy
import signal
import sys
import tempfile
import threading
import time
import traceback
import weakref
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Any

import django

from gamesched.demo.postgres import REPOSITORY
from gamesched.demo.supervisor import die_with_parent
from gamesched.testing.waiting import PATIENCE

# Libraries only, and of those none that needs Django's settings or makes an event loop when it is imported.
LIBRARIES = [
    "aiohttp",
    "autobahn.websocket.protocol",
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
    "markdown_it",
    "psutil",
    "psycopg",
    "redis",
    "requests",
    "twisted.internet.asyncioreactor",
    "twisted.web.http",
]
# The project, once its settings are read. Nothing here opens a connection or starts a thread, which no fork survives,
# or checks the variables, as gamesched.asgi does.
PROJECT = [
    "channels.routing",
    "channels.security.websocket",
    "channels.sessions",
    "discord_bot.backend.backend",
    "discord_bot.management.commands.runbot",
    "django_q.cluster",
    "games.pages.live",
    "gamesched.handlers",
    "gamesched.urls",
    "notifications.management.commands.notifyd",
]

_launchers: "weakref.WeakSet[Launcher]" = weakref.WeakSet()
_forkserver = get_context("forkserver")
_forkserver.set_forkserver_preload(LIBRARIES)
_fork = get_context("fork")


class Launcher:
    """A process that forks programs with these variables; if `warm`, it has read the settings and imported the project.

    It ends when nobody holds it any more, and its programs with it.
    """

    def __init__(self, variables: dict[str, str], warm: bool) -> None:
        self._orders, theirs = Pipe()
        self._lock = threading.Lock()
        self._process = _forkserver.Process(target=_launch, args=(theirs, variables, warm))
        self._process.start()
        theirs.close()
        _launchers.add(self)

    def end(self) -> None:
        """End it once it has no more orders."""
        self._orders.close()

    def start(self, words: list[str], log: str, output: str | None) -> int:
        """Start a program and return its process id."""
        return int(self._ask(words, log, output))

    def exit_code(self, pid: int) -> int | None:
        """Return a program's exit code, negative for a signal, or None while it runs."""
        code: int | None = self._ask(pid)
        return code

    def _ask(self, *order: Any) -> Any:
        with self._lock:
            self._orders.send(order)
            answer = self._orders.recv()
        if isinstance(answer, str):
            raise RuntimeError(f"The project cannot be imported.\n{answer}")
        return answer


@lru_cache(maxsize=4)
def _warm_launcher(variables: frozenset[tuple[str, str]]) -> Launcher:
    return Launcher(dict(variables), warm=True)


@atexit.register
def _end_launchers() -> None:
    """End the launchers that a failed test's traceback still holds: a process waits for its children when it ends."""
    for launcher in _launchers:
        launcher.end()


def _launch(orders: Connection, variables: dict[str, str], warm: bool) -> None:
    os.setsid()  # away from the terminal, whose Ctrl-C is for pytest
    die_with_parent()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(REPOSITORY)
    sys.path.insert(0, str(REPOSITORY))
    problem = _import_project() if warm else ""
    programs: dict[int, ForkProcess] = {}
    while True:
        try:
            order = orders.recv()
        except EOFError:
            break
        if problem:
            orders.send(problem)
        elif len(order) > 1:
            if warm and "daphne" in order[0]:
                _load_pages()
            program = _fork.Process(target=_run, args=order)
            program.start()
            assert program.pid is not None
            programs[program.pid] = program
            orders.send(program.pid)
        else:
            orders.send(programs[order[0]].exitcode)
    for program in programs.values():
        program.kill()


def _import_project() -> str:
    """Import what programs import, and return the traceback if that fails."""
    try:
        django.setup()
        for name in PROJECT:
            import_module(name)
        # The addresses' patterns, which each program reads before the first that it writes.
        import_module("django.urls").get_resolver().reverse_dict  # noqa: B018
        import_module("gamesched.lib.readiness").known_migrations()
    except (Exception, SystemExit):
        return traceback.format_exc()
    gc.freeze()  # or each program copies every page of it at its first collection
    return ""


@lru_cache
def _load_pages() -> None:
    """Compile the templates, which takes each web process a quarter of a second at its first pages."""
    folder = REPOSITORY / "templates"
    for path in sorted(folder.rglob("*.html")):
        import_module("django.template.loader").get_template(str(path.relative_to(folder)))
    gc.freeze()


class Program:
    """A running program, with the part of Popen that tests use: `["manage.py", …]`, `["-m", …]` or `["-c", …]`.

    It appends standard error to the file `log`, and standard output to `output`. If `warm`, it is forked from a process
    kept for the next programs with the same variables.
    """

    def __init__(
        self, words: list[str], variables: dict[str, str], log: str, output: str | None = None, warm: bool = True
    ) -> None:
        # Pytest's own changes with each test.
        known = {key: value for key, value in variables.items() if key != "PYTEST_CURRENT_TEST"}
        self._launcher = _warm_launcher(frozenset(known.items())) if warm else Launcher(known, warm)
        self.pid = self._launcher.start(words, log, output)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._launcher.exit_code(self.pid)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait until it ends and return its exit code. Raise TimeoutError."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} still runs after {seconds} s")
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to it and its children."""
        os.killpg(self.pid, signal.SIGKILL)


@dataclass
class Ended:
    """How a program ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run_program(words: list[str], variables: dict[str, str]) -> Ended:
    """Run a program until it ends."""
    with tempfile.NamedTemporaryFile("r") as output, tempfile.NamedTemporaryFile("r") as log:
        code = Program(words, variables, log.name, output.name).wait()
        return Ended(code, output.read(), log.read())


def _run(words: list[str], log: str, output: str | None) -> None:
    """Become the program."""
    os.setsid()
    die_with_parent()
    for name, stream in ((log, sys.stderr), (output, sys.stdout)):
        if name is not None:
            os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND), stream.fileno())
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        exec(words[1], {"__name__": "__main__"})
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
