#!/usr/bin/env python3
"""Game Scheduler from a fresh clone, with Python 3.11 or newer and nothing else.

    python3 run.py                 start everything, with a local Discord to try it in
    python3 run.py test [...]      linters, types, and the whole test suite (more words go to pytest)
    python3 run.py test --fast     the tests alone that need no programs, no browser and little time
    python3 run.py lint            the linters and types alone
    python3 run.py reset           forget the demo's data
    python3 run.py manage WORD     a manage.py command against the demo's database
    python3 run.py bench           how fast it is beside others: writes docs/performance.md within 15 minutes;
                                   --full takes an hour, --quick shows that it works, and subjects can be named;
                                   with --notifyd, those of notifyd; with --faults, whether 500 kills lose any
                                   message; with --fuzz, what half an hour of hostile requests finds; with --shards,
                                   how two bots start in 3,000 servers
    python3 run.py shots           take the pictures of README and docs from the running demo
    python3 run.py release 0.2.0   date the changelog, commit and tag that version; says how its images are made
    python3 run.py lock            renew requirements.txt and requirements-dev.txt from their .in files
    python3 run.py upgrades        migrate a database of each tagged version, with its data; versions can be named
    python3 run.py translations    bring gamesched/locale up to date with the sources, and compile it;
                                   --compile only compiles, and needs no gettext

`test --install-browser` first installs Debian's chromium-headless-shell for the browser tests, which needs root.
"""

from __future__ import annotations  # an older Python must get as far as the sentence that says it is too old

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
UV = "uv==0.13.9"
PIP = (
    "https://files.pythonhosted.org/packages/44/3c/d717024885424591d5376220b5e836c2d5293ce2011523c9de23ff7bf068/"
    "pip-25.3-py3-none-any.whl"
)
PIP_SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"
# Four share two cores well, as many tests wait for programs; say -n 0 for one at a time.
PARALLEL = ["-n", "4"]
FAST = ["-n", "2", "-m", "not processes and not browser and not slow"]  # none of these tests waits for a program
LONG_TESTS = {
    "--faults": ["discord_bot/tests/faults/bench_faults.py"],
    "--shards": ["discord_bot/tests/bench_shards.py"],
    "--fuzz": [f"games/tests/bench_{name}.py" for name in ("fuzzer", "odd_inputs", "programs")],
}
WORDS = {"demo", "test", "lint", "reset", "manage", "bench", "shots", "release", "lock", "upgrades", "translations"}
LESS_URGENT = ["nice"] if shutil.which("nice") else []
NOTIFYD_SUBJECTS = ["timers", "drain", "takeover", "share", "lease"]
NO_NETWORK = ("connection", "name resolution", "Name or service", "dns error", "timed out", "unreachable", "Retrying")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  the newcomer's Python may be any
        return fail(f"This is Python {sys.version.split()[0]}. You need 3.11 or newer.", "Run it with python3.11.")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # started in a script's background, it is ignored
    word, *rest = sys.argv[1:] or ["demo"]
    if word in {"-h", "--help", "help"}:
        print(__doc__)
        return 0
    if word not in WORDS:
        return fail(f"There is no command {word!r}.", "python3 run.py --help lists them.")
    if word == "release":
        return release(rest)
    try:
        prepare()
        if word == "lock":
            return lock()
    except subprocess.CalledProcessError as reason:
        return fail(*explain((reason.stderr or reason.stdout or "").strip()))
    except OSError as reason:
        return fail(*explain(str(reason)))
    if word == "test":
        return test(rest)
    if word == "lint":
        return conclude(lint())
    if word == "bench":
        return bench(rest)
    if word == "translations":
        return translations(rest)
    os.chdir(ROOT)
    module = {"shots": "gamesched.demo.shots", "upgrades": "gamesched.testing.upgrades"}.get(word, "gamesched.demo")
    os.execv(PYTHON, [str(PYTHON), "-m", module, word, *rest])


def fail(what: str, next_step: str) -> int:
    print(f"{what}\n{next_step}", file=sys.stderr)
    return 1


def explain(output: str) -> tuple[str, str]:
    """What went wrong while preparing, and the next step, from what a tool or the system said of it."""
    last = (output.splitlines() or ["no reason was given"])[-1]
    if "No space left" in output:
        return "The disk is full.", "Free about 600 MB, then run this again."
    if any(mark in output for mark in NO_NETWORK):
        return (
            f"Can't download the packages: {last}",
            "The first run needs the network. Connect, then run it again.",
        )
    print(output, file=sys.stderr)
    return f"Can't make the environment: {last}", "Fix that, remove the folder .venv, and run this again."


