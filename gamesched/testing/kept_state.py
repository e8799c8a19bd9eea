"""pytest plugin: each test begins as a program does, with nothing kept of what came before it.

What one test found, such as that Discord can't be asked, holds for seconds: another within them failed, in one order of
the tests and on one machine alone.
"""

import sys
from typing import Any

import pytest
from django.core.cache import cache

# What modules keep for all requests, in those that are imported.
KEPT = {
    "discord_bot.http.directory": ("_available_at", "_bot_ids"),
    "discord_bot.interactions.senders": ("_known",),
    "games.pages.event_stream": ("_open", "_shown"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Forget it all."""
    cache.clear()
    for name, kept in KEPT.items():
        if (module := sys.modules.get(name)) is not None:
            for attribute in kept:
                getattr(module, attribute).clear()
    lookup: Any = sys.modules.get("guilds.directory.lookup")
    if lookup is not None:
        lookup._down_until[0] = 0.0
