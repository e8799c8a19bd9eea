"""What containers, pages and commands say of programs: stopped, hanging, held, deaf, with tasks that wait."""

import asyncio
import os
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db import OperationalError, connection
from django_q.models import OrmQ, Schedule
from psycopg.conninfo import make_conninfo

from conftest import World
from gamesched import handlers
from gamesched.lib.clock import db_now
from gamesched.lib.outage import DATABASE
from gamesched.testing.programs import Program
from gamesched.testing.stack import PROGRAMS, Stack
from gamesched.testing.waiting import PATIENCE, eventually
from notifications import health, heartbeat, probe
from notifications.daemon import pause
from notifications.models import Heartbeat
from notifications.worker_queue import is_stopped

# A program whose heartbeats, of whichever kind, come every tenth of a second.
QUICK = """
import runpy, sys
from notifications import probe
probe.HEARTBEAT_EVERY = 0.1
if "notifyd" in {words}:
    from notifications.daemon import loop
    loop.CANARY_EVERY = 0.1
sys.argv = {words}
if sys.argv[0] == "-m":
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def beats() -> dict[str, datetime]:
    return dict(Heartbeat.objects.values_list("name", "at"))


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_stopped_program_is_not_well_and_well_again_when_it_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each started by itself, in no order that helps: the worker first, web last."""
    with Stack() as stack:
        url = stack.variables["DATABASE_URL"]
        for name in ("worker", "notifyd", "bot", "web"):
            words = [word.format(port=stack.port) for word in PROGRAMS[name]]
            stack.running[name] = Program(["-c", QUICK.format(words=words)], stack.variables, stack._log_file.name)
        eventually(lambda: set(beats()) == set(health.CHECKS))
        eventually(lambda: not health.problems(db_now()))
        pids = {name: program.pid for name, program in stack.running.items()}
        [guard] = children(pids["worker"])
        before = beats()
        eventually(lambda: all(at > before[name] for name, at in beats().items()))
        stack.wait("web")
        assert requests.get(f"{stack.url}/readyz", timeout=PATIENCE).text == "ok\n"

        for pid in pids.values():
            os.kill(pid, signal.SIGSTOP)
        eventually(lambda: is_stopped(guard))
        # Nothing is written here: one of them may have been stopped in its own statement, and keep the row locked.
        monkeypatch.setattr(probe, "OVERDUE", timedelta(seconds=0.5))
        silent = dict.fromkeys(pids, probe.SILENT)
        eventually(lambda: {name: found.code for name, found in health.problems(db_now()).items()} == silent)
        stopped = beats()
        time.sleep(0.5)
        assert beats() == stopped
        assert {name: probe.problem(name, url) for name in pids} == silent

        monkeypatch.undo()
        for pid in pids.values():
            os.kill(pid, signal.SIGCONT)
        eventually(lambda: not health.problems(db_now()))
        for one in (guard, *children(guard)):
            os.kill(one, signal.SIGSTOP)
            eventually(lambda: is_stopped(guard))
            os.kill(one, signal.SIGCONT)
            eventually(lambda: not is_stopped(guard))


@pytest.mark.django_db(transaction=True)
def test_a_container_is_told_by_the_same_rules_without_django() -> None:
    Schedule.objects.update(next_run=db_now() + timedelta(hours=1))
    url = make_conninfo(settings.DATABASE_URL, dbname=str(connection.settings_dict["NAME"]))
    assert probe.problem(heartbeat.BOT_NAME, url) == probe.SILENT
    for name in health.CHECKS:
        heartbeat.record_heartbeat(name, db_now(), last_event_at=db_now())
        assert probe.problem(name, url) == ""
    heartbeat.record_heartbeat(heartbeat.BOT_NAME, db_now(), last_event_at=db_now() - probe.SILENT_FOR * 2)
    pause.pause("moving house", db_now())
    found = {name: probe.problem(name, url) for name in health.CHECKS}
    assert found == {"bot": probe.DEAF, "notifyd": probe.HELD, "web": "", "worker": ""}
    assert {name: problem.code for name, problem in health.problems(db_now()).items()} == {
        name: code for name, code in found.items() if code
    }


def test_tasks_that_nobody_plans_or_takes_are_the_workers_problem(db: None) -> None:
    heartbeat.record_heartbeat(heartbeat.WORKER_NAME, db_now())
    Schedule.objects.update(next_run=db_now() + timedelta(hours=1))
    assert health.worker_problem(db_now()) is None
    first = db_now() - 2 * health.TASKS_LATE_AFTER
    task = OrmQ.objects.create(key="chores", payload="", lock=first)
    assert str(problem := health.worker_problem(db_now())).startswith("The worker's most overdue task is 120")
    assert problem is not None
    assert problem.code == probe.LATE
    task.delete()
    Schedule.objects.filter(pk=Schedule.objects.values("pk")[:1]).update(next_run=first)
    assert health.worker_problem(db_now()) is not None


@pytest.mark.parametrize("fault", [OperationalError("gone"), RuntimeError("a fault of ours")])
async def test_web_goes_on_with_its_heartbeats_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    recorded: list[str] = []

    def record(name: str, now: object) -> None:
        recorded.append(name)
        if len(recorded) < 3:
            raise fault

    monkeypatch.setattr(handlers, "record_heartbeat", record)
    monkeypatch.setattr(handlers, "AGAIN_AFTER", 0.01)
    monkeypatch.setattr(probe, "HEARTBEAT_EVERY", 0.01)
    beating = asyncio.create_task(handlers.send_heartbeats())
    async with asyncio.timeout(PATIENCE):
        while len(recorded) < 5:
            await asyncio.sleep(0.01)
    beating.cancel()
    DATABASE.end()
    assert set(recorded) == {heartbeat.WEB_NAME}
    assert any(entry.exc_info for entry in caplog.records) == isinstance(fault, RuntimeError)
