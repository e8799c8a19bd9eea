"""The worker's queue of tasks, which records that the worker runs."""

import time

from gamesched.lib.clock import DbNow
from gamesched.lib.orm import DATABASE_AWAY
from gamesched.lib.task_queue import TaskQueue
from notifications.heartbeat import WORKER_NAME, record_heartbeat

HEARTBEAT_EVERY = 45.0  # seconds; two fit into `notifications.heartbeat.OVERDUE`


class WorkerQueue(TaskQueue):
    """The queue, with a heartbeat of the process that takes tasks from it."""

    _heartbeat_at = 0.0  # by `time.monotonic`

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take the oldest tasks, and record a heartbeat when it is time."""
        tasks = super().dequeue()
        if time.monotonic() >= self._heartbeat_at:
            try:
                record_heartbeat(WORKER_NAME, DbNow())
            except DATABASE_AWAY:
                return tasks  # said by whoever waits for tasks
            self._heartbeat_at = time.monotonic() + HEARTBEAT_EVERY
        return tasks
