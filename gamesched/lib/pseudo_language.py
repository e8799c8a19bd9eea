"""Two languages that nobody speaks, made of the English texts, in which what is not translated stands out.

`en-xa` is accented and 40 % longer, as German is; `he-xb` is written from right to left. Placeholders, tags and marks
stay, and brackets show where a text begins and ends, so that one which is glued or cut is seen. They exist where DEBUG
is on, and in tests: ask a browser for one of them, or choose it as yours.
"""

import re
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path

ACCENTED, MIRRORED = "en-xa", "he-xb"
PSEUDO_LANGUAGES = [(ACCENTED, "Àççéñţéð"), (MIRRORED, "מלאכותי")]
CAN_PRETEND = find_spec("polib") is not None  # only for development
# Of these each letter means something: D j M Y.
FORMATS = "date format"  # their context
_CONTEXT = "\x04"  # behind a message's context in catalogs

_LETTERS = {
    ACCENTED: str.maketrans(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "àƀçðéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýžÀƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞɊŔŠŢÛṼŴẊÝŽ"
    ),
    MIRRORED: str.maketrans("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "אבגדהוזחטיכלמנסעפצקרשתאבגד" * 2),
}
_PADDING = {ACCENTED: "ñéþ", MIRRORED: "נהפ"}
_LONGER = 0.4
_PAD_WORD = 6  # characters of the words that make it longer
# What a program reads: places, tags, entities, addresses, Discord's mentions and timestamps.
_KEPT = re.compile(
    r"(%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%[-#0 +]*\d*(?:\.\d+)?[a-zA-Z%]|\{[^{}]*\}|<[^<>]*>|&#?\w+;|https?://\S+)"
)
# Spaces around a text, and the marks at its beginning that make it a heading or small print.
_EDGES = re.compile(r"^(\s*(?:#{1,3} |-# |> )?)(.*?)(\s*)$", re.DOTALL)


def pretend(text: str, language: str) -> str:
    """Return a text as the pseudo-language writes it."""
    edges = _EDGES.match(text)
    if edges is None or not any(map(str.isalpha, edges[2])):
        return text
    pieces = [part if n % 2 else part.translate(_LETTERS[language]) for n, part in enumerate(_KEPT.split(edges[2]))]
    letters = sum(len(part) for n, part in enumerate(_KEPT.split(edges[2])) if not n % 2)
    padding = "".join(_words(language, round(letters * _LONGER)))
    return f"{edges[1]}⟦{''.join(pieces)}{padding}⟧{edges[3]}"


def _words(language: str, length: int) -> Iterator[str]:
    letters = cycle(_PADDING[language])
    while length > 0:
        yield f" {''.join(islice(letters, min(length, _PAD_WORD)))}"
        length -= _PAD_WORD + 1


class PseudoTranslation(NullTranslations):
    """Translates what catalogs know, and nothing else: a text that was never marked stays as it is."""

    domain = "django"

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def language(self) -> str:
        return self._language

    def to_language(self) -> str:
        return self._language

    def gettext(self, message: str) -> str:
        if message not in known_messages():
            return message
        context, _, text = message.rpartition(_CONTEXT)
        return text if context == FORMATS else pretend(text, self._language)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        if msgid1 not in known_messages():
            return msgid1 if n == 1 else msgid2
        return pretend((msgid1 if n == 1 else msgid2).rpartition(_CONTEXT)[2], self._language)


@cache
def known_messages() -> frozenset[str]:
    """Return every message that can be translated: ours by our catalog, Django's by its German one."""
    from django.utils.translation import trans_real

    stock = trans_real.DjangoTranslation("de")._catalog  # type: ignore[attr-defined]  # its stubs lack it
    known = {key[0] if isinstance(key, tuple) else key for key in stock.keys()}  # noqa: SIM118  (it has no iterator)
    known |= {key for key, _, _ in _our_messages("django")}
    return frozenset(known - {""})


def _our_messages(domain: str) -> Iterator[tuple[str, str, str]]:
    """Yield each message of our catalog: its key, in English, and its plural or ''."""
    import polib
    from django.conf import settings

    for path in settings.LOCALE_PATHS:
        for entry in polib.pofile(Path(path) / "de" / "LC_MESSAGES" / f"{domain}.po"):
            if not entry.obsolete:
                key = f"{entry.msgctxt}{_CONTEXT}{entry.msgid}" if entry.msgctxt else entry.msgid
                yield key, entry.msgid, entry.msgid_plural


def script_messages(language: str) -> dict[str, str | list[str]]:
    """Return what scripts say in a pseudo-language, as their catalog has it."""
    return {
        key: [pretend(text, language), pretend(plural, language)] if plural else pretend(text, language)
        for key, text, plural in _our_messages("djangojs")
    }


def install() -> None:
    """Give Django the pseudo-languages that its settings list."""
    from django.conf import settings
    from django.utils.translation import trans_real

    for code, _ in settings.LANGUAGES:
        if code in _LETTERS:
            trans_real._translations[code] = PseudoTranslation(code)  # type: ignore[attr-defined]
