"""Every path, command and test that a document names exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

import run
from games.management.base import registered
from games.management.commands.game import Command as GameCommand
from gamesched.demo import shots

APPS = ("gamesched", "guilds", "notifications", "games", "discord_bot")
# The changelog is left out: an old entry names what was there then.
DOCUMENTS = [
    *(run.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "NOTICES.md")),
    *sorted((run.ROOT / "docs").glob("*.md")),
    *(path for app in APPS for path in sorted((run.ROOT / app).rglob("README.md"))),
]
NAMES = [str(path.relative_to(run.ROOT)) for path in DOCUMENTS]

CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"[a-z*.][\w.*-]*(?:/[\w.*-]+)*/?")
SUFFIXES = (".py", ".md", ".html", ".txt", ".toml", ".yaml", ".css", ".js", ".in", "/")


def paths_in(document: Path) -> Iterator[str]:
    text = document.read_text()
    is_of_folder = document.parent.parent != run.ROOT.parent and document.name == "README.md"
    yield from LINK.findall(text)
    for words in CODE.findall(text):
        for word in words.split():
            path = word.split("::")[0]
            if PATH.fullmatch(path) and path.endswith(SUFFIXES) and ("/" in path.rstrip("/") or is_of_folder):
                yield path


def exists(path: str, document: Path) -> bool:
    return any(
        any(place.glob(path)) if "*" in path else (place / path).exists() for place in (document.parent, run.ROOT)
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_path_exists(document: Path) -> None:
    assert [path for path in paths_in(document) if not exists(path, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_command_exists(document: Path) -> None:
    text = document.read_text()
    assert set(re.findall(r"\bmanage\.py ([a-z_]+)", text)) - set(get_commands()) == set()
    assert [word for word in re.findall(r"\brun\.py ([a-z]+)", text) if f"run.py {word} " not in str(run.__doc__)] == []
    words = "|".join(re.findall(r"manage\.py game ([a-z_|]+)", text)).split("|")
    handlers = [GameCommand, *(one.handlers for one in registered())]
    known = {name.removeprefix("do_") for one in handlers for name in dir(one) if name.startswith("do_")}
    assert [word for word in words if word and word not in known] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_test_exists(document: Path) -> None:
    tests = [path for app in APPS for path in (run.ROOT / app).rglob("test_*.py")]
    known = "\n".join(path.stem + path.read_text() for path in tests)
    named = {name for words in CODE.findall(document.read_text()) for name in re.findall(r"\btest_\w+", words)}
    assert {name for name in named if name not in known} == set()


def test_every_picture_is_taken_by_shots_and_small() -> None:
    shown = {name for path in DOCUMENTS for name in re.findall(r"\bpictures/([\w-]+\.(?:png|webp))", path.read_text())}
    files = {path.name: path.stat().st_size for path in shots.FOLDER.iterdir()}
    assert shown == set(files) == {f"{name}.webp" for name in shots.PICTURES}
    of_readme = set(re.findall(r"docs/pictures/([\w-]+\.webp)", (run.ROOT / "README.md").read_text()))
    assert len(of_readme) >= 3
    assert sum(files[name] for name in of_readme) < 400_000
