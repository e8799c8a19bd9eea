"""A warm process that forks notifyds: the real program from `manage.py notifyd` on, without a second of imports.

Reads one JSON object per line: `{"start": {…}}` with the fields of `Order`, or `{"kill": pid}`. Writes events, one
JSON object per line: started, speaking, point (where it kills itself), died. Only this process kills, so that no
pid is another process's.
"""

import gc
import itertools
import json
import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.core.management import CommandError

from gamesched.demo.supervisor import die_with_parent
from gamesched.lib.readiness import CANNOT_REACH


@dataclass(frozen=True)
class Order:
    """How to run a notifyd: killed at the `nth` passing of a point; everything else as in production."""

    point: str = ""
    nth: int = 1
    port: int = 0  # of a proxy in front of PostgreSQL
    canary: float = 0.0  # seconds, for all timeouts by which a frozen connection is noticed
    longest_backoff: float = 0.0  # seconds
    cap: float = 0.0  # seconds of the longest sleep
    checks_history: bool = True


def emit(event: str, pid: int, **more: Any) -> None:
    line = json.dumps({"event": event, "pid": pid, "at": time.monotonic(), **more}) + "\n"
    os.write(1, line.encode())


def notifyd(order: Order) -> None:
    """Run the child until it ends."""
    from django.core.management import call_command
    from django.db import connections

    from discord_bot.tests.faults import kill_points
    from notifications import policy
    from notifications.daemon import lock, loop, steps

    passed = itertools.count(1)

    def kill_at_nth() -> None:
        if next(passed) == order.nth:
            emit("point", os.getpid(), point=order.point)
            os.kill(os.getpid(), signal.SIGKILL)

    take_over = steps.release_leases

    def emit_and_take_over() -> None:
        emit("sending", os.getpid())
        take_over()

    steps.release_leases = emit_and_take_over
    if order.point:
        kill_points.POINTS[order.point](kill_at_nth)
    if order.port:
        connections.settings["default"] |= {"HOST": "127.0.0.1", "PORT": str(order.port)}
    if order.canary:
        loop.CANARY_EVERY = loop.CANARY_WITHIN = order.canary
        lock.LOCK_WAIT, lock.LOCK_REPLY_WAIT = order.canary, order.canary * 1.5
    if order.longest_backoff:
        policy.MAX_BACKOFF = order.longest_backoff
    if order.cap:
        policy.MAX_SLEEP = order.cap
    if not order.checks_history:
        kill_points.disable_history_check()
    call_command("notifyd")


def fork_notifyd(order: Order) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        notifyd(order)
        os._exit(0)
    except CommandError as reason:
        # Without a database it reports that and ends; the launcher's caller starts it again.
        sys.stderr.write(f"{reason}\n")
        os._exit(2 if str(reason).startswith(CANNOT_REACH) else 1)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def compile_once() -> None:
    """Read the addresses and compile the queries that every notifyd begins with: half of what its start takes."""
    from django.db import connections

    from gamesched.lib.clock import db_now
    from notifications.daemon import steps

    steps.rehearse(db_now())
    connections.close_all()  # no connection survives a fork


def main() -> None:
    import django

    django.setup()
    # Imported once, for every child.
    import_module("discord_bot.tests.faults.kill_points")
    import_module("notifications.management.commands.notifyd")
    compile_once()
    gc.freeze()  # or each child copies every page of it at its first collection
    children: set[int] = set()
    waiting = b""
    emit("ready", os.getpid())
    while True:
        # Polled often, because the children would inherit a handler for SIGCHLD.
        readable, _, _ = select.select([0], [], [], 0.005 if children else None)
        if readable:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, waiting = (waiting + read).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "start" in order:
                    pid = fork_notifyd(Order(**order["start"]))
                    children.add(pid)
                    emit("started", pid, **order["start"])
                elif order["kill"] in children:
                    os.kill(order["kill"], order.get("signal", signal.SIGKILL))
        for pid in tuple(children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                children.discard(pid)
                emit("died", pid, status=os.waitstatus_to_exitcode(status))
    for pid in children:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