# --- the environment -------------------------------------------------------------------------------------


def prepare() -> None:
    """Make `.venv` and install exactly what is locked, unless that was done already."""
    content = b"".join((ROOT / name).read_bytes() for name in REQUIREMENTS)
    # The folder too: an environment knows where it was made, and does not work elsewhere.
    stamp = hashlib.sha256(content + sys.version.encode() + str(ROOT).encode()).hexdigest()
    if PYTHON.exists() and (VENV / "stamp").exists() and (VENV / "stamp").read_text() == stamp:
        return
    started = time.monotonic()
    print("Preparing the environment in .venv (about half a minute, once).", flush=True)
    if not is_venv_usable():
        shutil.rmtree(VENV, ignore_errors=True)
        run_quietly([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    (VENV / "stamp").unlink(missing_ok=True)
    pip = find_pip()
    requirements = [part for name in REQUIREMENTS for part in ("-r", str(ROOT / name))]
    print("  downloading and installing packages ...", flush=True)
    try:
        run_quietly([*pip, "install", "--quiet", "--retries=1", UV])
        environment = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", "VIRTUAL_ENV": str(VENV)}
        uv = [tool("uv"), "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes"]
        run_quietly([*uv, *requirements], environment)
    except (subprocess.CalledProcessError, OSError):
        print("  uv failed; trying pip, which takes longer ...", flush=True)
        run_quietly([*pip, "install", "--quiet", "--retries=1", "--require-hashes", *requirements])
    (VENV / "stamp").write_text(stamp)
    print(f"  done in {time.monotonic() - started:.0f} s.", flush=True)


def is_venv_usable() -> bool:
    """Whether `.venv` was made here, with this very Python."""
    code = "import sys; print(sys.version, sys.prefix)"
    try:
        probe = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    scripts = VENV / "bin" / "activate"
    return probe.stdout.strip() == f"{sys.version} {VENV}" and str(VENV) in scripts.read_text()


def find_pip() -> list[str]:
    """A command that installs into the environment. Debian's Python comes without pip, so it is fetched."""
    if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([PYTHON, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0:
        run_quietly([str(PYTHON), "-m", "ensurepip"])
        return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    print("  fetching pip ...", flush=True)
    with urllib.request.urlopen(PIP, timeout=60) as response:
        content = response.read()
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        raise OSError(f"{PIP} is not what it was")
    path = VENV / PIP.rsplit("/", 1)[1]
    path.write_bytes(content)
    return [str(PYTHON), f"{path}/pip", "--disable-pip-version-check"]


def run_quietly(command: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, env=environment)


# --- tests -----------------------------------------------------------------------------------------------


def tool(name: str) -> str:
    return str(VENV / "bin" / name)


def lint_steps() -> list[tuple[str, list[str]]]:
    """Return the linters by name; the last takes far longer than all others."""
    manage = [str(PYTHON), "-m", "gamesched.demo", "manage"]
    return [
        ("ruff", [tool("ruff"), "check", "--quiet", "."]),
        ("ruff format", [tool("ruff"), "format", "--quiet", "--check", "."]),
        ("import contracts", [tool("lint-imports")]),
        ("templates", [tool("djlint"), "templates", "--lint", "--quiet"]),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        ("types", [tool("mypy")]),
    ]


def run_linter(name: str, command: list[str]) -> tuple[str, str]:
    """Return what to print of a linter, and its name if it found something."""
    started = time.monotonic()
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    verdict = "ok" if ran.returncode == 0 else "FAILED"
    line = f"{name:18} {verdict:7} {time.monotonic() - started:5.1f} s"
    return (line, "") if ran.returncode == 0 else (f"{line}\n{ran.stdout}{ran.stderr}", name)


def lint(between: Callable[[], object] = lambda: None) -> list[str]:
    """Run every linter and return the names of those that found something.

    The last runs beside the others and beside what is done `between`, in the time that these leave it, and is printed
    after that.
    """
    *quick, (name, command) = lint_steps()
    failed = []
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(run_linter, name, [*LESS_URGENT, *command])
        for step in quick:
            failed.append(print_linter(*run_linter(*step)))
        between()
        failed.append(print_linter(*slow.result()))
    return [name for name in failed if name]


def print_linter(said: str, failed: str) -> str:
    print(said, flush=True)
    return failed


def test(words: list[str]) -> int:
    if "--install-browser" in words:
        words.remove("--install-browser")
        if not install_browser():
            return fail("Can't install Chromium.", "As root on Debian: apt-get install chromium")
    if "--fast" in words:
        return conclude(run_tests([*FAST, *(word for word in words if word != "--fast")]))
    # The database of the tests is migrated meanwhile.
    migrating = subprocess.Popen([str(PYTHON), "-m", "gamesched.testing.environment"], cwd=ROOT)
    failed: list[str] = []

    def run_all() -> None:
        migrating.wait()
        failed.extend(run_tests([*PARALLEL, *words]))

    return conclude([*lint(run_all), *failed])


def run_tests(words: list[str]) -> list[str]:
    ran = subprocess.run([str(PYTHON), "-m", "pytest", *words], cwd=ROOT, check=False)
    return [] if ran.returncode == 0 else ["pytest"]


def bench(words: list[str]) -> int:
    chosen = next((word for word in words if word in LONG_TESTS), None)
    if chosen is not None:
        rest = [word for word in words if word != chosen]
        pytest = [str(PYTHON), "-m", "pytest", "-o", "python_files=bench*.py", "-q", "-s", "-p", "no:logging"]
        return subprocess.run([*pytest, *LONG_TESTS[chosen], *rest], cwd=ROOT, check=False).returncode
    if "--notifyd" in words:
        words = [word for word in words if word != "--notifyd"] + NOTIFYD_SUBJECTS
    return subprocess.run([str(PYTHON), "-m", "gamesched.bench", *words], cwd=ROOT, check=False).returncode


def translations(words: list[str]) -> int:
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "gamesched.settings"}
    command = [str(PYTHON), "-m", "gamesched.testing.translations", *words]
    return subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode


def conclude(failed: list[str]) -> int:
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def install_browser() -> bool:
    """Install Chromium's headless shell, which the tests take first. Return whether there is a Chromium now."""
    if shutil.which("chromium-headless-shell"):
        return True
    packages = ["chromium-headless-shell", "libatomic1", "fonts-dejavu-core"]
    print("Installing Chromium ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run_quietly(["apt-get", "update", "-qq"], environment)
        run_quietly(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], environment)
    except (OSError, subprocess.CalledProcessError) as reason:
        print(getattr(reason, "stderr", reason), file=sys.stderr)
        return shutil.which("chromium") is not None
    return True


def release(words: list[str]) -> int:
    """Date the changelog's newest part, commit it, and tag the commit; nothing leaves this machine."""
    version = words[0] if len(words) == 1 else ""
    changelog = ROOT / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return fail("Name one version, as in: python3 run.py release 0.2.0", "The newest is in CHANGELOG.md.")
    if f"\n## {version}" in text:
        return fail(f"{version} is in the changelog already.", "Name a newer version.")
    if "\n## Unreleased\n" not in text:
        return fail("The changelog has no part headed Unreleased.", "Write what is new there first.")
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True).stdout:
        return fail("There are changes that are not committed.", "Commit them, or put them aside, then run this again.")
    changelog.write_text(
        text.replace("\n## Unreleased\n", f"\n## {version} ({date.today():%Y-%m-%d})\n", 1), encoding="utf-8"
    )
    set_released_migrations()
    for command in (["commit", "--quiet", "-am", f"Release {version}"], ["tag", "-a", f"v{version}", "-m", version]):
        subprocess.run(["git", *command], cwd=ROOT, check=True)
    print(f"""{version} is committed, and tagged v{version}. Next:

    git push --follow-tags
    export IMAGE_REGISTRY=YOUR/ IMAGE_TAG=v{version} REVISION=$(git rev-parse HEAD)
    docker buildx bake -f docker-bake.hcl --push""")
    return 0


def set_released_migrations() -> None:
    """Have the test of unsafe migrations begin after this release's."""
    test = ROOT / "gamesched" / "tests" / "test_migrations.py"
    text = test.read_text(encoding="utf-8")
    for app in ("games", "guilds", "notifications", "discord_bot"):
        newest = max(path.stem for path in (ROOT / app / "migrations").glob("[0-9]*.py"))
        text = re.sub(rf'\("{app}", "\d\w+"\)', f'("{app}", "{newest}")', text)
    test.write_text(text, encoding="utf-8")


def lock() -> int:
    for name in ("requirements", "requirements-dev"):
        run_quietly(
            [tool("uv"), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--upgrade"]
            + ["--python-version", "3.11", f"{name}.in", "-o", f"{name}.txt"],
            {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"},
        )
        print(f"{name}.txt renewed.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
