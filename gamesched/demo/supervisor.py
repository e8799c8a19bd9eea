"""The demo's process tree in the foreground: PostgreSQL, the local Discord, web, bot, notifyd and worker."""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO

from gamesched.demo.environment import REPOSITORY, demo_directory, environment, load_settings, save_settings
from gamesched.demo.postgres import PR_SET_PDEATHSIG, Server, ServerProblem

STOP_WITHIN = 2.5  # seconds for the programs; with PostgreSQL, less than five in all
LAST_SIGNAL = {"worker": signal.SIGTERM}  # it has child processes, which only it can end
FIRST_PORT = 8000
COLOURS = {"discord": 35, "web": 36, "bot": 32, "notifyd": 33, "worker": 34}


class Child:
    """One program, with its output prefixed by its name."""

    def __init__(
        self, name: str, command: Sequence[str], variables: dict[str, str], listener: socket.socket | None = None
    ) -> None:
        self.name = name
        self.last: deque[str] = deque(maxlen=12)
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=() if listener is None else (listener.fileno(),),
            preexec_fn=lambda: die_with_parent(LAST_SIGNAL.get(name, signal.SIGKILL)),
        )
        assert self.process.stdout is not None
        self.reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self.reader.start()

    def _read(self, output: IO[str]) -> None:
        colour = f"\x1b[{COLOURS.get(self.name, 37)}m" if sys.stdout.isatty() else ""
        end = "\x1b[0m" if colour else ""
        for line in output:
            self.last.append(line.rstrip())
            # The terminal may have closed; a program blocks if its output is not read.
            with contextlib.suppress(OSError):
                print(f"{colour}{self.name:8}{end} {line.rstrip()}", flush=True)


