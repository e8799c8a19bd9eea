"""One subject in a process of its own, started by the command: whatever happens, its programs end with it."""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from gamesched.bench.processes import kill_all
from gamesched.bench.stage import Bench


def main() -> None:
    config: dict[str, Any] = json.loads(sys.argv[1])
    bench = Bench(
        subject=config["subject"],
        size=config["size"],
        deadline=time.monotonic() + config["seconds"],
        run_folder=config["run_folder"],
        postgres_pid=config["postgres_pid"],
        programs_folder=Path(config["programs_folder"]),
        work=Path(config["work"]),
    )
    try:
        bench.measure_commit()
        importlib.import_module(f"gamesched.bench.subjects.{bench.subject}").measure(bench)
    finally:
        kill_all()


if __name__ == "__main__":
    main()
