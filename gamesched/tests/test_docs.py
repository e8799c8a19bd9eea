"""Every path, command, option, service, variable and test that a document names exists; what can be run is run."""

import ast
import importlib.util
import itertools
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import yaml
from django.core.management import CommandError, call_command, get_commands, load_command_class

import run
from conftest import World
from games.management.base import registered
from games.management.commands.game import Command as GameCommand
from games.pages.invite import invite_url
from gamesched.demo import shots
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.permissions import Permission

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


# --- what one types ---------------------------------------------------------------------------------------------

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"(?:[A-Z_]+=\S+ )?(?:docker|python3? |manage\.py |systemctl )")
REDIRECTION = re.compile(r"\s[<>]\s*\S+")
PLACEHOLDERS = {"ID": "1", "NAME": "Guild"}
# Programs that are not ours. Whatever else a document has one type is looked at below.
OTHERS = {
    "alias",
    "apt",
    "cd",
    "createdb",
    "createuser",
    "echo",
    "export",
    "git",
    "kubectl",
    "pg_dump",
    "pg_restore",
    "pip",
    "sudo",
    "useradd",
}
# What would run for ever, ask the network or change more than the database of a test; each has tests of its own.
NOT_RUN = {"check", "collectstatic", "doctor", "local_discord", "makemigrations", "migrate", "setup", "sync_commands"}
NOT_OURS = {"CREATE_GUILD_EXPRESSIONS"}  # a permission of Discord's that no code of ours names
LASTING = {("runbot",), ("notifyd",), ("worker",)}


def typed_in(document: Path) -> Iterator[str]:
    """Yield each command of a document: of its blocks, and those that stand in a line."""
    text = document.read_text()
    for block in BLOCK.findall(text):
        yield from (line for line in block.replace("\\\n", " ").splitlines() if line.split("#")[0].strip())
    yield from (code for code in CODE.findall(BLOCK.sub("", text)) if TYPED.match(code))