def die_with_parent(last_signal: int = signal.SIGKILL) -> None:
    """For `preexec_fn`: end the program when the one that started it ends, however that happened."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, last_signal)


class Stop(Exception):
    """Raised by a signal that ends the demo."""


def run() -> int:
    """Start everything and stay in the foreground until a signal, or until a program dies."""
    with (demo_directory() / "running").open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                f"The demo is running already, at {load_settings()['PUBLIC_URL']}.\nStop that one first.",
                file=sys.stderr,
            )
            return 1
        _on_signals(_stop)
        children: list[Child] = []
        server = None if os.environ.get("DATABASE_URL") else Server("demo")
        try:
            return _start_and_watch(children, server)
        except Stop:
            with contextlib.suppress(OSError):
                print("Stopping.", flush=True)
            return 0
        finally:
            _on_signals(signal.SIG_IGN)
            _stop_all(children)
            if server is not None:
                server.stop()


def _on_signals(handler: Callable[[int, object], None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def _stop(number: int, frame: object) -> None:
    _on_signals(signal.SIG_IGN)
    raise Stop


def _start_and_watch(children: list[Child], server: Server | None) -> int:
    started = time.monotonic()
    if server is not None:
        print("Starting PostgreSQL.", flush=True)
        server.start()
    url = server.url if server else os.environ["DATABASE_URL"]
    # Held from now on and handed to the programs. Of two demos that look at once, each finds a port of its own, and
    # whatever answers at it is its own program.
    with _listen(FIRST_PORT, "the site") as web, _listen(_port(web) + 1, "the local Discord") as discord:
        ports = _port(web), _port(discord)
        _save_addresses(*ports)
        _start_programs(children, environment(url), web, discord)
    return _watch(children, *ports, started)


def _start_programs(
    children: list[Child], variables: dict[str, str], web: socket.socket, discord: socket.socket
) -> None:
    first, *programs = _programs(web, discord)
    children.append(_child(first, variables))
    discord.close()  # only the program has it now, so that nobody waits at it for a program that died
    print("Updating the database.", flush=True)
    prepared = subprocess.run(
        [sys.executable, "-m", "gamesched.demo.prepare"],
        cwd=REPOSITORY,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if prepared.returncode != 0:
        raise ServerProblem((prepared.stderr or prepared.stdout).strip()[-2000:])
    children += [_child(program, variables) for program in programs]


def _watch(children: list[Child], web: int, discord: int, started: float) -> int:
    """Say when all is ready, and return 1 when a program has ended."""
    ready = 0
    while True:
        if (ended := next((child for child in children if child.process.poll() is not None), None)) is not None:
            ended.reader.join(1)
            print(f"\n{ended.name} ended (exit code {ended.process.returncode}). Its last words:", file=sys.stderr)
            print("\n".join(f"    {line}" for line in ended.last), file=sys.stderr)
            return 1
        if (
            ready < 2
            and responds(f"http://127.0.0.1:{web}/healthz")
            and responds(f"http://127.0.0.1:{discord}/sandbox/status")
        ):
            ready += 1
            if ready == 2:
                _welcome(web, discord, time.monotonic() - started)
        time.sleep(0.2)


# Name, command, extra variables, and the socket that it serves.
Program = tuple[str, list[str], dict[str, str], socket.socket | None]


def _child(program: Program, variables: dict[str, str]) -> Child:
    name, command, extra, listener = program
    return Child(name, command, {**variables, **extra}, listener)


def _programs(web: socket.socket, discord: socket.socket) -> list[Program]:
    python, manage = sys.executable, [sys.executable, "manage.py"]
    kept = str(demo_directory() / "discord.json")
    long_lived = {"DB_CONN_MAX_AGE": "300"}
    return [
        (
            "discord",
            [python, "-m", "gamesched.local_discord", "--fd", str(discord.fileno()), "--state", kept]
            + ["--crowd", "--public-url", f"http://localhost:{_port(web)}"],
            {},
            discord,
        ),
        (
            "web",
            [python, "-m", "daphne", "--ping-interval", "45", "--fd", str(web.fileno()), "gamesched.asgi:application"],
            {},
            web,
        ),
        ("bot", [*manage, "runbot"], long_lived, None),
        ("notifyd", [*manage, "notifyd"], long_lived, None),
        ("worker", [python, "-m", "gamesched.demo.process_group", *manage, "worker"], {}, None),
    ]


def _save_addresses(web: int, discord: int) -> None:
    """Store the ports, for `run.py manage`."""
    addresses = {
        "PUBLIC_URL": f"http://localhost:{web}",
        "DISCORD_API_URL": f"http://localhost:{discord}/api/v10",
    }
    save_settings({**load_settings(), **addresses})


def _listen(first: int, whose: str) -> socket.socket:
    """Return a socket that listens on the first free port. Raise ServerProblem."""
    for port in range(first, first + 50):
        if _is_taken_over_ipv6(port):
            continue
        try:
            # Listening, since two that have only bound one may both have it.
            listener = socket.create_server(("127.0.0.1", port), backlog=2048)
        except OSError:
            continue
        if port != first:
            print(f"Port {first} is taken, so {whose} is at {port}.", flush=True)
        return listener
    raise ServerProblem(f"No port from {first} to {first + 49} is free.\nStop what uses them, then start again.")


def _is_taken_over_ipv6(port: int) -> bool:
    """Return whether somebody listens at ::1, which browsers try first for localhost."""
    try:
        socket.create_server(("::1", port), family=socket.AF_INET6).close()
    except OSError as reason:
        return reason.errno == errno.EADDRINUSE  # and not that there is no IPv6
    return False


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _welcome(web: int, discord: int, seconds: float) -> None:
    print(
        f"""
Ready in {seconds:.0f} s.

    Game Scheduler     http://localhost:{web}
    Local Discord      http://localhost:{discord}

What to try first:
  1. Open Game Scheduler, log in, and choose to be Bob.
  2. Schedule a game in Friday Night Dice that starts in 3 minutes, with a reminder 2 minutes before.
  3. Open the local Discord as Charlie, press Join under the announcement, and watch Bob's page update.
  4. Wait for the reminder in Charlie's direct messages.

Alice can also open http://localhost:{web}/admin/. Ctrl-C stops everything; python3 run.py reset starts over.
""",
        flush=True,
    )


def _stop_all(children: list[Child]) -> None:
    """Send TERM to each program, and KILL to those left later. Not to groups: the worker ends its own."""
    for child in reversed(children):
        with contextlib.suppress(ProcessLookupError):
            child.process.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(deadline - time.monotonic(), 0.05))
    for child in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def reset() -> int:
    """Delete the demo's data, so that the next start begins anew."""
    with (demo_directory() / "running").open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("The demo is running.\nStop it first, with Ctrl-C.", file=sys.stderr)
            return 1
        server = Server("demo")
        if server.is_up():
            print("A command is using the demo's data.\nWait until it has ended.", file=sys.stderr)
            return 1
        server.remove()
    print("The demo's data is gone. python3 run.py starts over.")
    return 0


def run_in_foreground(command: list[str], variables: dict[str, str]) -> int:
    """Run a command in the foreground, with the terminal's own signals."""
    try:
        return subprocess.run(command, env=variables, check=False).returncode
    except KeyboardInterrupt:
        return 130
