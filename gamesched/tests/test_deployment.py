"""What operators start: compose's services, and the systemd units. `test_operator_mistakes` has the programs."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gamesched.demo.postgres import REPOSITORY

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
UNITS = sorted((REPOSITORY / "contrib/systemd").glob("*.service"))
ROLES = {"web", "bot", "notifyd", "worker"}


def test_o7_every_service_that_keeps_running_has_a_healthcheck() -> None:
    lasting = {name for name, service in COMPOSE["services"].items() if service.get("restart") != "no"}
    assert lasting > ROLES
    assert {name for name in lasting if "healthcheck" not in COMPOSE["services"][name]} == set()


def test_o2_the_demo_has_a_project_of_its_own_which_goes_with_its_last_lines() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    last = [line for line in lines if line and not line.startswith("#")][-4:]
    assert [line.split("=")[0] for line in last] == [
        "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "DISCORD_API_URL", "DISCORD_BROWSER_URL",
    ]  # fmt: skip
    assert not any("demo" in line for line in lines if line.startswith("COMPOSE") and line not in last)
    assert "name" not in COMPOSE, "or whoever has a database already would get an empty one"


def test_o14_the_demos_commands_are_synced() -> None:
    assert "sync_commands" in str(COMPOSE["services"]["seed"]["command"])


def test_o8_the_units_start_the_programs_as_compose_does() -> None:
    assert {unit.stem.removeprefix("game-scheduler-") for unit in UNITS} == ROLES
    for unit in UNITS:
        role = unit.stem.removeprefix("game-scheduler-")
        [started] = re.findall(r"^ExecStart=(\S+) (.*)$", unit.read_text(), re.MULTILINE)
        if role != "web":
            assert started[1].split() == COMPOSE["services"][role]["command"][1:]
        else:
            assert "-b 127.0.0.1" in started[1], "only the proxy reaches it"


@pytest.mark.slow
def test_o8_systemd_reads_the_units(tmp_path: Path) -> None:
    if (verify := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed.")
    python = "/opt/game-scheduler/.venv/bin/python"
    for unit in (REPOSITORY / "contrib/systemd").iterdir():
        # It asks whether the program is there.
        (tmp_path / unit.name).write_text(unit.read_text().replace(python, shutil.which("true") or ""))
    ran = subprocess.run(
        [verify, "verify", *sorted(map(str, tmp_path.iterdir()))],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
