"""The files of texts are what the sources say, and each translation says the same with the same places."""

import ast
import re
import shutil
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation import get_language_info

from gamesched.lib.pseudo_language import ACCENTED, MIRRORED, PSEUDO_LANGUAGES, pretend
from gamesched.testing.translations import LANGUAGES, PLURALS, ROOT, compile_file, extract, files_of

LOCALE = Path(settings.LOCALE_PATHS[0])
PLACE = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}|<[^<>]*>")
COUNTS = {"%(count)d", "%(n)d", "%(n)s", "%(count)s", "%(num)d"}  # a plural of one or two may be a word
MARKING = {"_", "gettext", "ngettext", "pgettext", "npgettext", "gettext_noop"} | {
    f"{name}_lazy" for name in ("gettext", "ngettext", "pgettext", "npgettext")
}
MARKS = re.compile(r"\*\*|`|\n")


def files() -> list[Path]:
    return [path for language in LANGUAGES for path in files_of(LOCALE, language)]


def named(entry: polib.POEntry) -> str:
    return f"{entry.msgctxt or ''} {entry.msgid}".strip()[:100]


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == compile_file(path), "python3 run.py translations --compile"


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_everything_is_translated(path: Path) -> None:
    texts = polib.pofile(str(path))
    missing = [named(entry) for entry in texts if not entry.obsolete and not entry.translated()]
    assert not missing, f"{len(missing)} texts: {missing[:20]}"
    assert texts.metadata["Plural-Forms"] == PLURALS[path.parts[-3]]


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_translations_have_the_same_places(path: Path) -> None:
    wrong = []
    forms = int(re.findall(r"nplurals=(\d)", PLURALS[path.parts[-3]])[0])
    for entry in polib.pofile(str(path)):
        if not entry.translated() or entry.msgctxt == "date format":
            continue
        if entry.msgid_plural:
            wanted = {*PLACE.findall(entry.msgid_plural)}
            if sorted(entry.msgstr_plural) != list(range(forms)):
                wrong.append(named(entry))
            for text in entry.msgstr_plural.values():
                given = {*PLACE.findall(text)}
                if given - wanted or wanted - given - COUNTS:
                    wrong.append(named(entry))
        elif any(
            Counter(found.findall(entry.msgid)) != Counter(found.findall(entry.msgstr)) for found in (PLACE, MARKS)
        ):
            wrong.append(named(entry))
    assert not wrong, wrong


def test_no_text_stands_where_xgettext_does_not_look() -> None:
    """It reads f-strings as they are, and finds no call within one."""
    found = []
    for path in ROOT.glob("**/*.py"):
        if {"tests", ".venv", "local_discord"} & {*path.parts}:
            continue
        for string in (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.JoinedStr)):
            calls = (node for node in ast.walk(string) if isinstance(node, ast.Call))
            marked = (call for call in calls if getattr(call.func, "id", "") in MARKING)
            found += [
                f"{path.relative_to(ROOT)}:{call.lineno}"
                for call in marked
                if any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in call.args)
            ]
    assert not found, found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xgettext") is None, reason="gettext is not installed")
def test_the_files_have_the_texts_of_the_sources(tmp_path: Path) -> None:
    shutil.copytree(LOCALE, tmp_path / "locale")
    extract(tmp_path / "locale")
    for path in files_of(tmp_path / "locale", "de"):
        kept = polib.pofile(str(LOCALE / path.relative_to(tmp_path / "locale")))
        now = polib.pofile(str(path))
        assert {named(entry) for entry in kept} == {named(entry) for entry in now}, "python3 run.py translations"


def test_each_language_has_its_own_name() -> None:
    pseudo = {"en", *dict(PSEUDO_LANGUAGES)}
    assert {code: name for code, name in settings.LANGUAGES if code not in pseudo} == {
        code: get_language_info(code)["name_local"] for code in LANGUAGES
    }


@pytest.mark.parametrize("language", [ACCENTED, MIRRORED])
def test_a_pseudo_language_keeps_what_programs_read(language: str) -> None:
    text = "### %(count)d seats of <b>%(name)s</b> and {} more, at https://example.org/a <t:1:F> 5 %%\n"
    shown = pretend(text, language)
    assert PLACE.findall(shown) == PLACE.findall(text)
    assert shown.startswith("### ")
    assert shown.endswith("\n")
    assert "https://example.org/a" in shown
    assert not re.search("[a-zA-Z]{3}", re.sub(rf"{PLACE.pattern}|https\S+", "", shown))
