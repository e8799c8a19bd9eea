"""What Prometheus reads: every name is documented and used rightly, and each program shows its own."""

import json
import re
import shutil
import socket
import subprocess
from urllib.request import urlopen

import pytest
from django.core.management.base import CommandError
from django.test import Client
from prometheus_client import REGISTRY, generate_latest

from conftest import World
from gamesched.demo.postgres import REPOSITORY
from gamesched.lib import metrics
from notifications.gauges import read_gauges

MONITORING = REPOSITORY / "contrib" / "monitoring"
SUFFIXES = re.compile(r"_(bucket|count|sum)$")


def shown_names() -> set[str]:
    """Return the names as Prometheus stores them, but for what a histogram adds."""
    text = generate_latest(REGISTRY).decode()
    found = set(re.findall(r"^# TYPE (gamesched_\w+) \w+$", text, re.MULTILINE))
    return {name for name in found if not name.endswith("_created")} | {gauge.name for gauge in read_gauges()}


def used_names(text: str) -> set[str]:
    return {SUFFIXES.sub("", name) for name in re.findall(r"\bgamesched_[a-z_]+", text)}


def test_every_metric_is_in_the_docs_and_none_else(db: None) -> None:
    assert used_names((REPOSITORY / "docs" / "monitoring.md").read_text()) == shown_names()


@pytest.mark.parametrize("name", ["alerts.yml", "alerts_test.yml", "dashboard.json"])
def test_rules_and_dashboard_use_only_what_is_shown(db: None, name: str) -> None:
    used = used_names((MONITORING / name).read_text())
    assert used
    assert used <= shown_names()


@pytest.mark.parametrize(("what", "name"), [("check", "alerts.yml"), ("test", "alerts_test.yml")])
def test_prometheus_reads_the_rules_and_sounds_each_alarm(what: str, name: str) -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool is not installed.")
    ran = subprocess.run([promtool, what, "rules", MONITORING / name], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_alarm_is_tested_and_documented() -> None:
    alarms = re.findall(r"alert: (\w+)", (MONITORING / "alerts.yml").read_text())
    tested = re.findall(r"alertname: (\w+)", (MONITORING / "alerts_test.yml").read_text())
    assert sorted(tested) == sorted(2 * alarms), "that it is quiet, and that it sounds"
    documented = (REPOSITORY / "docs" / "monitoring.md").read_text()
    assert [alarm for alarm in alarms if alarm.removeprefix("GameScheduler") not in documented] == []


def test_the_dashboard_is_json_with_panels_of_their_own() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.parametrize("text", ["", "9100", ":9100", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "host:²"])
def test_addresses_that_are_none(text: str) -> None:
    assert metrics.parse_address(text) is None


@pytest.mark.parametrize(("text", "address"), [("127.0.0.1:9100", ("127.0.0.1", 9100)), ("[::1]:9", ("::1", 9))])
def test_addresses(text: str, address: metrics.Address) -> None:
    assert metrics.parse_address(text) == address


def test_a_page_is_counted_by_its_view(db: None) -> None:
    labels = {"view": "help", "status": "200"}
    before = REGISTRY.get_sample_value("gamesched_page_seconds_count", labels) or 0.0
    Client().get("/help/")
    assert REGISTRY.get_sample_value("gamesched_page_seconds_count", labels) == before + 1


def test_the_gauges_say_what_waits(world: World) -> None:
    world.create_game(reminders=[60])
    gauges = {gauge.name: gauge.samples for gauge in read_gauges()}
    assert gauges["gamesched_due"][0].value >= 1, "its announcement"
    assert gauges["gamesched_held"][0].value == 0


def test_o12_a_program_shows_them_at_its_address(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("django.conf.settings.METRICS_LISTEN", f"127.0.0.1:{port}", raising=False)
        with pytest.raises(CommandError, match="METRICS_LISTEN"):
            metrics.serve("web")
    metrics.serve("web")
    text = urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    assert 'program="web"' in text


def test_names_and_texts_of_people_are_not_shown(world: World) -> None:
    text = generate_latest(REGISTRY).decode()
    assert world.bob.username not in text
    assert str(world.guild.pk) not in text
