"""daphne's access log: in our log's form, without secret addresses and the probes that are answered."""

import logging
from typing import Any

from daphne.access import AccessLogGenerator

from gamesched.lib.secret_addresses import shown_request
from gamesched.middleware import PROBES

log = logging.getLogger("access")
PROBE_REQUESTS = {f"{method} {path}" for method in ("GET", "HEAD") for path in PROBES}


def install() -> None:
    """Have daphne, which has no setting for it, write so. Called before it serves."""
    AccessLogGenerator.write_entry = _write_entry


def _write_entry(
    self: AccessLogGenerator, host: Any, date: Any, request: str, status: Any = None, length: Any = None, **more: Any
) -> None:
    if request not in PROBE_REQUESTS or status != 200:
        log.info('%s "%s" %s %s', host, shown_request(request), status or "-", length or "-")
