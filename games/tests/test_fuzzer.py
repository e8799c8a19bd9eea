"""A short run of the fuzzer; `python3 run.py bench --fuzz` makes it last twenty minutes."""

import pytest

from conftest import World
from games.tests.cast import Cast, cast, db, module_cast, module_world, world
from games.tests.fuzzer import Fuzzer

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures
pytestmark = pytest.mark.slow


def test_a_short_run_finds_nothing(cast: Cast, world: World) -> None:
    report = Fuzzer(cast, world, seed=1).run(150)
    assert not report.findings, str(report)
