"""pytest plugin: one chain of middleware for all test clients. Django builds it anew for each of them."""

from typing import Any

from django.core.signals import setting_changed
from django.test.client import ClientHandler

_build = ClientHandler.load_middleware
_built: dict[str, Any] = {}


def pytest_configure() -> None:
    ClientHandler.load_middleware = load_middleware  # type: ignore[assignment,method-assign]
    setting_changed.connect(forget)


def load_middleware(self: ClientHandler, is_async: bool = False) -> None:
    """Give a client's handler the chain that the first one built: it depends on the settings alone."""
    if not _built:
        _build(self, is_async)
        _built.update(vars(self))
        _built.pop("enforce_csrf_checks")
    vars(self).update(_built)


def forget(**changed: Any) -> None:
    """Have the next client's chain built by the settings of now."""
    _built.clear()
