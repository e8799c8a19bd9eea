"""daphne's access log, without the secret addresses, for which daphne has no setting."""

from typing import Any

from daphne.access import AccessLogGenerator

from gamesched.lib.secret_addresses import shown_request

_write_anything = AccessLogGenerator.write_entry


def hide_secret_addresses() -> None:
    """Have daphne write no secret address. Called before it serves."""
    AccessLogGenerator.write_entry = _write_entry


def _write_entry(self: AccessLogGenerator, host: Any, date: Any, request: str, *args: Any, **kwargs: Any) -> None:
    _write_anything(self, host, date, shown_request(request), *args, **kwargs)
