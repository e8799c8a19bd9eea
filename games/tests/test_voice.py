"""The copy rule of CONTRIBUTING's "Words for people", kept: one voice in all that people read.

Read are the wording list beside this file, all templates, string literals of programs, and the docs.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS_MAX = 14  # of a sentence
OLD_VOICE = {
    r"(?<!nothing )\bto come\b(?! true| from| back| to)": 'say "upcoming"',
    r"\bwhom\b": 'say "who", or turn the sentence round',
    r"\b(?:is|are|was|were|be|been) told\b": 'say "we notify" or "we tell you"',
    r"\bit is noted\b": "say who did what",
    r"\bthe product\b": 'say "we", or name the page',
    r"\bbecome of\b": 'ask "What would you like to do?"',
    r"\bon purpose\b": 'say "by choice", or leave it out',
    r"\basks? first\b(?! (?:whether|before))": 'say "first come, first served"',
    r"\bwhoever\b": 'say "the first person", "anyone who", or name them',
    r"\bthose (?:who|whom)\b": 'say "people who", "players" or "server managers"',
    r"\bshall\b": "use the present tense",
    r"\bis not one of\b": 'say "We can\'t find …"',
    r"\bnothing was different\b": 'say "No changes to save"',
    r"\bby (?:itself|themselves)\b": 'say "automatically"',
    r"(?<!\()\b[Ss]omebody\b": 'say "someone"',
    r"\beverybody\b": 'say "everyone"',
    r"\banybody\b": 'say "anyone"',
    r"\bjust now\b": 'say "right now"',
    r"\bat the moment\b": 'say "right now"',
    r"\b(?:cannot|could not|is not|are not|was not|does not|do not|did not|has not|have not|will not)\b": (
        "use the contraction"
    ),
    r"\b(?:You|We|They) are\b": "use the contraction",
    r"\bIt is\b": "use the contraction",
    r"\bthere is (?:nothing|no)\b": "use the contraction, or put the verb first",
    r"\bmay not\b(?! have)": 'say "can\'t"',
    r"\banew\b": 'say "again"',
    r"\bkind of game\b": 'say "template"',
    r"\bwho (?:was|were) told\b": 'say "who was notified"',
    r"\bwhat you (?:are|were) told\b": 'say "notifications"',
    r"\bwho manages? the server\b": 'say "server managers"',
    r"\bwaiting list\b": 'say "wait list"',
}
# What only developers and operators read in docs may say what is not: there the rules about contractions do not hold.
TIGHT = {pattern for pattern, reason in OLD_VOICE.items() if "contraction" in reason or "can\\'t" in reason}
THE_RULE = "## Words for people"  # names what it forbids
FOR_DEVELOPERS = {"AssertionError", "AttributeError", "KeyError", "RuntimeError", "TypeError", "ValueError"}
DOCS_WITHOUT = {"docs/performance.md", "CHANGELOG.md"}  # generated; what was said when it was said
PROGRAMS = ("discord_bot", "games", "gamesched", "guilds", "notifications")
# Read by nobody but developers; help texts of columns stand in migrations, and labels of what Discord says are its own.
NOT_READ = ("tests", "migrations", "models", "models.py", "bench", "testing", "local_discord", "conftest.py")
MATCHED = {  # words that people type, which are read
    "gamesched/lib/times_in_words.py",
    "gamesched/lib/words_of_time.py",
    "gamesched/lib/words_together.py",
    "gamesched/lib/durations.py",
}
# Longer sentences that may stay, by the block of the wording list, with why.
LONG = {"deliveries.wording.DISCORD_ERROR_TEXTS": "a key there is Discord's own sentence"}

CODE = re.compile(r"\{% (?:el)?if [^%]*%\}")
COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", re.DOTALL)
SQL = re.compile(r"\b(?:SELECT|UPDATE|INSERT|WITH|FROM)\b")
# What stands for one place of a sentence: a name, a time, a list.
SAMPLES = re.compile(
    r"\*\*Curse of Strahd\*\* in Friday Night Dice, <t:\d+:\w>|1 day and 1 hour|Send Messages and Embed Links"
    r"|“@Ann”, “@Ben” or “@Cat”|Curse of Strahd|Friday Night Dice|Ann, Ben and Cat|Ann, Ben or Cat|Ann, Ben, Cat"
    r"|The table burnt down\."
    r"|<t:\d+:\w>|https?://\S+|\(\w+\)"
)


def templates() -> Iterator[tuple[str, str]]:
    """Yield each line of a template with its place, without comments."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = COMMENT.sub(lambda match: "\n" * match[0].count("\n"), path.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", CODE.sub("", line)


def docs() -> Iterator[tuple[str, str]]:
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").glob("*.md")]):
        name = str(path.relative_to(ROOT))
        if name not in DOCS_WITHOUT:
            section = ""
            for number, line in enumerate(path.read_text().splitlines(), 1):
                section = line if line.startswith("## ") else section
                if section != THE_RULE:
                    yield f"{name}:{number}", line


def literals() -> Iterator[tuple[str, str]]:
    """Yield each string of a program that has words, with its place; no docstring, no SQL."""
    for program in PROGRAMS:
        for path in sorted((ROOT / program).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if not set(parts) & set(NOT_READ) and str(path.relative_to(ROOT)) not in MATCHED:
                yield from literals_of(path)


def literals_of(path: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text())
    unread = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Raise) and not _refuses(node)) or _is_log(node):
            unread.update(id(inner) for inner in ast.walk(node))  # for developers
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unread:
            yield f"{path.relative_to(ROOT)}:{node.lineno}", "" if SQL.search(node.value) else node.value


def _refuses(node: ast.Raise) -> bool:
    """Return whether what is raised reaches people."""
    name = ast.unparse(node.exc.func) if isinstance(node.exc, ast.Call) else ""
    return name not in FOR_DEVELOPERS


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")


def wording_sentences() -> Iterator[tuple[str, str]]:
    """Yield each sentence of the wording list with the name of its block."""
    block = ""
    for line in Path(__file__).with_name("wording.txt").read_text().splitlines():
        if line and not line.startswith(" "):
            block = line
        for sentence in re.split(r"(?<=[.!?])\s+", SAMPLES.sub("X", line.strip()).removeprefix("help: ")):
            yield block, sentence


@pytest.mark.parametrize("read", [templates, docs, literals])
def test_nobody_speaks_in_the_old_voice(read: object) -> None:
    assert callable(read)
    patterns = set(OLD_VOICE) - (TIGHT if read is docs else set())
    found = [
        f"{place}: “{match[0]}” in “{text.strip()[:110]}”: {OLD_VOICE[pattern]}"
        for place, text in read()
        for pattern in patterns
        if (match := re.search(pattern, text))
    ]
    assert not found, f"{len(found)} in the old voice\n" + "\n".join(sorted(found))


def test_sentences_are_short() -> None:
    found = [
        f"{block}: {len(words)} words: {sentence}"
        for block, sentence in wording_sentences()
        if len(words := re.findall(r"[\w“@#+-][\w’'“”@./:,-]*", sentence)) > WORDS_MAX and block not in LONG
    ]
    assert not found, f"{len(found)} sentences are long\n" + "\n".join(found)


def test_exceptions_are_needed() -> None:
    """An exception for what is no longer there hides the next mistake."""
    blocks = {block for block, _ in wording_sentences()}
    assert not set(LONG) - blocks
