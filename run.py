#!/usr/bin/env python3
"""Game Scheduler from a fresh clone, with Python 3.11 or newer and nothing else.

    python3 run.py                 start everything, with a local Discord to try it in
    python3 run.py test [...]      linters, types, and the whole test suite (more words go to pytest)
    python3 run.py lint            the linters and types alone
    python3 run.py reset           forget the demo's data
    python3 run.py manage WORD     a manage.py command against the demo's database
    python3 run.py lock            renew requirements.txt and requirements-dev.txt from their .in files

`test --install-browser` first installs Debian's Chromium for the browser tests, which needs root.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
UV = "uv==0.13.9"
PIP_WHEEL = "https://pypi.org/pypi/pip/25.3/json"


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  the newcomer's Python may be any
        return fail(f"This is Python {sys.version.split()[0]}, and 3.11 or newer is needed.", "Run it with python3.11.")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # started in a script's background, it is ignored
    word, *rest = sys.argv[1:] or ["demo"]
    if word in {"-h", "--help", "help"}:
        print(__doc__)
        return 0
    if word not in {"demo", "test", "lint", "reset", "manage", "lock"}:
        return fail(f"There is no command {word!r}.", "python3 run.py --help lists them.")
    try:
        prepare()
    except urllib.error.URLError as reason:
        return fail(f"PyPI cannot be reached: {reason.reason}.", "The first run downloads packages; connect and retry.")
    except subprocess.CalledProcessError as reason:
        said = (reason.stderr or reason.stdout or "").strip()
        print(said, file=sys.stderr)
        if "No space left" in said:
            return fail("The disk is full.", "Free about 500 MB, then run this again.")
        return fail("The packages could not be installed.", "See above; most often there is no network.")
    except OSError as reason:
        return fail(f"The environment could not be made: {reason}.", "Mend that, then run this again.")
    if word == "test":
        return test(rest)
    if word == "lint":
        return lint()
    if word == "lock":
        return lock()
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "gamesched.demo", word, *rest])


def fail(what: str, next_step: str) -> int:
    print(f"{what}\n{next_step}", file=sys.stderr)
    return 1


# --- the environment -------------------------------------------------------------------------------------


def prepare() -> None:
    """Make `.venv` and install exactly what is locked, unless that was done already."""
    content = b"".join((ROOT / name).read_bytes() for name in REQUIREMENTS)
    stamp = hashlib.sha256(content + sys.version.encode()).hexdigest()
    if PYTHON.exists() and (VENV / "stamp").exists() and (VENV / "stamp").read_text() == stamp:
        return
    started = time.monotonic()
    print("Preparing the environment in .venv (about half a minute, once).", flush=True)
    if not PYTHON.exists() or not same_python():
        shutil.rmtree(VENV, ignore_errors=True)
        quiet([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    (VENV / "stamp").unlink(missing_ok=True)
    pip = find_pip()
    requirements = [part for name in REQUIREMENTS for part in ("-r", str(ROOT / name))]
    print("  downloading and installing packages ...", flush=True)
    try:
        quiet([*pip, "install", "--quiet", UV])
        environment = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", "VIRTUAL_ENV": str(VENV)}
        quiet(
            [
                str(VENV / "bin/uv"),
                "pip",
                "install",
                "--quiet",
                "--compile-bytecode",
                "--require-hashes",
                *requirements,
            ],
            environment,
        )
    except (subprocess.CalledProcessError, OSError):
        print("  uv could not; installing with pip, which takes longer ...", flush=True)
        quiet([*pip, "install", "--quiet", "--require-hashes", *requirements])
    (VENV / "stamp").write_text(stamp)
    print(f"  done in {time.monotonic() - started:.0f} s.", flush=True)


def same_python() -> bool:
    asked = subprocess.run(
        [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == sys.version


def find_pip() -> list[str]:
    """A command that installs into the environment. Debian's Python comes without pip, so it is fetched."""
    if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([PYTHON, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0:
        quiet([str(PYTHON), "-m", "ensurepip"])
        return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    print("  fetching pip ...", flush=True)
    with urllib.request.urlopen(PIP_WHEEL, timeout=30) as answer:
        wheel = next(f for f in json.load(answer)["urls"] if f["packagetype"] == "bdist_wheel")
    with urllib.request.urlopen(wheel["url"], timeout=60) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        raise OSError("the downloaded pip is not what PyPI says it is")
    path = VENV / wheel["filename"]
    path.write_bytes(content)
    return [str(PYTHON), f"{path}/pip", "--disable-pip-version-check"]


def quiet(command: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, env=environment)


# --- tests -----------------------------------------------------------------------------------------------


def tool(name: str) -> str:
    return str(VENV / "bin" / name)


def steps() -> list[tuple[str, list[str]]]:
    manage = [str(PYTHON), "-m", "gamesched.demo", "manage"]
    return [
        ("ruff", [tool("ruff"), "check", "--quiet", "."]),
        ("ruff format", [tool("ruff"), "format", "--quiet", "--check", "."]),
        ("types", [tool("mypy")]),
        ("import contracts", [tool("lint-imports")]),
        ("templates", [tool("djlint"), "templates", "--lint", "--quiet"]),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
    ]


def lint() -> int:
    """Run every linter, say which found something, and fail if any did."""
    failed = []
    for name, command in steps():
        started = time.monotonic()
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(
            f"{name:18} {'ok' if ran.returncode == 0 else 'FAILED':7} {time.monotonic() - started:5.1f} s", flush=True
        )
        if ran.returncode != 0:
            failed.append(name)
            print(ran.stdout + ran.stderr, flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def test(words: list[str]) -> int:
    if "--install-browser" in words:
        words.remove("--install-browser")
        if not install_browser():
            return fail("Chromium could not be installed.", "As root on Debian: apt-get install chromium")
    linted = lint()
    tested = subprocess.run([str(PYTHON), "-m", "pytest", *words], cwd=ROOT, check=False).returncode
    return linted or tested


def install_browser() -> bool:
    if shutil.which("chromium"):
        return True
    packages = ["chromium", "libatomic1", "fonts-dejavu-core"]
    print("Installing Chromium ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        quiet(["apt-get", "update", "-qq"], environment)
        quiet(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], environment)
    except (OSError, subprocess.CalledProcessError) as reason:
        print(getattr(reason, "stderr", reason), file=sys.stderr)
        return False
    return True


def lock() -> int:
    for name in ("requirements", "requirements-dev"):
        quiet(
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
