"""Work in the database threads, and what comes before it."""

import threading
import time
from contextlib import ExitStack

from gamesched.lib import orm


def start(name: str, started: list[str]) -> threading.Thread:
    """Run one piece of work in a thread of its own, as the database threads do."""
    thread = threading.Thread(target=orm._with_live_connections, args=(started.append, name))
    thread.start()
    return thread


def test_new_work_waits_while_a_crowd_is_urgent() -> None:
    started: list[str] = []
    with ExitStack() as crowd:
        for _ in range(orm.CROWD):
            crowd.enter_context(orm.before_new_work())
        thread = start("work", started)
        time.sleep(0.1)
        assert started == []
    thread.join()
    assert started == ["work"]


def test_a_few_urgent_tasks_delay_nothing() -> None:
    started: list[str] = []
    with orm.before_new_work(), orm.before_new_work():
        start("work", started).join()
    assert started == ["work"]


def test_a_crowd_that_never_ends_delays_work_for_a_while_only() -> None:
    started: list[str] = []
    with ExitStack() as crowd:
        for _ in range(orm.CROWD):
            crowd.enter_context(orm.before_new_work())
        orm._held_until = time.monotonic() + 0.05
        start("work", started).join()
        assert started == ["work"]
