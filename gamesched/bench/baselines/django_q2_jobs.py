"""django-q2 with its ORM broker: `due DATABASE_URL COUNT SECONDS`, or `drain DATABASE_URL BODIES URL`.

Writes one line of JSON, as `procrastinate_jobs` does. Jobs report to a datagram socket, as they run in processes.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django
import requests
from django.conf import settings

HERE = "gamesched.bench.baselines.django_q2_jobs"
_session = requests.Session()
_report = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def set_up() -> None:
    address = urlsplit(os.environ["Q2_DATABASE"])
    settings.configure(
        SECRET_KEY="x",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django_q"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": address.path.strip("/"),
                "HOST": address.query.removeprefix("host="),
                "USER": "postgres",
                "CONN_MAX_AGE": 600,
            }
        },
        Q_CLUSTER={
            "name": "baseline",
            "orm": "default",
            "workers": 2,
            "timeout": 600,
            "retry": 900,
            "catch_up": False,
            "save_limit": -1,
            "bulk": int(os.environ["Q2_BULK"]),
            "log_level": "CRITICAL",
        },
    )
    django.setup()


def remind(due: float) -> None:
    """Report how many milliseconds late a job starts."""
    _report.sendto(str((time.time() - due) * 1000).encode(), ("127.0.0.1", int(os.environ["Q2_REPORT"])))


def post(number: int, body: str) -> None:
    """Post a body, and report it."""
    headers = {"Content-Type": "application/json"}
    url = f"{os.environ['Q2_URL']}/api/v10/channels/{number}/messages"
    _session.post(url, data=body.encode(), headers=headers, timeout=30)
    _report.sendto(b"0", ("127.0.0.1", int(os.environ["Q2_REPORT"])))


def reports(heard: socket.socket, count: int, seconds: float) -> list[tuple[float, float]]:
    """Return reports with the time when each came, until there are so many or so many seconds have passed."""
    found: list[tuple[float, float]] = []
    until = time.time() + seconds
    while len(found) < count and time.time() < until:
        try:
            found.append((time.time(), float(heard.recv(100))))
        except TimeoutError:
            continue
    return found


def due(heard: socket.socket, count: int, seconds: float) -> object:
    """Schedule jobs at random moments, and run them."""
    from django_q.models import Schedule

    for _ in range(count):
        at = datetime.now(UTC) + timedelta(seconds=random.uniform(1, max(2.0, seconds - 32)))
        Schedule.objects.create(
            func=f"{HERE}.remind", args=repr((at.timestamp(),)), schedule_type=Schedule.ONCE, next_run=at, repeats=1
        )
    return [late for _, late in reports(heard, count, seconds)]


def drain(heard: socket.socket, bodies: list[str]) -> object:
    found = reports(heard, len(bodies), 40)
    return len(found) / (found[-1][0] - found[0][0]) if len(found) > 1 else 0.0


def main() -> None:
    os.environ |= {"Q2_DATABASE": sys.argv[2], "Q2_BULK": "50" if sys.argv[1] == "drain" else "1"}
    os.environ |= {"Q2_URL": sys.argv[4]}
    set_up()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    heard.bind(("127.0.0.1", 0))
    heard.settimeout(0.2)
    os.environ["Q2_REPORT"] = str(heard.getsockname()[1])
    bodies: list[str] = []
    if sys.argv[1] == "drain":
        from django_q.tasks import async_task

        bodies += json.loads(Path(sys.argv[3]).read_text())
        for number, body in enumerate(bodies):
            async_task(f"{HERE}.post", number, body)
    cluster = subprocess.Popen(
        [sys.executable, "-m", HERE, "cluster"], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        found = due(heard, int(sys.argv[3]), float(sys.argv[4])) if sys.argv[1] == "due" else drain(heard, bodies)
    finally:
        os.killpg(cluster.pid, signal.SIGKILL)
        cluster.wait()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "cluster":
        set_up()
        from django.core.management import call_command

        call_command("qcluster", verbosity=0)
    else:
        main()
