"""run.py: its messages when it cannot go on, and what it does to the environment."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import run
from gamesched.testing import openapi
from gamesched.testing.environment import BROWSER_SKIPPED
from gamesched.testing.waiting import PATIENCE

OFFLINE = """WARNING: Retrying (Retry(total=0)) after connection broken by NewConnectionError
ERROR: No matching distribution found for uv==0.13.9"""


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of the command line, to append to."""
    words = ["run.py"]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    return words


def fail_with(problem: Exception) -> None:
    raise problem


def test_an_old_python_is_named(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.version_info", (3, 10, 1))
    monkeypatch.setattr("sys.version", "3.10.1 (main)")
    assert run.main() == 1
    assert capsys.readouterr().err.splitlines() == [
        "This is Python 3.10.1. You need 3.11 or newer.",
        "Run it with python3.11.",
    ]


def test_help_lists_every_word(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words.append("--help")
    assert run.main() == 0
    output = capsys.readouterr().out
    assert all(f"run.py {word}" in output for word in ("test", "lint", "reset", "manage", "lock"))


def test_an_unknown_word(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words.append("strat")
    assert run.main() == 1
    assert "There is no command 'strat'.\npython3 run.py --help lists them." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("problem", "what", "next_step"),
    [
        (subprocess.CalledProcessError(1, "pip", stderr=OFFLINE), "Can't download the packages", "network"),
        (OSError("<urlopen error [Errno -3] Temporary failure in name resolution>"), "Can't download", "network"),
        (OSError(28, "No space left on device"), "The disk is full.", "Free about"),
        (subprocess.CalledProcessError(1, "uv", stderr="No space left on device"), "The disk is full.", "Free about"),
        (subprocess.CalledProcessError(1, "uv", stderr="a\nhash mismatch"), "environment: hash mismatch", "remove"),
    ],
)
def test_what_stands_in_the_way_is_named(
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
    what: str,
    next_step: str,
) -> None:
    monkeypatch.setattr(run, "prepare", lambda: fail_with(problem))
    assert run.main() == 1
    *_, first, second = capsys.readouterr().err.splitlines()
    assert what in first
    assert next_step in second


def test_another_pip_than_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def respond(url: str, timeout: float) -> Iterator[io.BytesIO]:
        yield io.BytesIO(b"something else")

    monkeypatch.setattr("urllib.request.urlopen", respond)
    monkeypatch.setattr(run, "PYTHON", Path("/bin/false"))
    monkeypatch.setattr(run, "VENV", tmp_path)
    with pytest.raises(OSError, match="is not what it was"):
        run.find_pip()
    assert list(tmp_path.iterdir()) == []


def test_an_environment_of_another_place_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, moved = tmp_path / "made", tmp_path / "moved"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(original)], check=True)
    monkeypatch.setattr(run, "VENV", original)
    monkeypatch.setattr(run, "PYTHON", original / "bin/python")
    assert run.is_venv_usable()
    original.rename(moved)
    assert not run.is_venv_usable()
    monkeypatch.setattr(run, "VENV", moved)
    monkeypatch.setattr(run, "PYTHON", moved / "bin/python")
    assert not run.is_venv_usable()


def test_every_failure_is_named_at_the_end(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    python = sys.executable
    steps = [
        ("good", [python, "-c", "pass"]),
        ("bad", [python, "-c", "exit('a finding')"]),
        ("worse", [python, "-c", "exit(3)"]),
    ]
    monkeypatch.setattr(run, "lint_steps", lambda: steps)
    monkeypatch.setattr(run, "PYTHON", Path("/bin/false"))  # in pytest's place
    assert run.test([]) == 1
    captured = capsys.readouterr()
    assert "a finding" in captured.out
    assert captured.err == "Failed: bad, worse, pytest.\n"


def test_the_fast_ring_runs_no_linters(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def pretend(command: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", pretend)
    assert run.test(["--fast", "-k", "join"]) == 0
    assert [command[1:] for command in commands] == [["-m", "pytest", *run.FAST, "-k", "join"]]


def test_every_linter_is_a_hook() -> None:
    programs = re.findall(r"entry: \.venv/bin/(\S+)", (run.ROOT / ".pre-commit-config.yaml").read_text())
    assert sorted(programs) == sorted(Path(command[0]).name for _, command in run.lint_steps())


@pytest.mark.processes
def test_what_is_missing_the_last_line_says() -> None:
    # The inner run sets its own variables for tests.
    inherited = {k: v for k, v in os.environ.items() if k in {"HOME", "LANG", "LD_LIBRARY_PATH"}}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "gamesched/tests/test_browser_walkthrough.py"],
        cwd=run.ROOT,
        env={**inherited, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "1 skipped" in ran.stdout
    assert ran.stdout.rstrip().splitlines()[-1] == f"{BROWSER_SKIPPED} {openapi.SKIPPED}"


RELEASED = "gamesched/tests/test_migrations.py"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, with a changelog and migrations."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@example.org")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0\n")
    (tmp_path / RELEASED).parent.mkdir(parents=True)
    (tmp_path / RELEASED).write_text('[("games", "0001_initial"), ("guilds", "0001_initial")]')
    for app in ("games", "guilds", "notifications", "discord_bot"):
        (tmp_path / app / "migrations").mkdir(parents=True)
        for name in ("0001_initial", "0012_more", "__init__"):
            (tmp_path / app / "migrations" / f"{name}.py").touch()
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "First"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_o17_a_release_is_dated_committed_and_tagged(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.release(["0.2.0"]) == 0
    assert re.search(r"^## 0\.2\.0 \(\d{4}-\d\d-\d\d\)$", (repository / "CHANGELOG.md").read_text(), re.MULTILINE)
    said = subprocess.run(
        ["git", "describe", "--exact-match"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "v0.2.0"
    assert (repository / RELEASED).read_text() == '[("games", "0012_more"), ("guilds", "0012_more")]'
    assert "IMAGE_TAG=v0.2.0" in capsys.readouterr().out
    assert run.release(["0.2.0"]) == 1, "it is there already"
    assert run.release(["0.3.0"]) == 1, "nothing is new"


@pytest.mark.parametrize("words", [[], ["v0.2.0"], ["0.2"], ["0.2.0", "now"]])
def test_a_version_that_is_none_is_not_released(repository: Path, words: list[str]) -> None:
    assert run.release(words) == 1


def test_nothing_uncommitted_gets_into_a_release(repository: Path) -> None:
    (repository / "notes").write_text("mine")
    assert run.release(["0.2.0"]) == 1
    assert "Unreleased" in (repository / "CHANGELOG.md").read_text()
