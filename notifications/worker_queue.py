"""The worker's queue of tasks, which records that the worker runs."""

import os
import time
from contextlib import suppress
from pathlib import Path

from gamesched.lib.clock import DbNow
from gamesched.lib.orm import DATABASE_AWAY
from gamesched.lib.task_queue import TaskQueue
from notifications import probe
from notifications.heartbeat import WORKER_NAME, record_heartbeat

STOPPED = {"T", "t"}


class WorkerQueue(TaskQueue):
    """The queue, with a heartbeat of the process that takes tasks from it, while none of the worker's is stopped."""

    _heartbeat_at = 0.0  # by `time.monotonic`

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the oldest tasks, and record a heartbeat when it is time."""
        tasks = super().dequeue()
        if time.monotonic() >= self._heartbeat_at and not is_stopped(os.getppid()):
            try:
                record_heartbeat(WORKER_NAME, DbNow())
            except DATABASE_AWAY:
                return tasks  # said by whoever waits for tasks
            self._heartbeat_at = time.monotonic() + probe.HEARTBEAT_EVERY
        return tasks


def is_stopped(guard: int) -> bool:
    """Return whether a signal stopped the process that guards the others, its parent or one of its children.

    The queue's own goes on taking tasks then, and nobody plans, does or records them. Only Linux tells.
    """
    with suppress(OSError):
        state, parent = _state(guard)
        children = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
        return not STOPPED.isdisjoint({state, *(_state(pid)[0] for pid in (parent, *map(int, children)))})
    return False


def _state(pid: int) -> tuple[str, int]:
    """Return a process's state and its parent, which follow its name."""
    state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    return state, int(parent)