def simple_commands(typed: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line, without what is set for it and where its output goes."""
    for part in re.split(r"\s(?:&&|\|)\s", REDIRECTION.sub("", typed)):
        words = shlex.split(part, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        if words:
            yield words


def managed_words(words: list[str]) -> list[str] | None:
    """Return what follows `manage.py`, wherever it is started; None for another command."""
    for number, word in enumerate(words):
        if word.endswith("manage.py") or (number == 0 and word == "games"):  # the alias of docs/deployment.md
            rest = words[number + 1 :]
        elif word.endswith("run.py") and words[number + 1 : number + 2] == ["manage"]:
            rest = words[number + 2 :]
        else:
            continue
        return [PLACEHOLDERS.get(one, one) for one in rest] if rest and "…" not in rest[-1] else None
    return None


def problem_of(words: list[str]) -> str:
    """Return what of a command does not exist, or an empty text."""
    program = Path(words[0]).name
    for word in words[1:]:
        if word.endswith((".txt", ".yaml")) and not (run.ROOT / word).exists():
            return word
    if (managed := managed_words(words)) is not None and (why := managed_problem(managed)):
        return why
    match program:
        case "python" | "python3":
            return python_problem(words[1:])
        case "manage.py" | "games" | "curl":
            return ""  # seen above; or sent below
        case "docker":
            return docker_problem(words[1:])
        case "cp":
            return "" if any(run.ROOT.glob(words[1])) else words[1]
        case "systemctl":
            units = [one for word in words[2:] for one in braced(word) if not word.startswith("-")]
            names = {path.name for path in (run.ROOT / "contrib/systemd").iterdir()}
            return " ".join(unit for unit in units if not names & {unit, f"{unit}.service"})
    return "" if program in OTHERS else program


def braced(word: str) -> list[str]:
    """Return the words that a shell makes of `a-{b,c}`."""
    if (found := re.fullmatch(r"(.*)\{(.*)\}(.*)", word)) is None:
        return [word]
    return [f"{found[1]}{part}{found[3]}" for part in found[2].split(",")]


def python_problem(words: list[str]) -> str:
    if words[0] == "-m":
        return "" if importlib.util.find_spec(words[1]) is not None else words[1]
    if words[0] == "run.py":
        known = set(re.findall(r"--[a-z-]+", str(run.__doc__))) | {"--help"}
        return " ".join(word for word in words[1:] if word.startswith("--") and word not in known)
    return "" if (run.ROOT / words[0]).exists() else words[0]


def managed_problem(words: list[str]) -> str:
    """Return what Django says of a command's words, and of each alternative, as in `list|show`."""
    if (name := words[0]) not in get_commands():
        return name
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    for tried in itertools.product(*(word.split("|") for word in words[1:])):
        try:
            parser.parse_args(tried)
        except CommandError as wrong:
            # A command may be named without all that it needs.
            is_named = len(words) <= 2 or "|" in words[-1]
            if not (is_named and "are required" in str(wrong)):
                return f"{name} {' '.join(tried)}: {wrong}"
    return ""


def docker_problem(words: list[str]) -> str:
    if words[0] != "compose":
        return (
            "" if {"build": "Dockerfile", "run": "Dockerfile", "buildx": "docker-bake.hcl"}.get(words[0]) else words[0]
        )
    words, files = words[1:], ["compose.yaml"]
    while words[0].startswith("-"):
        if words[0] == "-f":
            files.append(words[1])
        words = words[2:]
    if missing := [name for name in files if not (run.ROOT / name).exists()]:
        return " ".join(missing)
    verb, named = words[0], [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    services = set().union(*(yaml.load((run.ROOT / name).read_text(), ComposeLoader)["services"] for name in files))
    if verb in {"exec", "run"}:
        program = words[words.index(named[0]) + 1 :]  # none: the service's own
        return named[0] if named[0] not in services else problem_of(program) if program else ""
    known = {"build", "down", "logs", "ps", "pull", "restart", "stop", "up"}
    return " ".join({verb} - known | set(named) - services)


class ComposeLoader(yaml.SafeLoader):
    """A reader of compose files, which have tags of their own."""


ComposeLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_what_one_types_exists(document: Path) -> None:
    assert [why for typed in typed_in(document) for words in simple_commands(typed) if (why := problem_of(words))] == []


def test_a_wrong_word_is_noticed() -> None:
    for typed in (
        "python manage.py notifyed --check",
        "python manage.py notifyd --chek",
        "docker compose logs -f notification-daemon",
        "docker compose -f compose.none.yaml up",
        "docker compose run --rm web python manage.py none",
        "systemctl enable game-scheduler-{web,api}",
        "cp none.example .env",
        "python3 run.py test --non-existent",
        "python -m gamesched.none",
        "alembic upgrade head",
    ):
        assert [problem_of(words) for words in simple_commands(typed)] != [""], typed


def test_commands_of_the_documents_run(world: World) -> None:
    """They end well or with a sentence, as of a game that is not there."""
    found = {
        tuple(managed)
        for document in DOCUMENTS
        for typed in typed_in(document)
        for words in simple_commands(typed)
        if (managed := managed_words(words)) is not None
    }
    tried = {words for words in found if words not in LASTING and words[0] not in NOT_RUN and "|" not in str(words)}
    assert len(tried) > 15
    for words in sorted(tried):
        with suppress(CommandError):
            call_command(*words, stdout=StringIO(), stderr=StringIO())


def test_requests_of_the_documents_are_taken() -> None:
    with LocalDiscord() as discord:
        sent = 0
        for document in DOCUMENTS:
            for words in (words for typed in typed_in(document) for words in simple_commands(typed)):
                if words[0] == "curl":
                    url = words[words.index("POST") + 1].replace("localhost:8001", discord.origin)
                    answer = requests.post(url, json=json.loads(words[-1]), timeout=10)
                    assert answer.ok, (words, answer.text)
                    sent += 1
        assert sent


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_blocks_can_be_read(document: Path) -> None:
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL):
        match language:
            case "python":
                compile(block, document.name, "exec", ast.PyCF_ONLY_AST)
            case "yaml":
                assert yaml.safe_load(block)
            case other:
                assert other in {"sh", "nginx", "mermaid", "text"}


def test_the_readme_names_the_permissions_that_the_link_asks_for() -> None:
    [named] = re.findall(r"The link asks for (.*), and nothing\s+more", (run.ROOT / "README.md").read_text())
    asked = Permission(int(parse_qs(urlsplit(invite_url()).query)["permissions"][0]))
    assert {one.casefold() for one in re.split(", | and ", named)} == {
        str(one.name).replace("_", " ").casefold() for one in asked
    }


@cache
def sources() -> str:
    """Return all in which a variable can have its name."""
    files = [path for app in APPS for path in (run.ROOT / app).rglob("*.py")]
    others = ("run.py", "conftest.py", ".env.example", "Dockerfile", "docker-bake.hcl", "pyproject.toml")
    return "\n".join(
        path.read_text() for path in (*files, *run.ROOT.glob("compose*.yaml"), *map(run.ROOT.joinpath, others))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_variable_exists(document: Path) -> None:
    text = document.read_text()
    named = {name for code in CODE.findall(text) for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", code)}
    for block in BLOCK.findall(text):
        named |= set(re.findall(r"^(?:export )?([A-Z_]+)=", block, re.MULTILINE))
    assert {name for name in named - NOT_OURS if not re.search(rf"\b{name}\b", sources())} == set()
