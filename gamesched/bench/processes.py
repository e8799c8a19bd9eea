"""Programs as processes, and what they use of the machine, from /proc."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from gamesched.demo.postgres import REPOSITORY
from gamesched.demo.supervisor import die_with_parent

T = TypeVar("T")
TICKS = os.sysconf("SC_CLK_TCK")
_running: list["Program"] = []


class Program:
    """A process in a group of its own, whose output is in a file."""

    def __init__(
        self, name: str, words: Sequence[str], variables: Mapping[str, str], log: Path, pipes: bool = False
    ) -> None:
        self.name, self.log = name, log
        self.started_at = time.time()
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                words,
                cwd=REPOSITORY,
                env=dict(variables),
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else output,
                stderr=output,
                text=True,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        _running.append(self)

    @property
    def pid(self) -> int:
        return self.process.pid

    def has_logged(self, words: str) -> bool:
        return words in self.log.read_text(errors="replace")

    def ask(self, line: str) -> str:
        """Write a line to it and return the line that it answers. Raise RuntimeError if it has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if line:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended: {self.log.read_text(errors='replace')[-500:]}")
        return answer

    def kill(self) -> None:
        """Send kill -9 to it and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        if self in _running:
            _running.remove(self)


def kill_all() -> None:
    """Kill every program that this process started."""
    for program in reversed(list(_running)):
        program.kill()


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and its descendants so far, the ended ones included."""
    total = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return total / TICKS


def memory_mib(pid: int) -> float:
    """Return the PSS of a process and its descendants: shared pages are divided among those that share them."""
    total = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


class Meter:
    """The CPU that programs use from now on."""

    def __init__(self, **pids: int) -> None:
        self._pids, self._began = pids, time.perf_counter()
        self._before = {name: cpu_seconds(pid) for name, pid in pids.items()}

    def seconds(self, name: str) -> float:
        """Return the CPU seconds of a program since the beginning."""
        return cpu_seconds(self._pids[name]) - self._before[name]

    def share(self, name: str) -> float:
        """Return the same as per cent of one core."""
        return 100 * self.seconds(name) / (time.perf_counter() - self._began)


def until(check: Callable[[], T], seconds: float, what: str, every: float = 0.01) -> T:
    """Call `check` until its value is true, and return it. Raise TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        if value := check():
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
