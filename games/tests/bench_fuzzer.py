"""The fuzzer's long run: `python3 run.py bench --fuzz`. FUZZ_MINUTES and FUZZ_SEED change how long, and what.

It runs in one process, where what a view does not handle is raised; `bench_programs.py` reads what real programs log.
"""

import os
import time

from conftest import World
from games.tests.cast import Cast, cast, db, module_cast, module_world, world
from games.tests.fuzzer import Fuzzer

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures


def test_a_long_run_finds_nothing(cast: Cast, world: World) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "") or time.time())
    until = time.monotonic() + 60 * float(os.environ.get("FUZZ_MINUTES", "20"))
    report = Fuzzer(cast, world, seed).run(10**9, until)
    print(f"\nFUZZ_SEED={seed}: {report}")
    assert not report.findings
