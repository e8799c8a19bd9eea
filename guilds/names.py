"""Names as people and Discord give them: stored, compared and shown by one judgement. Pure.

A name may hold anything: separators, either direction of writing, characters that show nothing, letters under a tower
of marks. It is stored without what cannot be shown, compared without what cannot be seen, and shown so that it moves
nothing beside it.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

MARKS_MAX = 4  # marks that stay on one letter: more than any writing needs, and too few to cover other lines

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # count as letters or symbols, and show nothing
# These make emoji of several, and join or part letters: they show nothing, but change what is beside them.
_JOINERS = frozenset("\u200c\u200d")
# These turn the writing until it is turned back, also behind the text that holds them.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_REPLACEMENT = "\ufffd"


def without_unstorable(text: str) -> str:
    """Return a text without NUL and halves of characters, which PostgreSQL does not store."""
    if text.isascii() and "\0" not in text:
        return text
    return "".join(_REPLACEMENT if unicodedata.category(c) == "Cs" else c for c in text if c != "\0")


def is_visible(text: str) -> bool:
    """Return whether a text shows anything."""
    return any(map(_is_visible, text))


def _is_visible(char: str) -> bool:
    kind = unicodedata.category(char)
    if kind == "Cn":  # not assigned when this Python was made, as a newer emoji
        code = ord(char)
        return code != 0x2065 and not 0xFFF0 <= code <= 0xFFFF and not 0xE0000 <= code <= 0xE0FFF
    return (kind[0] in "LNPS" or kind == "Co") and char not in _BLANK_LETTERS


def _is_invisible_mark(char: str) -> bool:
    """Return whether a character shows nothing and takes no space: a format character, or a selector of a variant."""
    code = ord(char)
    return (
        unicodedata.category(char) == "Cf"
        or char in "\u034f\u17b4\u17b5"
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or 0x180B <= code <= 0x180F
    )


def _space(char: str) -> str:
    return " " if char in _BLANK_LETTERS or unicodedata.category(char) in {"Cc", "Zl", "Zp", "Zs"} else char


class _ComparedCharacters(dict[int, str]):
    """What `str.translate` makes of each character for a comparison, worked out once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = found = "" if _is_invisible_mark(char) else _space(char)
        return found


_COMPARED = _ComparedCharacters()


def _with_few_marks(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= MARKS_MAX:
            yield char


def tidy_name(text: str) -> str:
    """Return a name as it is stored: on one line, without what shows nothing or turns the writing; '' if nothing shows.

    Joiners stay, and selectors of a variant: emoji and some writings need them.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    if not is_visible(text):
        return ""
    # Flags of regions are spelled with tags.
    kept = (
        _space(char)
        for char in _with_few_marks(without_unstorable(text))
        if unicodedata.category(char) != "Cf" or char in _JOINERS or 0xE0020 <= ord(char) <= 0xE007F
    )
    return " ".join("".join(kept).split())


def lstrip_invisible(text: str) -> str:
    """Return a text without the spaces, and what shows nothing and takes no space, at its start."""
    at = 0
    while at < len(text) and (text[at].isspace() or _is_invisible_mark(text[at])):
        at += 1
    return text[at:]


def strip_invisible(text: str) -> str:
    """Return a text without what is not seen at its ends; a selector of a variant stays with its character."""
    text = lstrip_invisible(text)
    end = len(text)
    while end and (text[end - 1].isspace() or unicodedata.category(text[end - 1]) == "Cf"):
        end -= 1
    return text[:end]


def tidy_line(text: str) -> str:
    """Return a line as it is stored: as typed, without what moves or covers what stands beside it."""
    if not text.isascii():
        text = "".join(char for char in _with_few_marks(text) if char not in _TURNING)
    return " ".join(text.split())


@lru_cache(maxsize=8192)  # a text has many beginnings of names, which are compared each time that it is shown
def normalize_name(text: str) -> str:
    """Return a name for comparison, without differences of case, width, accent encoding and what cannot be seen."""
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().split())
    if not text.isascii():
        text = "".join(_with_few_marks(text)).translate(_COMPARED)
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.casefold().translate(_COMPARED).split())


def isolated(text: str) -> str:
    """Return a name for use in a sentence: one written the other way moves nothing beside it."""
    from_right = get_language_bidi()
    if not text or text.startswith(_ISOLATE) or (text.isascii() and not from_right):
        return text
    turns = from_right or any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in text)
    return f"{_ISOLATE}{text}{_END_ISOLATE}" if turns else text


def without_isolates(text: str) -> str:
    """Return a shown name for a place of its own, as a table's cell, where nothing stands beside it."""
    return text if text.isascii() else text.replace(_ISOLATE, "").replace(_END_ISOLATE, "")


def shown_name(*names: str, user_id: int = 0) -> str:
    """Return the first of these names that shows something, isolated; `member 1234` where none does."""
    for name in names:
        if tidy := tidy_name(name):
            return isolated(tidy)
    return _("member %(number)s") % {"number": str(user_id)[-4:]}
