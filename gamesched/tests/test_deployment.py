"""What operators start: images, services of compose, systemd units, pods. `test_operator_mistakes` has the programs."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from gamesched.demo.postgres import REPOSITORY
from gamesched.local_discord.live_server import LocalDiscord
from notifications import probe
from notifications.daemon import loop

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
UNITS = sorted((REPOSITORY / "contrib/systemd").glob("*.service"))
KUBERNETES = REPOSITORY / "contrib/kubernetes"
ROLES = {"web", "bot", "notifyd", "worker"}


def stage(role: str) -> str:
    """Return the part of the Dockerfile that a role's image has alone."""
    [text] = re.findall(rf"^FROM app AS {role}\n(.*?)(?=^FROM|\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    return str(text)


def started(role: str) -> list[str]:
    """Return the command that a role's image starts."""
    [command] = re.findall(r"^CMD (.*)$", stage(role), re.MULTILINE)
    return [str(word) for word in json.loads(command)]


def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the files of the base declare, by kind and name."""
    files = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    found = [one for name in files for one in yaml.safe_load_all((KUBERNETES / name).read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def container_of(manifest: dict[str, Any]) -> dict[str, Any]:
    [container] = manifest["spec"]["template"]["spec"]["containers"]
    return dict(container)


def test_o7_every_service_that_keeps_running_has_a_healthcheck() -> None:
    services = COMPOSE["services"]
    lasting = {name for name, service in services.items() if service.get("restart") != "no"}
    assert lasting > ROLES
    for name in lasting:
        if name in ROLES:
            assert services[name]["build"]["target"] == name
            assert "HEALTHCHECK" in stage(name)
        else:
            assert "healthcheck" in services[name]


def test_a_stopped_program_is_unhealthy_within_a_minute() -> None:
    """However long after its last heartbeat, and after a container's last look, it is stopped."""
    for role in ROLES:
        options = dict(re.findall(r"--(interval|timeout|retries)=(\d+)", stage(role)))
        interval, timeout, retries = (int(options[name]) for name in ("interval", "timeout", "retries"))
        # web answers itself or not; of the others a heartbeat tells.
        begins = 0 if role == "web" else probe.OVERDUE.total_seconds()
        assert begins + retries * (interval + timeout) <= 60, role
        assert role == "web" or f'"notifications.probe", "{role}"' in stage(role)
    for every in (probe.HEARTBEAT_EVERY, loop.CANARY_EVERY):
        assert every + 15 <= probe.OVERDUE.total_seconds(), "one may be late"


def test_each_role_starts_alone_and_in_any_order() -> None:
    """Docker starts what a service depends on: of ours none but the migration."""
    services = COMPOSE["services"]
    assert {name: set(services[name]["depends_on"]) for name in ROLES} == {name: {"migrate"} for name in ROLES}
    assert set(services["migrate"]["depends_on"]) == {"postgres"}
    for unit in UNITS:
        assert "Requires=" not in unit.read_text()
        assert re.findall(r"^(?:After|Wants)=.*game-scheduler", unit.read_text(), re.MULTILINE) == []


def test_images_run_as_a_numbered_user_from_a_pinned_base() -> None:
    assert re.search(r"^USER [1-9]\d*:\d+$", DOCKERFILE, re.MULTILINE), "Kubernetes cannot tell who a name is"
    assert re.search(r"^ARG PYTHON=\S+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE)
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE)
    assert {base for base, _ in stages} == {"${PYTHON}", "app"}
    assert stages[-1] == ("app", "web"), "what is built without a target is the web program"


def test_the_worker_has_postgresqls_client_of_the_servers_version() -> None:
    [client] = set(re.findall(r"postgresql-client-(\d+) ", DOCKERFILE))
    assert COMPOSE["services"]["postgres"]["image"] == f"postgres:{client}"
    for program in ("pg_dump", "pg_restore"):
        assert f"postgresql/{client}/bin/{program} " in stage("worker")
    assert stage("worker").count("USER 10001:10001") == 1
    assert COMPOSE["services"]["worker"]["volumes"] == ["${BACKUP_FOLDER:-backups}:/backups"]


def test_images_keep_the_languages_that_we_have() -> None:
    [kept] = re.findall(r"find \. -type d -path '\*/locale/\*' .*", DOCKERFILE)
    assert set(re.findall(r"! -name (\w+)", kept)) == {code for code, _ in settings.LANGUAGES if len(code) == 2}


def test_o15_bake_builds_each_program_for_both_processors() -> None:
    bake = (REPOSITORY / "docker-bake.hcl").read_text()
    [listed] = re.findall(r"program = (\[[^]]*\])", bake)
    assert set(json.loads(listed)) == ROLES
    assert "linux/amd64" in bake
    assert "linux/arm64" in bake


@pytest.mark.parametrize("role", sorted(ROLES))
def test_programs_in_containers_have_limits_and_no_rights(role: str) -> None:
    service = COMPOSE["services"][role]
    assert service["read_only"]
    assert service["init"]
    assert service["mem_limit"]
    assert service["stop_grace_period"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"]
    assert service["image"] == f"${{IMAGE_REGISTRY:-}}game-scheduler-{role}:${{IMAGE_TAG:-latest}}"


def test_o2_the_demo_has_a_project_of_its_own_which_goes_with_its_last_lines() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    last = [line for line in lines if line and not line.startswith("#")][-4:]
    assert [line.split("=")[0] for line in last] == [
        "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "DISCORD_API_URL", "DISCORD_BROWSER_URL",
    ]  # fmt: skip
    assert not any("demo" in line for line in lines if line.startswith("COMPOSE") and line not in last)
    assert "name" not in COMPOSE, "or whoever has a database already would get an empty one"


def test_the_local_discord_answers_what_asks_for_its_health() -> None:
    [word] = (word for word in COMPOSE["services"]["discord"]["healthcheck"]["test"] if "urlopen" in word)
    with LocalDiscord() as running:
        exec(word.replace("http://localhost:8001", running.origin))


def test_o14_the_demos_commands_are_synced() -> None:
    assert "sync_commands" in str(COMPOSE["services"]["seed"]["command"])


def test_o8_the_units_start_the_programs_as_compose_does() -> None:
    assert {unit.stem.removeprefix("game-scheduler-") for unit in UNITS} == ROLES
    for unit in UNITS:
        role = unit.stem.removeprefix("game-scheduler-")
        [(_, command)] = re.findall(r"^ExecStart=(\S+) (.*)$", unit.read_text(), re.MULTILINE)
        if role != "web":
            assert command.split() == started(role)[1:]
        else:
            assert "-b 127.0.0.1" in command, "only the proxy reaches it"


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


@pytest.mark.parametrize("role", sorted(ROLES))
def test_kubernetes_starts_and_asks_the_programs_as_their_images_do(role: str) -> None:
    manifest = manifests()["Deployment", role]
    container = container_of(manifest)
    assert container["command"] == started(role)
    if role == "web":
        assert {container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")} == {"/healthz"}
    else:
        [asked] = re.findall(r"HEALTHCHECK .* CMD (\[.*\])", stage(role))
        assert container["readinessProbe"]["exec"]["command"] == json.loads(asked)
        assert "livenessProbe" not in container, "a restart ends no hold and no outage of Discord's"
    environment = COMPOSE["services"][role]["environment"]
    assert {one["name"]: one["value"] for one in container.get("env", [])}.items() <= environment.items()
    assert "strategy" not in manifest["spec"], "the new one stands by, or serves, beside the old"


def test_kubernetes_declares_each_program_once_and_migrates() -> None:
    declared = manifests()
    assert {name for kind, name in declared if kind == "Deployment"} == ROLES
    assert container_of(declared["Job", "migrate"])["command"] == COMPOSE["services"]["migrate"]["command"]
    every = container_of(yaml.safe_load((KUBERNETES / "pods.yaml").read_text()))
    [image] = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["images"]
    assert every["image"] == image["name"]
    assert f":-}}{image['name']}:" in COMPOSE["services"]["web"]["image"]
    assert {one["name"] for one in every["env"]} <= COMPOSE["x-app"]["environment"].keys()


def test_pods_have_limits_and_no_rights() -> None:
    if (kubectl := shutil.which("kubectl")) is None:
        pytest.skip("kubectl is not installed.")
    rendered = subprocess.run([kubectl, "kustomize", KUBERNETES], capture_output=True, text=True, check=True).stdout
    pods = [one for one in yaml.safe_load_all(rendered) if one["kind"] in {"Deployment", "Job"}]
    assert len(pods) == len(ROLES) + 1
    for pod in pods:
        assert pod["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]
        container = container_of(pod)
        assert container["envFrom"] == [{"secretRef": {"name": "game-scheduler"}}]
        assert container["resources"]["limits"]["memory"] == "512Mi"
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
