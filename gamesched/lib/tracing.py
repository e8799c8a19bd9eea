"""OpenTelemetry traces over OTLP: one from a click or a form, through the outbox, to the post in Discord.

In OTLP's JSON, which every collector takes, so that nothing has to be installed. A trace crosses to another program as
W3C's traceparent in a notification's payload. Names are of views, kinds and routes; none is of people or games.
"""

import atexit
import logging
import os
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import requests
from django.conf import settings

from gamesched.lib.outage import Outage
from gamesched.lib.version import VERSION

PATH = "/v1/traces"
EVERY, TIMEOUT = 5.0, 5.0  # seconds
KEPT = 2048  # spans that wait to be sent; older ones are dropped
TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")  # https://www.w3.org/TR/trace-context
PAYLOAD_KEY = "traceparent"
ID = re.compile(r"\d+")

log = logging.getLogger(__name__)


class Kind(IntEnum):
    """OTLP's kinds of spans."""

    SERVER = 2
    CLIENT = 3
    CONSUMER = 5


@dataclass
class Span:
    """A stretch of work in a trace."""

    name: str
    kind: Kind
    trace_id: str
    parent_id: str
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    began: int = field(default_factory=time.time_ns)
    ended: int = 0
    failed: bool = False
    attributes: dict[str, str | int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the span as OTLP's JSON has it, which writes 64-bit numbers as text."""
        return {
            "traceId": self.trace_id,
            "spanId": self.span_id,
            "parentSpanId": self.parent_id,
            "name": self.name,
            "kind": int(self.kind),
            "startTimeUnixNano": str(self.began),
            "endTimeUnixNano": str(self.ended),
            "attributes": _attributes(self.attributes),
            "status": {"code": 2} if self.failed else {},
        }


_current: ContextVar[Span | None] = ContextVar("span", default=None)


def begin(name: str, kind: Kind, parent: str = "") -> Span | None:
    """Begin a span under `parent`, a traceparent, else under the current one, else a new trace; None if traces are off.

    Whatever looks like an id is left out of its name.
    """
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return None
    if (found := TRACEPARENT.fullmatch(parent)) is not None:
        trace_id, parent_id = found.groups()
    elif (current := _current.get()) is not None:
        trace_id, parent_id = current.trace_id, current.span_id
    else:
        trace_id, parent_id = secrets.token_hex(16), ""
    return Span(ID.sub("*", name), kind, trace_id, parent_id)


def enter(span: Span | None) -> None:
    """Make a span the current one, in this task from here on."""
    if span is not None:
        _current.set(span)


@contextmanager
def within(span: Span | None) -> Iterator[None]:
    """Make a span the current one for a block."""
    if span is None:
        yield
        return
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)


def end(span: Span | None, failed: bool = False, *, status: int | None = None, outcome: str = "") -> None:
    """End a span and have it sent, with HTTP's status or a word for how it went."""
    if span is None:
        return
    span.ended, span.failed = time.time_ns(), failed
    span.attributes |= {"http.response.status_code": status} if status is not None else {"outcome": outcome}
    _exporter.add(span)


def is_in_trace() -> bool:
    """Return whether what is done here belongs to a trace."""
    return _current.get() is not None


def payload_entry() -> dict[str, str]:
    """Return what the payload of a notification has of the current span, for whoever sends it."""
    span = _current.get()
    return {} if span is None else {PAYLOAD_KEY: f"00-{span.trace_id}-{span.span_id}-01"}


def name_program(program: str) -> None:
    """Set which program the spans are of."""
    _exporter.program = program


class Exporter:
    """Sends ended spans every few seconds, in a thread of its own; what can't be sent is dropped."""

    def __init__(self) -> None:
        self.program = "manage"
        self._spans: deque[Span] = deque(maxlen=KEPT)
        self._process = 0  # whose thread sends; a fork has none
        self._outage = Outage("The collector of traces")

    def add(self, span: Span) -> None:
        self._spans.append(span)
        if self._process != os.getpid():
            self._process = os.getpid()
            threading.Thread(target=self._run, name="traces", daemon=True).start()

    def flush(self) -> None:
        """Send what has ended."""
        spans = [self._spans.popleft() for _ in range(len(self._spans))]
        if not spans or not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            return
        address = settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip("/") + PATH
        try:
            answer = requests.post(address, json=self._request(spans), headers=_headers(), timeout=TIMEOUT)
            answer.raise_for_status()
        except requests.RequestException as reason:
            self._outage.begin(reason)
        else:
            self._outage.end()

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            self.flush()

    def _request(self, spans: Iterable[Span]) -> dict[str, Any]:
        program = {"service.name": f"game-scheduler-{self.program}", "service.version": VERSION}
        scope = {"scope": {"name": "gamesched"}, "spans": [span.to_json() for span in spans]}
        return {"resourceSpans": [{"resource": {"attributes": _attributes(program)}, "scopeSpans": [scope]}]}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]


def _headers() -> dict[str, str]:
    pairs = (pair.partition("=") for pair in settings.OTEL_EXPORTER_OTLP_HEADERS.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


_exporter = Exporter()
atexit.register(_exporter.flush)
