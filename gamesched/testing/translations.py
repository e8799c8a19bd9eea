"""Extracts the texts that can be translated, and compiles their translations: `python3 run.py translations`.

The files of texts name no places and no dates, so that one changes only where a text does. What is compiled is
committed too, so that a fresh clone needs no gettext.
"""

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import django
import polib
from django.conf import settings
from django.core.management import call_command
from django.test.utils import override_settings

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES = ("de", "he")
DOMAINS = ("django", "djangojs")
# What operators and developers read is English.
IGNORED = (
    *("tests", "management", "migrations", "local_discord", "bench", "demo", "testing", "docs", "contrib"),
    *("locale", "staticfiles", "vendor", "styleguide*", "run.py", "conftest.py", "checks.py", "doctor.py"),
)
DATES = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid[^:]*):.*\n', re.M
)
HEBREW_PLURALS = "nplurals=3; plural=(n == 1 && n % 1 == 0) ? 0 : (n == 2 && n % 1 == 0) ? 1: 2;"  # as Django has it
PLURALS = {"de": "nplurals=2; plural=(n != 1);", "he": HEBREW_PLURALS}


def files_of(locale: Path, language: str) -> Iterator[Path]:
    """Yield the files of texts of a language."""
    for domain in DOMAINS:
        path = locale / language / "LC_MESSAGES" / f"{domain}.po"
        if path.exists():
            yield path


def extract(locale: Path) -> None:
    """Bring the files of texts up to date with the sources. It takes `xgettext`."""
    locale.mkdir(exist_ok=True)
    with override_settings(LOCALE_PATHS=[locale]):
        for domain in DOMAINS:
            call_command(
                "makemessages",
                locale=list(LANGUAGES),
                domain=domain,
                ignore_patterns=list(IGNORED),
                no_location=True,
                no_wrap=True,
                no_obsolete=True,
                extensions=["js"] if domain == "djangojs" else ["html", "txt", "py"],
                stdout=StringIO(),
            )
    for language in LANGUAGES:
        for path in files_of(locale, language):
            path.write_text(DATES.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
            texts = polib.pofile(str(path), wrapwidth=0)
            texts.header, texts.metadata["Plural-Forms"] = "", PLURALS[language]
            texts.metadata["Language"], texts.metadata["Project-Id-Version"] = language, "Game Scheduler"
            # One that was guessed from another is not translated.
            for entry in texts:
                if entry.fuzzy:
                    entry.flags.remove("fuzzy")
                    entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
                    entry.msgstr = ""
                    entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, "")
            texts.metadata_is_fuzzy = False
            if len(texts):
                texts.save()
            else:
                path.unlink()


def compile_file(path: Path) -> bytes:
    """Return what a file of texts compiles to."""
    compiled: bytes = polib.pofile(str(path)).to_binary()
    return compiled


def main(words: Sequence[str]) -> int:
    """Extract, unless `--compile` asks for the second half alone; then compile, and say what is left to translate."""
    django.setup()
    locale = Path(settings.LOCALE_PATHS[0])
    if "--compile" not in words:
        if shutil.which("xgettext") is None:
            print("xgettext is missing.\nInstall gettext: apt-get install gettext", file=sys.stderr)
            return 1
        extract(locale)
    for language in LANGUAGES:
        for path in files_of(locale, language):
            path.with_suffix(".mo").write_bytes(compile_file(path))
            texts = polib.pofile(str(path))
            print(f"{path.relative_to(ROOT)}: {len(texts)} texts, {len(texts.untranslated_entries())} to translate.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
