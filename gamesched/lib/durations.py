"""Lengths of time: reads what people type, and writes them, in words for people and short for forms.

Every entry point reads lengths here. What can be read in two ways is refused, never guessed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

INPUT_MAX = 200  # characters; a longer text is no length of time
DIGITS_MAX = 7  # of one number
MINUTES_MAX = 10**7  # 19 years; each setting has a limit of its own below it


class DurationProblem(StrEnum):
    """Why a text is not read as a length of time."""

    UNKNOWN = "unknown"  # it is none
    AMBIGUOUS = "ambiguous"  # it can be read in two ways
    NOT_WHOLE = "not_whole"  # it has a part of a minute
    TOO_LONG = "too_long"


class BadDuration(ValueError):
    """A text that is not read as a length of time; `part` is the piece with the problem."""

    def __init__(self, code: DurationProblem, part: str) -> None:
        super().__init__(code, part)
        self.code, self.part = code, part


# --- writing -------------------------------------------------------------------------------------------------


def minutes_text(minutes: int) -> str:
    """Return a duration in words: `2 hours`, `1 hour and 30 minutes`, `1 day`."""
    counts = []
    for size in (1440, 60, 1):
        count, minutes = divmod(minutes, size)
        counts.append(count)
    days, hours, rest = counts
    parts = [text(count) for text, count in ((_days, days), (_hours, hours), (_minutes, rest)) if count]
    match parts:
        case [one, two, three]:
            return _("%(days)s, %(hours)s and %(minutes)s") % {"days": one, "hours": two, "minutes": three}
        case [one, two]:
            return _("%(longer)s and %(shorter)s") % {"longer": one, "shorter": two}
    return parts[0] if parts else _minutes(0)


def _days(count: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}


def _minutes(count: int) -> str:
    return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}


def format_duration(minutes: int) -> str:
    """Return a duration as forms take it: `15`, `2h`, `1h30m`, `1d`."""
    if minutes < 60:
        return str(minutes)
    parts = []
    for size, unit in ((1440, "d"), (60, "h"), (1, "m")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def time_span(time: timedelta) -> str:
    """Return about how long: `12 seconds`, `3 minutes`, `2 days`."""
    seconds = max(time.total_seconds(), 0)
    for size, text in ((86400, _days), (3600, _hours), (60, _minutes)):
        if seconds >= size:
            return text(round(seconds / size))
    count = round(seconds)
    if count == 1:
        return _("a second")
    return ngettext("%(count)d second", "%(count)d seconds", count) % {"count": count}


# --- reading -------------------------------------------------------------------------------------------------

MINUTES_BY_UNIT = {"w": Fraction(10080), "d": Fraction(1440), "h": Fraction(60), "m": Fraction(1), "s": Fraction(1, 60)}
UNITS = {
    word: unit
    for unit, words in {
        "w": "w wk wks week weeks",
        "d": "d day days",
        "h": "h hr hrs hour hours",
        "m": "m min mins minute minutes",
        "s": "s sec secs second seconds",
    }.items()
    for word in words.split()
}
ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten",
    "eleven",
    "twelve",
    *(f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {word: number for number, word in enumerate((*ONES, *TEENS))}
NUMBERS |= {word: number * 10 for number, word in enumerate(TENS, 2)}
_NUMBER = rf"\b(?:({'|'.join(TENS)})(?: ({'|'.join(ONES[1:])}))?|({'|'.join((*ONES, *TEENS))}))\b"
_PARTS = {"half": "1/2", "quarter": "1/4", "3 quarters": "3/4"}
_PART = f"({'|'.join(_PARTS)})"


def _in_digits(match: re.Match[str]) -> str:
    return str(sum(NUMBERS[word] for word in match.groups() if word))


def _and_a_part(match: re.Match[str]) -> str:
    count, unit, part = match.groups()
    return f"{count if count.isdigit() else 1} {_PARTS[part]} {unit}"


def _part_of(match: re.Match[str]) -> str:
    return f"{_PARTS[match[1]]} "


# Each takes words out, until numbers and units are left. Their order matters.
_REWRITINGS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=[a-z\d])-(?=[a-z])"), " "),  # forty-five, 90-minute
    (re.compile(_NUMBER), _in_digits),
    (re.compile(r"(?: before(?: (?:the )?(?:start|game)| it starts)?)?[ .]*$"), ""),
    (re.compile(rf"\b(\d+|an?) ([a-z]+) and (?:an? )?{_PART}$"), _and_a_part),  # an hour and a half
    # half an hour, three quarters of a day; but neither "two half hours" nor "one half hour"
    (re.compile(rf"(?<!\d )(?:\ba )?\b{_PART}(?: of)?(?: an?)? (?=[a-z])"), _part_of),
    (re.compile(r"(?<=\d/\d)(?: of)? an? (?=[a-z])"), " "),  # 1/2 an hour
    (re.compile(r"\ba (?=\d/\d)"), ""),  # a 1/2 hour
    (re.compile(r"\ban? (?=[a-z])"), "1 "),
    (re.compile(r"(?<=\d) and (?=\d/\d)"), " "),  # 1 and 1/2 hours
)
_TOKEN = re.compile(
    r"(?P<gap> ?)(?:(?P<clock>\d+:\d+(?::\d+)*)|(?P<fraction>(?:\d+ )?\d+/\d+)"
    r"|(?P<decimal>\d+[.,]\d+|(?<![a-z\d])\.\d+)|(?P<whole>\d+)|(?P<word>[a-z]+)\.?|(?P<sign>[,&+]))"
)
_JOINING = {"and", ",", "&", "+"}
_SIMILAR = str.maketrans({"\u2044": "/", "\u066b": ".", "\u060c": ",", "\u3001": ",", "\uff64": ",", "\n": ";"})

# Comes along with what is copied, and nobody sees it; not the two signs that turn digits around.
_INVISIBLE = "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufeff"


def parse_duration(text: str) -> int:
    """Return what is typed (`90`, `1h30m`, `1.5 h`, `1 day, 2 hours`) in minutes. Raises BadDuration."""
    return _minutes_of(_plain(text), text.strip())


def parse_durations(text: str) -> list[int]:
    """Return lengths with commas between (`1 day, 2h30m, 15`) in minutes. Raises BadDuration.

    Within one length only what is written together is added up: `1d 2h` may be meant as two.
    """
    return [_minutes_of(item, item, listed=True) for item in _list_items(_plain(text))]


def _plain(text: str) -> str:
    """Return the text in lower case, with ASCII digits and signs, and single spaces."""
    if len(text) > INPUT_MAX:
        raise BadDuration(DurationProblem.UNKNOWN, f"{text[:20]}…")
    found = "".join(map(_plain_character, text.strip())).translate(_SIMILAR).lower()
    return " ".join(found.split())


def _plain_character(character: str) -> str:
    # Not NFKC of the whole: it makes 2² the number 22, and 1½ the number 11/2.
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if "VULGAR FRACTION" in unicodedata.name(character, "") or "\uff01" <= character <= "\uff5e":
        found = unicodedata.normalize("NFKC", character)
        return f" {found}" if "\u2044" in found else found
    if character in _INVISIBLE:
        return ""
    return character if character.isascii() or character in "\u2044\u066b\u060c\u3001\uff64" else _space_or(character)


def _space_or(character: str) -> str:
    return " " if character.isspace() else character


def _list_items(text: str) -> Iterator[str]:
    for chunk in re.split(r";|,(?!\d)|(?<!\d),", text):
        chunk = chunk.strip().removeprefix("and ")
        numbers = chunk.split(",")
        if len(numbers) == 1:
            yield from filter(None, numbers)
            continue
        # A comma between two digits may be a decimal one, or group thousands.
        if not all(number.isdecimal() for number in numbers):
            raise BadDuration(DurationProblem.AMBIGUOUS, chunk)
        for first, second in pairwise(numbers):
            is_decimal = len(numbers) == 2 and len(first) < 3 and int(first) < 24
            is_grouped = len(second) == 3 and len(first) < 3 and int(first) <= 43  # up to 30 days of minutes
            if is_decimal or is_grouped:
                raise BadDuration(DurationProblem.AMBIGUOUS, chunk)
        yield from numbers


@dataclass(frozen=True)
class _Piece:
    """A number and its unit, '' where none is written; a number has a part only as `fraction` or `decimal`."""

    kind: str
    number: str
    unit: str
    joined: bool  # to the one before it, without a space or a word between


def _minutes_of(text: str, shown: str, listed: bool = False) -> int:
    """Return the minutes of one length in plain text; `shown` is for the refusal."""
    for pattern, replacement in _REWRITINGS:
        text = pattern.sub(replacement, text)
    pieces = list(_pieces(text.strip(), shown))
    ambiguous = BadDuration(DurationProblem.AMBIGUOUS, shown)
    if not pieces:
        raise BadDuration(DurationProblem.UNKNOWN, shown)
    if listed and not all(piece.joined for piece in pieces[1:]):
        raise ambiguous
    total, sizes = Fraction(0), [Fraction(10**9)]
    for number, piece in enumerate(pieces, 1):
        unit = piece.unit or _implied_unit(piece, pieces[number - 2].unit if number > 1 else "", len(pieces))
        size = MINUTES_BY_UNIT.get(unit)
        if size is None or size >= sizes[-1] or (piece.kind != "whole" and number < len(pieces)):
            raise ambiguous
        sizes.append(size)
        total += size * _value(piece, unit, ambiguous)
    if total > MINUTES_MAX:
        raise BadDuration(DurationProblem.TOO_LONG, shown)
    if total.denominator != 1:
        raise BadDuration(DurationProblem.NOT_WHOLE, shown)
    return int(total)


def _pieces(text: str, shown: str) -> Iterator[_Piece]:
    """Yield the numbers with their units; raise BadDuration for anything else."""
    unknown = BadDuration(DurationProblem.UNKNOWN, shown)
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise unknown
        tokens.append((match.lastgroup, match[match.lastgroup], bool(match["gap"])))
        at = match.end()
    joined, number = True, None
    for kind, found, gap in [*tokens, ("end", "", False)]:
        if kind == "word" and found in UNITS and number is not None:
            yield _Piece(number[0], number[1], UNITS[found], number[2])
            joined, number = True, None
            continue
        if number is not None:
            yield _Piece(number[0], number[1], "", number[2])
            joined, number = False, None
        if kind in {"word", "sign"}:
            if found not in _JOINING or not tokens or tokens[-1][1] == found or tokens[0][1] == found:
                raise unknown
            joined = False
        elif kind != "end":
            if any(len(digits) > DIGITS_MAX for digits in re.findall(r"\d+", found)):
                raise BadDuration(DurationProblem.TOO_LONG, shown)
            number = (kind, found, joined and not gap)


def _implied_unit(piece: _Piece, before: str, count: int) -> str:
    """Return the unit of a number without one: `90`, `1:30`, and `30` in `2h30`; '' if there is none."""
    if piece.kind == "clock" and count == 1:
        return "h"
    if piece.kind != "whole":
        return ""
    if count == 1:
        return "m" if len(piece.number) < 3 or piece.number[0] != "0" else ""
    return "m" if before == "h" and len(piece.number) == 2 and int(piece.number) < 60 else ""


def _value(piece: _Piece, unit: str, ambiguous: BadDuration) -> Fraction:
    """Return a piece's number; raise `ambiguous` where it can be read in two ways."""
    if piece.kind == "clock":
        hours, minutes, *seconds = piece.number.split(":")
        # 90:00 may be 90 minutes, 1:5 is half written, and 1:30 min has seconds.
        if unit != "h" or seconds or len(minutes) != 2 or int(minutes) > 59 or int(hours) > 24:
            raise ambiguous
        return int(hours) + Fraction(int(minutes), 60)
    if piece.kind == "fraction":
        *whole, part = piece.number.split(" ")
        above, below = map(int, part.split("/"))
        if above >= below:  # 11/2 may be meant as 1 1/2
            raise ambiguous
        return sum(map(int, whole)) + Fraction(above, below)
    if piece.kind == "decimal":
        whole_part, decimals = re.split("[.,]", piece.number)
        is_grouped = len(decimals) == 3 and whole_part.strip("0") != ""  # 1.440 min
        is_clock = unit == "h" and len(decimals) == 2 and int(decimals) < 60 and decimals not in {"00", "25", "50"}
        if is_grouped or is_clock:  # 1.30 h is an hour and 18 minutes, or 30
            raise ambiguous
        return Fraction(f"{whole_part or 0}.{decimals}")
    return Fraction(int(piece.number))
