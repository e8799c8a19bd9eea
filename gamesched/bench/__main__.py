"""The command: `python3 run.py bench [SUBJECT ...] [--quick | --full] [--render]`."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gamesched.bench import page
from gamesched.bench.stage import FULL, QUICK, USUAL
from gamesched.bench.subjects import BESIDE, SUBJECTS
from gamesched.demo.postgres import REPOSITORY, Server, state_directory
from gamesched.demo.supervisor import die_with_parent
from gamesched.local_discord.state.entities import CLIENT_SECRET, bot_token
from gamesched.testing import database

OPTIONS = [
    "shared_preload_libraries=pg_stat_statements",
    "pg_stat_statements.max=10000",
    "track_commit_timestamp=on",  # for when a lease was committed
    "max_connections=100",  # PostgreSQL's default, which goals count on
]
ROLES = ("bench", "web", "bot", "notifyd", "worker")  # so that each program's statements can be told apart


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 run.py bench", description=__doc__)
    parser.add_argument("subjects", nargs="*", help=f"any of {', '.join(SUBJECTS)}; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast")
    parser.add_argument("--full", action="store_true", help="large sizes, within an hour")
    parser.add_argument("--render", action="store_true", help="only write the page again from the stored figures")
    words = parser.parse_args()
    if unknown := [name for name in words.subjects if name not in SUBJECTS]:
        parser.error(f"there is no subject {unknown[0]!r}: {', '.join(SUBJECTS)}")
    run = page.load()
    if not words.render:
        size = FULL if words.full else QUICK if words.quick else USUAL
        if not words.subjects:
            run = {}  # a whole run leaves nothing of an older one
        measure([name for name in SUBJECTS if name in (words.subjects or SUBJECTS)], size, run)
    page.save(run)
    print(f"Written: {page.PAGE.relative_to(REPOSITORY)}")
    return 1 if any(each["problem"] for each in run.values()) else 0


def measure(subjects: list[str], size: int, run: dict[str, Any]) -> None:
    """Start a PostgreSQL that syncs to disk, measure the subjects on it one after another, and fill in the run."""
    _set_variables()
    server = Server(f"bench-{os.getpid()}")
    for option in OPTIONS:
        server.options += ["-c", option]
    work = state_directory() / "bench"
    shutil.rmtree(work, ignore_errors=True)
    try:
        database.prepare(server)
        server.start()
        work.mkdir(parents=True)
        _prepare_server(server)
        for name in subjects:
            if BESIDE.get(name) in subjects:
                continue
            at_once = [name, *(each for each in subjects if BESIDE.get(each) == name)]
            with ThreadPoolExecutor() as threads:
                measured = threads.map(lambda each: _measure_subject(server, each, size, work), at_once)
                run.update(zip(at_once, measured, strict=True))
            page.save(run)  # a run that is cut short has what it had
    finally:
        server.stop()
        server.remove()


def _set_variables() -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG", "DISCORD_BROWSER_URL"):
        os.environ.pop(name, None)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="gamesched.settings",
        SECRET_KEY="for the bench only, and long enough to satisfy the checks of Django",
        PUBLIC_URL="http://localhost",
        DISCORD_BOT_TOKEN=bot_token(),
        DISCORD_CLIENT_SECRET=CLIENT_SECRET,
        DISCORD_API_URL="http://127.0.0.1:9/api/v10",
    )


def _prepare_server(server: Server) -> None:
    import psycopg

    with psycopg.connect(server.url, autocommit=True) as conn:
        for role in ROLES:
            conn.execute(f"CREATE ROLE {role} SUPERUSER LOGIN")
    with psycopg.connect(server.url.replace("/postgres?", f"/{database.TEMPLATE}?"), autocommit=True) as conn:
        conn.execute("CREATE EXTENSION pg_stat_statements")


def _measure_subject(server: Server, name: str, size: int, work: Path) -> dict[str, Any]:
    """Run a subject in a process of its own, and return its entry of the run; what went wrong is in `problem`."""
    assert server.process is not None
    seconds = SUBJECTS[name][size]
    print(f"\n{name} (at most {seconds} s)", flush=True)
    config = {
        "subject": name,
        "size": size,
        "seconds": seconds,
        "run_folder": str(server.run),
        "postgres_pid": server.process.pid,
        "programs_folder": str(server.bin),
        "work": str(work),
    }
    began, problem = time.monotonic(), ""
    subject = subprocess.Popen(
        [sys.executable, "-m", "gamesched.bench.run_subject", json.dumps(config)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    try:
        _, errors = subject.communicate(timeout=seconds + 60)
        if subject.returncode != 0:
            problem = ([line for line in errors.splitlines() if line.strip()] or ["it ended"])[-1][:300]
            print(errors[-3000:], flush=True)
    except subprocess.TimeoutExpired:
        problem = f"not done within {seconds + 60} s"
        subject.kill()
        subject.communicate()
    if problem:
        print(f"    FAILED: {problem}", flush=True)
    file = work / f"{name}.json"
    return {
        "figures": json.loads(file.read_text()) if file.exists() else {},
        "problem": problem,
        "size": ["quick", "usual", "full"][size],
        "seconds": round(time.monotonic() - began),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "revision": _revision(),
        "machine": _machine(),
    }


def _revision() -> str:
    try:
        words = ["git", "describe", "--always", "--dirty", "--exclude=*"]
        return subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} × {model}, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
