"""The web process: pages and live sockets. Run as `daphne gamesched.asgi:application`."""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gamesched.settings")
os.environ.setdefault("DB_CONN_MAX_AGE", "300")  # each of the handler's few threads keeps its connection
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402
from daphne.server import reactor  # noqa: E402
from django.core.checks import Error, run_checks  # noqa: E402
from django.core.management.base import CommandError  # noqa: E402

from games.pages.event_stream import with_event_streams  # noqa: E402
from games.pages.live import live_socket  # noqa: E402
from gamesched import access_log  # noqa: E402
from gamesched.handlers import PageHandler, send_heartbeats  # noqa: E402
from gamesched.lib import metrics  # noqa: E402
from gamesched.lib.readiness import ask_once, database_problem  # noqa: E402
from gamesched.sockets import only_at  # noqa: E402

# daphne starts without manage.py, so the checks would not run otherwise.
mistakes = [m for m in run_checks() if isinstance(m, Error)]
if mistakes:
    for mistake in mistakes:
        sys.stderr.write(f"{mistake.msg}\n    {mistake.hint}\n")
    raise SystemExit(1)
# In a thread of its own, whose connection ends with it.
with ThreadPoolExecutor(1) as thread:
    if (problem := thread.submit(ask_once, database_problem).result()) is not None:
        sys.stderr.write(f"{problem}\n")
        raise SystemExit(1)

try:
    metrics.serve("web")
except CommandError as mistake:
    sys.stderr.write(f"{mistake}\n")
    raise SystemExit(1) from None

access_log.install()


def start_heartbeats() -> None:
    global _heartbeats
    _heartbeats = asyncio.ensure_future(send_heartbeats())  # asyncio itself keeps none


# As soon as it runs: daphne knows no moment at which it starts serving, and where this is only imported nothing does.
_heartbeats: "asyncio.Future[None] | None" = None
reactor.callLater(0, start_heartbeats)

application = ProtocolTypeRouter(
    {
        "http": with_event_streams(PageHandler()),
        # It reads its session itself, again and again.
        "websocket": only_at("/live/", live_socket),
    }
)
