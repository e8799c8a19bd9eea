"""The demo as a process tree: it starts, ends whole, and reports what happened."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from psycopg.conninfo import make_conninfo

from gamesched.demo.postgres import Server, state_directory
from gamesched.testing import database
from gamesched.testing.waiting import PATIENCE, eventually

pytestmark = pytest.mark.processes
REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = [
    "gamesched",
    "guilds",
    "notifications",
    "games",
    "discord_bot",
    "templates",
    "static",
    "manage.py",
    "CHANGELOG.md",
]
# A program with a name that says a word, has a child, and answers 200 at the socket it is handed.
LIGHT_PROGRAM = """
import http.server, socket, subprocess, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

print("Sending.", flush=True)
subprocess.Popen(["sleep", "600"])
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
if len(sys.argv) > 2:
    server.socket = socket.socket(fileno=int(sys.argv[2]))
server.serve_forever()
"""
# The demo with such programs, for what it does with any: a start of the real ones takes ten seconds of CPU.
LIGHT_DEMO = f"""
import sys
from gamesched.demo import supervisor
from gamesched.demo.__main__ import main

def start(children, variables, web, discord):
    light = [sys.executable, "-S", "-c", {LIGHT_PROGRAM!r}]
    group = [sys.executable, "-m", "gamesched.demo.process_group"]
    for name, listener in (("discord", discord), ("web", web)):
        children.append(supervisor.Child(name, [*light, name, str(listener.fileno())], variables, listener))
    for name, before in (("bot", []), ("notifyd", []), ("worker", group)):
        children.append(supervisor.Child(name, [*before, *light, name], variables))

supervisor._start_programs = start
sys.exit(main())
"""


class Demo:
    """A demo in a copy of the checkout, with its own state, so that a developer's own demo is left alone."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.output = ""
        inherited = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH"}}
        self.command = [sys.executable, "-m", "gamesched.demo"]
        self.variables = inherited

    def start(self, light: bool = False) -> None:
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", LIGHT_DEMO] if light else self.command,
            cwd=self.checkout,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._listen, daemon=True)
        self.reader.start()
        eventually(lambda: "Ready in" in self.output or self.process.poll() is not None)
        assert "Ready in" in self.output, self.output

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def run_command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command in the same checkout."""
        return subprocess.run(
            [*self.command, *words],
            cwd=self.checkout,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def address(self, of: str) -> str:
        match = re.search(rf"{of} +(http://localhost:\d+)", self.output)
        assert match is not None, self.output
        return match[1]

    def processes(self) -> dict[int, str]:
        """Return all processes of this checkout or its state: commands by process id."""
        processes = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                where = os.readlink(folder / "cwd")
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            # A zombie has no command: it is dead, but its new parent has not reaped it yet.
            if command and any(str(place) in f"{where} {command}" for place in (self.checkout, self.state_directory)):
                processes[int(folder.name)] = command
        return processes

    @property
    def state_directory(self) -> Path:
        code = "from gamesched.demo.postgres import state_directory; print(state_directory())"
        command = [sys.executable, "-c", code]
        if not hasattr(self, "_state"):
            self._state = Path(subprocess.check_output(command, cwd=self.checkout, text=True).strip())
        return self._state


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    checkout = tmp_path_factory.mktemp("checkout")
    for name in PROGRAMS:
        source = REPOSITORY / name
        if source.is_dir():
            # With what is compiled: it is valid as long as the sources' times are, which are copied too.
            shutil.copytree(source, checkout / name, ignore=shutil.ignore_patterns("tests"))
        else:
            shutil.copy(source, checkout / name)
    demo = Demo(checkout)
    assert demo.state_directory != state_directory()
    give_migrated_database(demo)
    yield demo
    shutil.rmtree(demo.state_directory, ignore_errors=True)


class ServerOf(Server):
    """The server of another checkout's demo."""

    def __init__(self, demo: Demo) -> None:
        super().__init__("demo")
        self.root = demo.state_directory
        self.data, self.run = self.root / "demo" / "data", self.root / "demo" / "run"


def give_migrated_database(demo: Demo) -> None:
    """Give a demo the database of all tests, which the same command migrated from nothing: that takes ten seconds."""
    server = ServerOf(demo)
    server.root.mkdir(parents=True)
    database.prepare(server)
    server.start()
    try:
        with psycopg.connect(
            make_conninfo(server.url, host=str(server.run), dbname="template1"), autocommit=True
        ) as admin:
            admin.execute("DROP DATABASE postgres")
            admin.execute(f"ALTER DATABASE {database.TEMPLATE} RENAME TO postgres")
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def nothing_left(demo: Demo) -> Iterator[None]:
    """Kill what a failed test left running, which would fail the next test too."""
    yield
    for pid in demo.processes():
        os.kill(pid, signal.SIGKILL)


def test_it_starts_and_stands_beside_commands_and_nothing_outlives_it(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass  # taken already, which serves as well
        demo.start()
    assert "Port 8000 is taken, so the site is at" in demo.output
    assert requests.get(f"{demo.address('Game Scheduler')}/healthz", timeout=PATIENCE).ok
    assert "LOCAL DISCORD" in requests.get(demo.address("Local Discord"), timeout=PATIENCE).text.upper()

    again = demo.run_command()
    assert again.returncode == 1
    assert f"The demo is running already, at {demo.address('Game Scheduler')}." in again.stderr
    assert demo.run_command("reset").returncode == 1
    beside = demo.run_command(
        "manage", "shell", "-c", "from guilds.models import User; print(User.objects.first().handle)"
    )
    assert beside.stdout.strip().endswith("alice"), beside.stderr

    assert re.search(r"notifyd +[0-9T:.-]+Z INFO +notifications\.daemon\.loop: Sending\.", demo.output)
    demo.process.kill()
    demo.wait()
    eventually(lambda: not demo.processes(), 15)
    assert (demo.state_directory / "demo" / "data").exists()


def assert_stops_whole(demo: Demo, number: signal.Signals) -> None:
    demo.process.send_signal(number)
    stopped = time.monotonic()
    assert demo.wait() == 0, demo.output
    assert time.monotonic() - stopped < 15
    assert demo.processes() == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_stop_it_as_whole(demo: Demo, number: signal.Signals) -> None:
    demo.start(light=True)
    assert_stops_whole(demo, number)


def test_a_program_that_dies_ends_the_rest_and_is_named_with_its_last_lines(demo: Demo) -> None:
    demo.start(light=True)
    eventually(lambda: re.search(r"notifyd +Sending\.", demo.output))
    [victim] = (pid for pid, command in demo.processes().items() if command.endswith(" notifyd"))
    os.kill(victim, signal.SIGKILL)
    assert demo.wait() == 1
    assert "notifyd ended (exit code -9). Its last words:\n    Sending.\n" in demo.output
    assert demo.processes() == {}


def test_a_reset_forgets(demo: Demo) -> None:
    assert (demo.state_directory / "demo" / "data").exists()
    reset = demo.run_command("reset")
    assert reset.returncode == 0, reset.stderr
    assert not (demo.state_directory / "demo").exists()
