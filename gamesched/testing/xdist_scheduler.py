"""pytest plugin: distributes the tests among pytest-xdist's workers (`-n 4`, as `run.py test` sets)."""

import contextlib
import importlib
import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Run on one worker, in order. Demos look for free ports, so two must not start at a time; the tests of the local
# Discord's page share a Chromium, the kills a PostgreSQL of their own, and the others their programs. An xdist_group
# mark would be usual, but pytest-xdist 3.8 silently ignores it with pytest 9.2.
WHOLE_FILES = (
    "test_page.py",
    "test_page_commands.py",
    "test_page_faults.py",
    "test_walks_browser.py",
    "test_kills.py",
    "test_crashes.py",
    "test_permissions_and_deletions.py",
)
# Run on one worker, one after the other: each takes every core for a while and has a deadline.
HEAVY_FILES = ("test_supervisor.py", "test_crowds.py")


class WholeFileScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives each free worker one test at a time; whole files of some, and the heavy ones together.

    Half of the workers take the next from the front, where the tests are that mostly wait; the others take the last,
    and compute meanwhile. When all took from the front, three waited at once, and a quarter of the cores stood idle for
    minutes; when one did, such tests were left over and stood alone at the end.
    """

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) >= (len(self.nodes) + 1) // 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        if file.endswith(HEAVY_FILES):
            return "heavy"
        return file if file.endswith(WHOLE_FILES) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFileScheduling:
    return WholeFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Those that mostly wait first: whole files, then long ones. The other long ones last: the short ones between
        # fill the gaps at the end.
        items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, bool, bool, bool]:
    processes, browser, slow = (bool(item.get_closest_marker(mark)) for mark in ("processes", "browser", "slow"))
    if processes:
        return False, not item.path.name.endswith(WHOLE_FILES + HEAVY_FILES), not slow, not browser
    return True, browser, slow, False


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import the test modules, each worker from another place on.

    In a fresh clone each has to be compiled with its asserts rewritten. Workers that import them in the same order all
    do that; like this, each does its share and finds the others'.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    root = session.config.rootpath
    folders = [root / word for word in session.config.args if (root / word).is_dir()]
    files = sorted(path for folder in folders for path in folder.rglob("test_*.py"))
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    begin = len(files) * number // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for path in files[begin:] + files[:begin]:
        with contextlib.suppress(Exception):  # pytest reports it when it collects
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
