"""What Prometheus reads of each program: all that is counted, and the address that shows it.

Every name stands here once; docs/monitoring.md, the dashboard and the alert rules of contrib/ use no other.
"""

import sys
from collections.abc import Callable, Iterable

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, connection
from prometheus_client import Counter, Gauge, Histogram, Info, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import REGISTRY, Collector

from gamesched.lib import tracing
from gamesched.lib.version import VERSION

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

BUILD = Info("gamesched_build", "The version that runs, and which program")
LATENESS = Histogram("gamesched_lateness_seconds", "From when a message was due until Discord had it", buckets=SECONDS)
SENDING = Histogram("gamesched_send_seconds", "One message's way to Discord", ["outcome"], buckets=SECONDS)
DISCORD_REQUEST = Histogram(
    "gamesched_discord_request_seconds", "Requests to Discord; 429 are refusals", ["method", "status"], buckets=SECONDS
)
TURNED_AWAY = Counter("gamesched_discord_turned_away", "Requests put off, so that Discord had none to refuse")
GATEWAY_LATENCY = Gauge("gamesched_gateway_latency_seconds", "From a heartbeat to Discord's acknowledgement")
GATEWAY_RESUMES = Counter("gamesched_gateway_resumes", "Connections to Discord that were resumed")
INTERACTION = Histogram(
    "gamesched_interaction_seconds", "From an interaction until Discord took the answer", ["outcome"], buckets=SECONDS
)
PAGE = Histogram("gamesched_page_seconds", "Answers to requests", ["view", "status"], buckets=SECONDS)
OPEN_PAGES = Gauge("gamesched_open_pages", "Pages that follow changes")

Address = tuple[str, int]


def parse_address(text: str) -> Address | None:
    """Return host and port of `127.0.0.1:9100`, or of `[::1]:9100`; None for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        return None
    return host.removeprefix("[").removesuffix("]"), int(port)


def serve(program: str, read: Callable[[], Iterable[Metric]] | None = None) -> None:
    """Show the metrics at METRICS_LISTEN, if that is set. Raise CommandError if the address is taken.

    Traces are of this `program` too from here on.

    `read` gives more gauges, from the database whenever somebody looks.
    """
    tracing.name_program(program)
    address = parse_address(settings.METRICS_LISTEN)
    if address is None:
        return
    BUILD.info({"version": VERSION, "program": program, "python": sys.version.split()[0]})
    if read is not None:
        REGISTRY.register(FromDatabase(read))
    host, port = address
    try:
        start_http_server(port, host)
    except OSError as reason:
        raise CommandError(
            f"Can't use METRICS_LISTEN={settings.METRICS_LISTEN}: {reason.strerror or reason}.\n"
            "Give each program of a machine a port of its own, or unset it."
        ) from None


class FromDatabase(Collector):
    """Gauges that are read whenever somebody looks, in that request's own thread and connection."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def describe(self) -> list[Metric]:
        """Name none beforehand, as that would ask the database at start."""
        return []

    def collect(self) -> list[Metric]:
        """Read the gauges; none while the database is away."""
        try:
            return list(self._read())
        except Error:
            return []
        finally:
            connection.close()
