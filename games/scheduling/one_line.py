"""One line that says a game: `Curse of Strahd friday 8pm, 4 seats, 3h`. Pure: `now` and the zone are parameters."""

import re
from dataclasses import dataclass
from datetime import datetime

from gamesched.lib import words_of_time as words
from gamesched.lib.durations import BadDuration, parse_duration
from gamesched.lib.times_in_words import LINE_MAX, FoundTime, find_time
from guilds.names import tidy_line, without_unstorable

_SEATS = re.compile(
    r"\b(?:(?:max(?:imum)?|for|up to|with)\.? )?(?:\d{1,2} ?(?:-|–|to) ?)?(?P<before>[1-9]\d{0,5}) ?"
    r"(?:seats?|players?|spots?|places|people|ppl|persons|pax)\b"
    r"|\b(?:seats?|players|max)[:=. ]{1,2}(?P<behind>[1-9]\d{0,5})\b"
    r"|\b(?:unlimited|any number of) (?:seats|players)\b"
)
_LENGTH = re.compile(rf"(?:\b(?P<lead>for|lasts|lasting|about) |~ ?)?(?<![\w.:,/-])(?P<length>{words.LENGTHS})")
_TAKEN = "\0"  # stands for words that are no part of the title
_SEPARATORS = frozenset(",;|·(")
_EDGES = " ,;:|·–—-@&+/~"
_NO_TITLE = _EDGES + ".!?()[]"


@dataclass(frozen=True)
class GameLine:
    """What a line says: the title, perhaps '', when, and the seats and minutes that it names; 0 seats: unlimited."""

    title: str
    when: FoundTime
    seats: int | None = None
    duration: int | None = None


def read_line(text: str, now: datetime, zone: str) -> GameLine:
    """Read a line; a zone that it names goes before `zone`."""
    line = tidy_line(without_unstorable(text[: 2 * LINE_MAX]))[:LINE_MAX].replace(_TAKEN, " ")
    left, seats = _take_seats(line)
    # Within words taken out, neighbours become neighbours: friday, 4 seats, 8pm.
    when = find_time(left.replace(_TAKEN, ","), now, zone)
    for begin, end in when.spans:
        left = left[:begin] + _TAKEN * (end - begin) + left[end:]
    left, duration = _take_duration(left)
    return GameLine(_title_of(left), when, seats, when.minutes if duration is None else duration)


def _take_seats(line: str) -> tuple[str, int | None]:
    match = next(iter([*_SEATS.finditer(words.plain(line))][-1:]), None)
    if match is None:
        return line, None
    return _without(line, match), int(match["before"] or match["behind"] or 0)


def _take_duration(line: str) -> tuple[str, int | None]:
    """Take the last length of time that stands apart from the title: not 24h Marathon, but Marathon, 24h."""
    for match in reversed([*_LENGTH.finditer(words.plain(line))]):
        before, behind = line[: match.start()].rstrip()[-1:], line[match.end() :].lstrip()[:1]
        apart = before in {_TAKEN, *_SEPARATORS} or (before and behind in {"", _TAKEN, *_SEPARATORS, ")"})
        if not (apart or match["lead"] or (not before and behind in {_TAKEN, *_SEPARATORS})):
            continue
        try:
            return _without(line, match), parse_duration(match["length"])
        except BadDuration:
            continue
    return line, None


def _without(line: str, match: re.Match[str]) -> str:
    return line[: match.start()] + _TAKEN * len(match[0]) + line[match.end() :]


def _title_of(line: str) -> str:
    line = re.sub(rf"[(\[][\s,{_TAKEN}]*[)\]]", _TAKEN, line)
    return " ".join(piece.strip(_EDGES) for piece in line.split(_TAKEN) if piece.strip(_NO_TITLE))
