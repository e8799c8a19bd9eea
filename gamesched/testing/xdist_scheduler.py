"""pytest plugin: how several workers share the tests (`-n 3`, of pytest-xdist, as `run.py test` says)."""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Kept on one worker, in order. Demos choose their ports by looking which are free, so two must not start at a time;
# the tests of the local Discord's page share a Chromium. A mark would be the common way, and pytest-xdist 3.8 passes
# it over in silence with pytest 9.2.
WHOLE_FILES = ("test_supervisor.py", "test_page.py", "test_page_commands.py", "test_page_faults.py")


class WholeFileScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist says no types
    """One test at a time to whichever worker is free, and whole files of some."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return file if file.endswith(WHOLE_FILES) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFileScheduling:
    return WholeFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Those that mostly wait come first, so that the short ones fill what the long ones leave, to the very end.
        items.sort(key=lambda item: item.get_closest_marker("processes") is None)
